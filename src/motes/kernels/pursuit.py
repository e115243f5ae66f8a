"""The hot loops of matching pursuit: subtract an atom from all coefficients, keep block maxima, take every atom above a
threshold.

All windows are powers of two, hence the shifts. Functions take arrays out of their tuples once: each time counts a
reference, which in the innermost loops costs more than what they do.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import borrowed, inner, jit, leaf
from motes.kernels.dictionary import CrossGram, PairField, RowField
from motes.kernels.simd.atoms import largest16, subtract16

# ⟨g, g*⟩ of a Hann atom at bin 1 or W/2 − 1, where it meets its own conjugate (1 at bins 0 and W/2, 0 elsewhere).
CONJUGATE_OVERLAP = 1.0 / 6.0


class LayoutField(IntEnum):
    """Columns of `Coefficients.layout`."""

    # Place in `re`, `im` and `weights`, in one channel.
    FIRST_VALUE = 0
    # Length of a frame's row: whole blocks of 16 bins.
    STRIDE = 1
    N_FRAMES = 2
    # Its number on the window's grid.
    FIRST_FRAME = 3
    # Place in `frame_max`.
    FIRST_MAX = 4
    WINDOW_LOG2 = 5


class Coefficients(NamedTuple):
    """Inner products of the residual with all atoms, channel by channel (`channel_stride` apart), window by window,
    frame by frame, in flat arrays.
    """

    re: NDArray[np.float32]
    im: NDArray[np.float32]
    # Atoms are chosen by their energy times the weight of their place, laid out like one channel's coefficients; what
    # is subtracted is the same whatever the weights.
    weights: NDArray[np.float32]
    # Largest weighted energy in each block of 16 bins, and in each frame.
    block_max: NDArray[np.float32]
    frame_max: NDArray[np.float32]
    # `(n_windows, len(LayoutField))`.
    layout: NDArray[np.int64]
    n_channels: int
    channel_stride: int


class AtomArrays(NamedTuple):
    """Atoms taken, `(n_zones, capacity, …)`, or of one zone `(capacity, …)`."""

    # Window's index, frame, bin.
    place: NDArray[np.int32]
    # Of the complex atom g, per channel.
    amplitude: NDArray[np.complex64]
    # What taking the atom removed, and that times its weight.
    energy: NDArray[np.float64]
    benefit: NDArray[np.float64]


class Subtrahend(NamedTuple):
    """The atom that is being subtracted, `(n_channels,)` each: its amplitude, and that seen from another frame."""

    re: NDArray[np.float32]
    im: NDArray[np.float32]
    turned_re: NDArray[np.float32]
    turned_im: NDArray[np.float32]


@leaf
def conjugate_overlap(m, window):
    """⟨g, g*⟩ of the atom at bin m, phases measured at its centre."""
    if m == 0 or 2 * m == window:
        return 1.0
    if m == 1 or 2 * m == window - 2:
        return CONJUGATE_OVERLAP
    return 0.0


@leaf
def bin_energy(re, im, n_channels, channel_stride, place, m, window):
    """Energy that subtracting the real atom at bin m would remove, all channels together."""
    rho = conjugate_overlap(m, window)
    energy = 0.0
    for channel in range(n_channels):
        a, b = re[place + channel * channel_stride], im[place + channel * channel_stride]
        if rho == 1.0:
            energy += a * a
        else:
            energy += 2.0 * a * a / (1.0 + rho) + 2.0 * b * b / (1.0 - rho)
    return energy


@leaf
def _best_bin(re, im, weights, n_channels, channel_stride, first_place, m_first, window):
    """Bin of the block's atom whose weighted energy is largest."""
    best, m = np.float32(-1.0), m_first
    if m_first == 0 or m_first + 18 > window >> 1:
        for j in range(min(16, (window >> 1) + 1 - m_first)):
            energy = np.float32(bin_energy(re, im, n_channels, channel_stride, first_place + j, m_first + j, window))
            energy *= weights[first_place + j]
            if energy > best:
                best, m = energy, m_first + j
        return m
    for j in range(16):
        energy = np.float32(0.0)
        for channel in range(n_channels):
            at = first_place + j + channel * channel_stride
            energy += re[at] * re[at] + im[at] * im[at]
        energy *= weights[first_place + j]
        if energy > best:
            best, m = energy, m_first + j
    return m


@leaf
def _own_lanes(m_first, window):
    """Which of the 16 bins from `m_first` on are those of atoms that do not overlap their own conjugate, as bits."""
    lanes = np.int64(0xFFFF)
    if m_first == 0:
        lanes &= 0xFFFC
    if m_first + 18 > window >> 1:
        lanes &= (1 << max(0, min(16, (window >> 1) - 1 - m_first))) - 1
    return lanes


@leaf
def _edge_energy(re, im, weights, n_channels, channel_stride, place, m_first, window):
    """Largest weighted energy of those among the 16 bins at `place`, near DC or Nyquist, whose atoms overlap their own
    conjugates: the lowest two and the highest two of all.
    """
    most, half = np.float32(0.0), window >> 1
    for edge in range(4):
        m = edge if edge < 2 else half - 3 + edge
        if m_first <= m < m_first + 16:
            at = place + m - m_first
            energy = weights[at] * bin_energy(re, im, n_channels, channel_stride, at, m, window)
            most = max(most, np.float32(energy))
    return most


@inner
def _borrowed_coefficients(coefficients):
    """The coefficients, their references not counted."""
    re, im, weights, block_max, frame_max, layout, n_channels, channel_stride = coefficients
    return Coefficients(
        borrowed(re),
        borrowed(im),
        borrowed(weights),
        borrowed(block_max),
        borrowed(frame_max),
        borrowed(layout),
        n_channels,
        channel_stride,
    )


@inner
def _borrowed_gram(gram):
    """The cross-Gram tables, their references not counted."""
    pair, row, re, im, edge, roots_re, roots_im = gram
    return CrossGram(
        borrowed(pair),
        borrowed(row),
        borrowed(re),
        borrowed(im),
        borrowed(edge),
        borrowed(roots_re),
        borrowed(roots_im),
    )


@jit
def refresh_all(coefficients, gram, first_window, end_window):
    """Recompute every maximum of windows first_window … end_window − 1."""
    coefficients, gram = _borrowed_coefficients(coefficients), _borrowed_gram(gram)
    re, im, weights = coefficients.re, coefficients.im, coefficients.weights
    n_channels, channel_stride = coefficients.n_channels, coefficients.channel_stride
    layout, block_max, frame_max = coefficients.layout, coefficients.block_max, coefficients.frame_max
    zeros = np.zeros(n_channels, np.float32)
    silence = borrowed(zeros)
    nothing = Subtrahend(silence, silence, silence, silence)
    for k in range(first_window, end_window):
        blocks, window = layout[k, LayoutField.STRIDE] >> 4, 1 << layout[k, LayoutField.WINDOW_LOG2]
        for f in range(layout[k, LayoutField.N_FRAMES]):
            most = np.float32(0.0)
            for b in range(blocks):
                place = layout[k, LayoutField.FIRST_VALUE] + f * layout[k, LayoutField.STRIDE] + (b << 4)
                lanes = _own_lanes(b << 4, window)
                energy = np.float32(2.0) * subtract16(coefficients, place, gram, 0, nothing, lanes)
                if lanes != 0xFFFF:
                    edge = _edge_energy(re, im, weights, n_channels, channel_stride, place, b << 4, window)
                    energy = max(energy, edge)
                block_max[place >> 4] = energy
                most = max(most, energy)
            frame_max[layout[k, LayoutField.FIRST_MAX] + f] = most
    zeros[:] = 0.0  # so that they are kept up to here


@leaf
def _subtract_exponential(coefficients, gram, k, frame, m, atom):
    """Subtract the complex atom of window k at grid frame `frame` and bin m (any whole number) from every coefficient
    it overlaps.
    """
    layout, block_max, frame_max = coefficients.layout, coefficients.block_max, coefficients.frame_max
    pair, rows, roots_re, roots_im = gram.pair, gram.row, gram.roots_re, gram.roots_im
    amplitude_re, amplitude_im, turned_re, turned_im = atom
    re, im, weights = coefficients.re, coefficients.im, coefficients.weights
    n_channels, channel_stride = coefficients.n_channels, coefficients.channel_stride
    window_log2 = layout[k, LayoutField.WINDOW_LOG2]
    root_mask = (1 << window_log2) - 1
    root_step = roots_re.shape[0] >> window_log2
    centre = frame << (window_log2 - 2)
    for target in range(layout.shape[0]):
        step_log2, first_distance = pair[k, target, PairField.STEP_LOG2], pair[k, target, PairField.FIRST_DISTANCE]
        last_distance = first_distance + pair[k, target, PairField.N_DISTANCES] - 1
        phases_log2 = pair[k, target, PairField.N_PHASES_LOG2]
        target_log2 = layout[target, LayoutField.WINDOW_LOG2]
        hop_log2, half_window = target_log2 - 2, 1 << (target_log2 - 1)
        phase = m & ((1 << phases_log2) - 1)
        m_base = (m >> phases_log2) << pair[k, target, PairField.BINS_PER_BIN_LOG2]
        highest, lowest = pair[k, target, PairField.HIGHEST_OFFSET], pair[k, target, PairField.LOWEST_OFFSET]
        if m_base + highest < 0 or m_base + lowest > half_window:
            continue  # an image that does not reach back over DC or Nyquist
        first_frame, n_frames = layout[target, LayoutField.FIRST_FRAME], layout[target, LayoutField.N_FRAMES]
        f_first = max(-((-(centre + (first_distance << step_log2))) >> hop_log2), first_frame)
        f_last = min((centre + (last_distance << step_log2)) >> hop_log2, first_frame + n_frames - 1)
        for f in range(f_first, f_last + 1):
            distance = (f << hop_log2) - centre
            row = pair[k, target, PairField.FIRST_ROW]
            row += (((distance >> step_log2) - first_distance) << phases_log2) + phase
            count, start = rows[row, RowField.COUNT], rows[row, RowField.START]
            m_first = m_base + rows[row, RowField.FIRST_OFFSET]
            row_place = layout[target, LayoutField.FIRST_VALUE] + (f - first_frame) * layout[target, LayoutField.STRIDE]
            root = ((m * distance) & root_mask) * root_step
            c, s = roots_re[root], roots_im[root]
            for channel in range(n_channels):
                turned_re[channel] = amplitude_re[channel] * c - amplitude_im[channel] * s
                turned_im[channel] = amplitude_re[channel] * s + amplitude_im[channel] * c
            at_frame = layout[target, LayoutField.FIRST_MAX] + f - first_frame
            most = frame_max[at_frame]
            # The row's values lie among zeros, so whole blocks are updated; bins past Nyquist hold whatever falls there
            # and are never read.
            for b in range(max(0, m_first >> 4), min((m_first + count - 1) >> 4, half_window >> 4) + 1):
                place = row_place + (b << 4)
                lanes = _own_lanes(b << 4, half_window << 1)
                energy = np.float32(2.0) * subtract16(
                    coefficients, place, gram, start + (b << 4) - m_first, atom, lanes
                )
                if lanes != 0xFFFF:
                    edge = _edge_energy(re, im, weights, n_channels, channel_stride, place, b << 4, half_window << 1)
                    energy = max(energy, edge)
                block_max[place >> 4] = energy
                most = max(most, energy)
            frame_max[at_frame] = most


@leaf
def _take_atom(coefficients, place, m, window, taken, i, atom):
    """Write the best real atom at a place to `taken[i]`, and its complex amplitudes to `atom`."""
    re, im, rho = coefficients.re, coefficients.im, conjugate_overlap(m, window)
    n_channels, channel_stride = coefficients.n_channels, coefficients.channel_stride
    taken.energy[i] = bin_energy(re, im, n_channels, channel_stride, place, m, window)
    taken.benefit[i] = coefficients.weights[place] * taken.energy[i]
    for channel in range(n_channels):
        at = place + channel * channel_stride
        atom.re[channel] = re[at] / (1.0 + rho)
        atom.im[channel] = 0.0 if rho == 1.0 else im[at] / (1.0 - rho)
        taken.amplitude[i, channel] = atom.re[channel] + 1j * atom.im[channel]


@leaf
def _pursue_frame(coefficients, gram, k, frame, threshold, atom, taken, n_taken):
    """Take atoms from one frame until no block of it reaches the threshold; return how many have been taken by then."""
    layout, block_max, frame_max = coefficients.layout, coefficients.block_max, coefficients.frame_max
    re, im, weights = coefficients.re, coefficients.im, coefficients.weights
    n_channels, channel_stride = coefficients.n_channels, coefficients.channel_stride
    window, blocks = 1 << layout[k, LayoutField.WINDOW_LOG2], layout[k, LayoutField.STRIDE] >> 4
    local = frame - layout[k, LayoutField.FIRST_FRAME]
    first_block = (layout[k, LayoutField.FIRST_VALUE] >> 4) + local * blocks
    at_frame = layout[k, LayoutField.FIRST_MAX] + local
    frame_max[at_frame] = 0.0  # raised again by subtractions, and below by what stays
    most = np.float32(0.0)
    for group in range(first_block, first_block + blocks, 16):
        in_group = largest16(block_max, group)
        if in_group < threshold:
            most = max(most, in_group)  # the last group may see the next row's blocks: an upper bound is enough
            continue
        for block in range(group, min(group + 16, first_block + blocks)):
            while block_max[block] >= threshold and n_taken < taken.place.shape[0]:
                m = _best_bin(
                    re, im, weights, n_channels, channel_stride, block << 4, (block - first_block) << 4, window
                )
                _take_atom(coefficients, (first_block << 4) + m, m, window, taken, n_taken, atom)
                taken.place[n_taken, 0], taken.place[n_taken, 1], taken.place[n_taken, 2] = k, frame, m
                n_taken += 1
                # The real atom 2·Re(amplitude · g): g and its conjugate, which lies at bin −m and, aliased, at W − m.
                near_an_edge = m <= gram.edge[k] or m >= (window >> 1) - gram.edge[k]
                for image in range(3 if near_an_edge else 1):
                    if image == 1:
                        for channel in range(n_channels):
                            atom.im[channel] = -atom.im[channel]
                    image_bin = m if image == 0 else (-m if image == 1 else window - m)
                    _subtract_exponential(coefficients, gram, k, frame, image_bin, atom)
            most = max(most, block_max[block])
    frame_max[at_frame] = max(most, frame_max[at_frame])
    return n_taken


@jit
def pursue(coefficients, gram, zones, first_zone, zone_samples, thresholds, taken, counts):
    """In each of the given zones, take every atom above falling thresholds whose centre lies there.

    At each threshold frames are visited in order of time, and every block above it gives its best atom until none is
    left: weak matching pursuit (Temlyakov 2000) with a weakness of the square root of their ratio. At the zone's place,
    counted from `first_zone`, `taken` holds the atoms and `counts` `(n_zones,)` how many. A zone whose capacity is used
    up is given up.
    """
    coefficients, gram = _borrowed_coefficients(coefficients), _borrowed_gram(gram)
    layout, frame_max, n_channels = coefficients.layout, coefficients.frame_max, coefficients.n_channels
    scratch = np.empty((4, n_channels), np.float32)
    atom = Subtrahend(borrowed(scratch[0]), borrowed(scratch[1]), borrowed(scratch[2]), borrowed(scratch[3]))
    for zone in zones:
        n_taken, at = np.int64(0), zone - first_zone
        here = AtomArrays(
            borrowed(taken.place[at]),
            borrowed(taken.amplitude[at]),
            borrowed(taken.energy[at]),
            borrowed(taken.benefit[at]),
        )
        for threshold in thresholds:
            for k in range(layout.shape[0]):
                hop_log2, first_frame = layout[k, LayoutField.WINDOW_LOG2] - 2, layout[k, LayoutField.FIRST_FRAME]
                first = max((zone * zone_samples) >> hop_log2, first_frame)
                end = min(((zone + 1) * zone_samples) >> hop_log2, first_frame + layout[k, LayoutField.N_FRAMES])
                for frame in range(first, end):
                    if frame_max[layout[k, LayoutField.FIRST_MAX] + frame - first_frame] >= threshold:
                        n_taken = _pursue_frame(coefficients, gram, k, frame, threshold, atom, here, n_taken)
        counts[at] = n_taken
    scratch[:] = 0.0  # so that it is kept up to here
