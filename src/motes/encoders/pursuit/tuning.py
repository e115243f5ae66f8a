"""Constants of encoding by ear that were tuned together, to Zimtohrli's mean over ten clips: docs/perception.md has
what else was tried. Where one changes, the others may be off their best.
"""

import numpy as np

# Masking: how fast it falls towards higher and lower frequencies, per ERB, and the time in which it falls to 1/e.
UPWARD_DB, DOWNWARD_DB = 5.0, 10.0
POST_MASKING_S = 0.02
# An atom's benefit is its energy over the masking power to this. 1 would shape the error as the ear masks it, 0 ask for
# energy alone: where atoms are few, and noise fills what they leave, strong ones are worth more than their audibility
# says.
EXPONENT = 0.3
# Benefits fall as (1 + f / TILT_HZ)^−TILT: higher up an atom fills less of an auditory band, and noise does it nearly
# as well.
TILT = 0.6
TILT_HZ = 1000.0
# Energy of an atom, relative to what masks it, at which it is not worth an event.
INAUDIBLE_DB = -10.0

# Cross-Gram entries below this are left out: more of them than elsewhere, which makes no difference where atoms are
# rounded in closed loop.
GRAM_THRESHOLD = 3e-3

# Quantisation: steps of amplitudes per doubling, and phases, below the knee.
STEPS_PER_DOUBLING = 2
N_PHASES = 8
# Rounding adds this part of the residual's energy, before the closed loop takes some of it back.
NOISE_TO_RESIDUAL = 0.35

# Noise: with a bitrate it takes at most this part of it; most takes less.
TEXTURE_SHARE = 0.4
# Its bands, steps of its levels in dB, and detail: the first row whose kbps of a channel are not exceeded.
TEXTURE_LAYOUTS = (
    (12.0, 32, 4.0, 8.0),
    (20.0, 48, 3.0, 8.0),
    (28.0, 64, 2.5, 8.0),
    (40.0, 64, 2.0, 8.0),
    (np.inf, 64, 2.0, 16.0),
)

# Quality: the threshold of benefit at quality 0, and per step of quality, for a recording whose mean square, summed
# over channels, is 1.
LEAST_BENEFIT_DB = 17.0
BENEFIT_DB_PER_QUALITY = -3.0
# Kbps of a channel at quality 10, by which its noise is laid out; they halve every so many steps below.
KBPS_AT_BEST = 64.0
QUALITIES_PER_DOUBLING = 2.8
