"""The network's shape: what training and inference have in common."""

from __future__ import annotations

# Bins by which the spectrum is shifted so that the harmonics ½, 1 … 7 of a key lie at its place.
HARMONIC_BINS = (-36, 0, 36, 57, 72, 84, 93, 101)
CHANNELS = 32
N_STEM_BINS = 9
# Dilations of the residual convolutions in frames and keys: neighbours, thirds and fifths, octaves.
BLOCKS = ((1, 1), (2, 1), (1, 12), (4, 1), (1, 3), (8, 1), (2, 12), (1, 1), (4, 4), (1, 1))
# Blocks after which each frame gets what its keys have in common.
CONTEXT_AFTER = (2, 6)
# Of each frame and key: onset, sounding (both before a sigmoid), time within the frame, level.
N_KEY_OUTPUTS = 4
ONSET, SOUNDING, WITHIN, LEVEL = range(N_KEY_OUTPUTS)
# What has no pitch lies in bands of eleven keys: of each frame and band, onset, time within the frame, level.
N_BANDS, N_HIDDEN_BANDS = 8, 64
# Levels of events in dBFS are scaled so.
LEVEL_MIDDLE_DB, LEVEL_SCALE_DB = -35.0, 12.0
