"""Mosaics: the notes of one recording made of the sounds of many."""

from motes.library.mosaic.mosaic import Mosaic, mosaic

__all__ = ["Mosaic", "mosaic"]
