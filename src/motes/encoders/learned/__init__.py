"""Learned waveforms: dictionaries of them, and where they stand in a recording."""

from __future__ import annotations

from motes.encoders.learned.beside import Beside, best_beside, dictionary_for
from motes.encoders.learned.dictionary_file import EXTENSION, load_dictionary, save_dictionary
from motes.encoders.learned.learning import learn

__all__ = ["EXTENSION", "Beside", "best_beside", "dictionary_for", "learn", "load_dictionary", "save_dictionary"]
