"""Which part of each atom of a scene is whose note's."""
