"""Many recordings as one body of events: a catalogue of them on disk, asked, searched and recombined."""
