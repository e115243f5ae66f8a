"""Editing scenes: choosing events, and what can be done to them. `motes.edit` itself is a function."""
