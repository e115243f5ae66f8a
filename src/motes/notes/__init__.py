"""The notes of a scene: found in its sound, as groups of its events, and the parts of atoms that are theirs."""
