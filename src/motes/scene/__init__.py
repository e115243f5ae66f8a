"""The scene: a recording as events, and its parts as arrays."""
