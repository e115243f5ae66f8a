"""One step of expectation maximisation for a Kullback–Leibler factorisation whose rows sound in few frames each."""

from motes.kernels._jit import jit


@jit
def expected_parts(spectrogram, frame_first, rows, places, templates, template_of, activations, gained, spectra):
    """Share each frame of `spectrogram` `(n_frames, n_bins)` among the rows that sound in it, in proportion to
    templates[template_of[row]] · activation.

    In frame t sound `rows[frame_first[t]:frame_first[t + 1]]`, with their activations at `places`. What each row gets
    goes to `gained` at that place, and is added to the spectrum of its template, `spectra`, which begins as zeros.
    """
    n_frames, n_bins = spectrogram.shape
    quotient = spectrogram[0].copy()
    for t in range(n_frames):
        first, last = frame_first[t], frame_first[t + 1]
        if first == last:
            continue
        for f in range(n_bins):
            quotient[f] = 1e-12
        for a in range(first, last):
            template, activation = templates[template_of[rows[a]]], activations[places[a]]
            for f in range(n_bins):
                quotient[f] += activation * template[f]
        for f in range(n_bins):
            quotient[f] = spectrogram[t, f] / quotient[f]
        for a in range(first, last):
            k = template_of[rows[a]]
            template, spectrum, activation = templates[k], spectra[k], activations[places[a]]
            total = 0.0
            for f in range(n_bins):
                part = template[f] * quotient[f]
                total += part
                spectrum[f] += activation * part
            gained[places[a]] = activation * total
