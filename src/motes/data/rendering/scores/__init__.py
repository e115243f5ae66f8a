"""Scores: by chance, written by people, and those of the test sets."""
