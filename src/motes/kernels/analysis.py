"""From spectra of frames to the flat coefficient arrays of the pursuit, and inner products with single atoms."""

from motes.kernels._jit import jit


@jit
def store_frames(spectra, re, im, first_place, stride):
    """Spectra of frames that begin W/2 before their centre, `(n_frames, 2·n_bins)` float32 as Re Im Re Im …, as
    coefficients with phases measured at the centre.
    """
    n_pairs = spectra.shape[1] // 4  # an odd bin changes sign; n_bins is odd
    for f in range(spectra.shape[0]):
        place = first_place + f * stride
        for j in range(n_pairs):
            re[place + 2 * j] = spectra[f, 4 * j]
            re[place + 2 * j + 1] = -spectra[f, 4 * j + 2]
        for j in range(n_pairs):
            im[place + 2 * j] = spectra[f, 4 * j + 1]
            im[place + 2 * j + 1] = -spectra[f, 4 * j + 3]
        re[place + 2 * n_pairs], im[place + 2 * n_pairs] = spectra[f, 4 * n_pairs], spectra[f, 4 * n_pairs + 1]


@jit
def extrapolate(known, coefficients, out):
    """Continue `known` by linear prediction: out[i] = Σ coefficients[j] · the value j + 1 before it."""
    order = coefficients.shape[0]
    history = known[-order:].copy()
    for i in range(out.shape[0]):
        value = 0.0
        for j in range(order):
            value += coefficients[j] * history[(i - 1 - j) % order]
        out[i] = value
        history[i % order] = value
