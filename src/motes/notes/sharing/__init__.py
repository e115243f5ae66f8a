"""Which part of each event is whose note's: complex shares of atoms."""
