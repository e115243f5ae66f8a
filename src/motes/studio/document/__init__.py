"""Open scenes: their states, edits, history and unsaved work."""
