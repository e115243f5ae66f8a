"""Editing scenes: choosing events, and what can be done to them. `motes.edit` is a function, see `motes/__init__`."""
