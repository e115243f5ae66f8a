"""Edits of notes, which are more than of each atom alone."""
