"""Partials: lines through atoms, and atoms that edits of partials put in the place of others."""
