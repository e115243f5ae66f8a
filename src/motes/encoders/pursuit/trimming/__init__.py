"""Trimming: a smaller file of a scene without its recording, from the scene's own render and its own atoms."""
