"""A small network that finds the events of a recording: spectra, the network, peaks of its maps."""
