"""Transparency: the smallest file whose differences from the recording are masked, or noise in place of noise."""
