"""Partials: atoms linked into lines through time, and atoms rewritten so that these can be moved."""
