"""Verbs that list what a scene is made of."""
