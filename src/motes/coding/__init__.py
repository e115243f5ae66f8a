"""Entropy coding: an integer range coder with adaptive contexts, and the integers and tags that it codes."""
