"""The hot loops of matching pursuit: subtract an atom from all coefficients, keep block maxima, take every atom above a
threshold.

Atoms are chosen by their energy times a weight of their place, `weights`, laid out like one channel's coefficients;
what is subtracted is the same whatever the weights.

Coefficients of all channels and windows lie in two flat float32 arrays, `re` and `im`: channel by channel
(`channel_stride` apart), window by window, frame by frame, each frame's row padded to whole blocks of 16 bins. `layout`
is (n_windows, 6) int64 with the columns named below. `gram` and `roots` are those of `motes.kernels.dictionary`. All
windows are powers of two, hence the shifts.
"""

import numpy as np

from motes.kernels._jit import inner, jit
from motes.kernels._simd import largest16, subtract16

# Columns of `layout`: place of the first value, row stride, frames, the first frame's number on the grid, its place in
# `frame_max`, log2 of the window.
FIRST_VALUE, STRIDE, N_FRAMES, FIRST_FRAME, FIRST_MAX, WINDOW_LOG2 = range(6)
# ⟨g, g*⟩ of a Hann atom at bin 1 or W/2 − 1, where it meets its own conjugate (1 at bins 0 and W/2, 0 elsewhere).
CONJUGATE_OVERLAP = 1.0 / 6.0


@inner
def conjugate_overlap(m, window):
    """⟨g, g*⟩ of the atom at bin m, phases measured at its centre."""
    if m == 0 or 2 * m == window:
        return 1.0
    if m == 1 or 2 * m == window - 2:
        return CONJUGATE_OVERLAP
    return 0.0


@inner
def bin_energy(re, im, place, n_channels, channel_stride, m, window):
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


@inner
def _best_bin(re, im, weights, n_channels, channel_stride, first_place, m_first, window):
    """Bin of the block's atom whose weighted energy is largest."""
    best, m = np.float32(-1.0), m_first
    if m_first == 0 or m_first + 18 > window >> 1:
        for j in range(min(16, (window >> 1) + 1 - m_first)):
            energy = (
                np.float32(bin_energy(re, im, first_place + j, n_channels, channel_stride, m_first + j, window))
                * weights[first_place + j]
            )
            if energy > best:
                best, m = energy, m_first + j
        return m
    for j in range(16):
        energy = np.float32(0.0)
        for channel in range(n_channels):
            a, b = re[first_place + j + channel * channel_stride], im[first_place + j + channel * channel_stride]
            energy += a * a + b * b
        energy *= weights[first_place + j]
        if energy > best:
            best, m = energy, m_first + j
    return m


@inner
def _edge_block_energy(re, im, weights, n_channels, channel_stride, place, m_first, window):
    """Largest weighted energy in the 16 bins at `place` near DC or Nyquist, where an atom overlaps its own
    conjugate.
    """
    first, last = 0, min(15, (window >> 1) - m_first)
    best = 0.0
    while first <= last and conjugate_overlap(m_first + first, window) > 0.0:
        best = max(
            best,
            weights[place + first]
            * bin_energy(re, im, place + first, n_channels, channel_stride, m_first + first, window),
        )
        first += 1
    while first <= last and conjugate_overlap(m_first + last, window) > 0.0:
        best = max(
            best,
            weights[place + last]
            * bin_energy(re, im, place + last, n_channels, channel_stride, m_first + last, window),
        )
        last -= 1
    most = np.float32(0.0)
    for j in range(first, last + 1):
        energy = np.float32(0.0)
        for channel in range(n_channels):
            a, b = re[place + j + channel * channel_stride], im[place + j + channel * channel_stride]
            energy += a * a + b * b
        most = max(most, energy * weights[place + j])
    return max(np.float32(best), np.float32(2.0) * most)


@jit
def refresh_all(re, im, weights, n_channels, channel_stride, block_max, frame_max, layout, gram_re, gram_im):
    """Recompute every maximum."""
    nothing = np.zeros(n_channels, np.float32)
    for k in range(layout.shape[0]):
        blocks, window = layout[k, STRIDE] >> 4, 1 << layout[k, WINDOW_LOG2]
        for f in range(layout[k, N_FRAMES]):
            most = np.float32(0.0)
            for b in range(blocks):
                place = layout[k, FIRST_VALUE] + f * layout[k, STRIDE] + (b << 4)
                if b == 0 or (b << 4) + 18 > window >> 1:
                    energy = _edge_block_energy(re, im, weights, n_channels, channel_stride, place, b << 4, window)
                else:
                    energy = np.float32(2.0) * subtract16(
                        re, im, weights, place, gram_re, gram_im, 0, nothing, nothing, n_channels, channel_stride
                    )
                block_max[place >> 4] = energy
                most = max(most, energy)
            frame_max[layout[k, FIRST_MAX] + f] = most


@inner
def _subtract_exponential(
    re,
    im,
    weights,
    n_channels,
    channel_stride,
    block_max,
    frame_max,
    layout,
    gram_pair,
    gram_row,
    gram_re,
    gram_im,
    roots_re,
    roots_im,
    k,
    frame,
    m,
    amp_re,
    amp_im,
    xs,
    ys,
):
    """Subtract amp · g, the complex atom of window k at grid frame `frame` and bin m (any whole number), from every
    coefficient it overlaps.
    """
    window_log2 = layout[k, WINDOW_LOG2]
    root_mask = (1 << window_log2) - 1
    root_step = roots_re.shape[0] >> window_log2
    centre = frame << (window_log2 - 2)
    for target in range(layout.shape[0]):
        first_row, step_log2, first_distance = gram_pair[k, target, 0], gram_pair[k, target, 1], gram_pair[k, target, 2]
        last_distance = first_distance + gram_pair[k, target, 3] - 1
        phases_log2 = gram_pair[k, target, 4]
        hop_log2, half_window = layout[target, WINDOW_LOG2] - 2, 1 << (layout[target, WINDOW_LOG2] - 1)
        phase = m & ((1 << phases_log2) - 1)
        m_base = (m >> phases_log2) << gram_pair[k, target, 5]
        if m_base + gram_pair[k, target, 7] < 0 or m_base + gram_pair[k, target, 6] > half_window:
            continue  # an image that does not reach back over DC or Nyquist
        f_first = max(-((-(centre + (first_distance << step_log2))) >> hop_log2), layout[target, FIRST_FRAME])
        f_last = min(
            (centre + (last_distance << step_log2)) >> hop_log2,
            layout[target, FIRST_FRAME] + layout[target, N_FRAMES] - 1,
        )
        for f in range(f_first, f_last + 1):
            distance = (f << hop_log2) - centre
            row = first_row + (((distance >> step_log2) - first_distance) << phases_log2) + phase
            count, start = gram_row[row, 1], gram_row[row, 2]
            m_first = m_base + gram_row[row, 0]
            local = f - layout[target, FIRST_FRAME]
            row_place = layout[target, FIRST_VALUE] + local * layout[target, STRIDE]
            root = ((m * distance) & root_mask) * root_step
            c, s = roots_re[root], roots_im[root]
            for channel in range(n_channels):
                xs[channel] = amp_re[channel] * c - amp_im[channel] * s
                ys[channel] = amp_re[channel] * s + amp_im[channel] * c
            most = frame_max[layout[target, FIRST_MAX] + local]
            # The row's values lie among zeros, so whole blocks are updated; bins past Nyquist hold whatever falls there
            # and are never read.
            first_block, last_block = max(0, m_first >> 4), min((m_first + count - 1) >> 4, half_window >> 4)
            for b in range(first_block, last_block + 1):
                place = row_place + (b << 4)
                energy = np.float32(2.0) * subtract16(
                    re,
                    im,
                    weights,
                    place,
                    gram_re,
                    gram_im,
                    start + (b << 4) - m_first,
                    xs,
                    ys,
                    n_channels,
                    channel_stride,
                )
                if b == 0 or (b << 4) + 18 > half_window:
                    energy = _edge_block_energy(
                        re, im, weights, n_channels, channel_stride, place, b << 4, half_window << 1
                    )
                block_max[place >> 4] = energy
                most = max(most, energy)
            frame_max[layout[target, FIRST_MAX] + local] = most


@inner
def _sweep_frame(
    re,
    im,
    weights,
    n_channels,
    channel_stride,
    block_max,
    frame_max,
    layout,
    gram_pair,
    gram_row,
    gram_re,
    gram_im,
    roots_re,
    roots_im,
    edge,
    k,
    frame,
    threshold,
    amp_re,
    amp_im,
    xs,
    ys,
    where,
    amplitudes,
    energies,
    benefits,
    n_taken,
):
    """Take atoms from one frame until no block of it reaches the threshold; return how many have been taken by then."""
    window, blocks = 1 << layout[k, WINDOW_LOG2], layout[k, STRIDE] >> 4
    local = frame - layout[k, FIRST_FRAME]
    first_block = (layout[k, FIRST_VALUE] >> 4) + local * blocks
    at_frame = layout[k, FIRST_MAX] + local
    frame_max[at_frame] = 0.0  # raised again by subtractions, and below by what stays
    most = np.float32(0.0)
    for group in range(first_block, first_block + blocks, 16):
        in_group = largest16(block_max, group)
        if in_group < threshold:
            most = max(most, in_group)  # the last group may see the next row's blocks: an upper bound is enough
            continue
        for block in range(group, min(group + 16, first_block + blocks)):
            while block_max[block] >= threshold and n_taken < where.shape[0]:
                m = _best_bin(
                    re, im, weights, n_channels, channel_stride, block << 4, (block - first_block) << 4, window
                )
                place = (first_block << 4) + m
                energies[n_taken] = bin_energy(re, im, place, n_channels, channel_stride, m, window)
                benefits[n_taken] = weights[place] * energies[n_taken]
                rho = conjugate_overlap(m, window)
                for channel in range(n_channels):
                    at = place + channel * channel_stride
                    amp_re[channel] = re[at] / (1.0 + rho)
                    amp_im[channel] = 0.0 if rho == 1.0 else im[at] / (1.0 - rho)
                    amplitudes[n_taken, channel] = amp_re[channel] + 1j * amp_im[channel]
                where[n_taken, 0], where[n_taken, 1], where[n_taken, 2] = k, frame, m
                n_taken += 1
                # The real atom 2·Re(amp · g): g and its conjugate, which lies at bin −m and, aliased, at W − m.
                near_an_edge = m <= edge[k] or m >= (window >> 1) - edge[k]
                for image in range(3 if near_an_edge else 1):
                    if image == 1:
                        for channel in range(n_channels):
                            amp_im[channel] = -amp_im[channel]
                    _subtract_exponential(
                        re,
                        im,
                        weights,
                        n_channels,
                        channel_stride,
                        block_max,
                        frame_max,
                        layout,
                        gram_pair,
                        gram_row,
                        gram_re,
                        gram_im,
                        roots_re,
                        roots_im,
                        k,
                        frame,
                        m if image == 0 else (-m if image == 1 else window - m),
                        amp_re,
                        amp_im,
                        xs,
                        ys,
                    )
            most = max(most, block_max[block])
    frame_max[at_frame] = max(most, frame_max[at_frame])
    return n_taken


@jit
def pursue(
    re,
    im,
    weights,
    n_channels,
    channel_stride,
    block_max,
    frame_max,
    layout,
    gram_pair,
    gram_row,
    gram_re,
    gram_im,
    roots_re,
    roots_im,
    edge,
    zones,
    first_zone,
    zone_samples,
    start_energy,
    step,
    n_steps,
    where,
    amplitudes,
    energies,
    benefits,
    counts,
):
    """In each of the given zones, take every atom above a falling threshold whose centre lies there.

    The threshold starts at `start_energy` and is multiplied by `step` `n_steps` times; at each, frames are swept in
    time and every block above it gives its best atom until none is left. This is weak matching pursuit (Temlyakov 2000)
    with a weakness of √step. At the zone's place, counted from `first_zone`, `where` (n_zones, room, 3) int32 takes
    window index, frame, bin; `amplitudes` (n_zones, room, n_channels) complex64 the amplitude of g; `energies`
    (n_zones, room) what was removed, `benefits` this times the weight; `counts` (n_zones,) how many. A zone with no
    room left is given up.
    """
    amp_re, amp_im = np.empty(n_channels, np.float32), np.empty(n_channels, np.float32)
    xs, ys = np.empty(n_channels, np.float32), np.empty(n_channels, np.float32)
    for z in range(len(zones)):
        n_taken, place = np.int64(0), zones[z] - first_zone
        threshold = start_energy
        for _ in range(n_steps):
            threshold *= step
            for k in range(layout.shape[0]):
                hop_log2 = layout[k, WINDOW_LOG2] - 2
                first = max((zones[z] * zone_samples) >> hop_log2, layout[k, FIRST_FRAME])
                last = min(((zones[z] + 1) * zone_samples) >> hop_log2, layout[k, FIRST_FRAME] + layout[k, N_FRAMES])
                for frame in range(first, last):
                    if frame_max[layout[k, FIRST_MAX] + frame - layout[k, FIRST_FRAME]] >= threshold:
                        n_taken = _sweep_frame(
                            re,
                            im,
                            weights,
                            n_channels,
                            channel_stride,
                            block_max,
                            frame_max,
                            layout,
                            gram_pair,
                            gram_row,
                            gram_re,
                            gram_im,
                            roots_re,
                            roots_im,
                            edge,
                            k,
                            frame,
                            threshold,
                            amp_re,
                            amp_im,
                            xs,
                            ys,
                            where[place],
                            amplitudes[place],
                            energies[place],
                            benefits[place],
                            n_taken,
                        )
        counts[place] = n_taken
