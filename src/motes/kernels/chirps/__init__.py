"""Atoms whose frequency rises or falls, looked for in a signal."""
