"""Splats added to audio: envelopes of partials by recurrence from knot to knot, cubic between, times carriers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from motes.events.event_table import Array
from motes.kernels._jit import borrowed, inner, jit
from motes.kinds.splat.driving import (
    NODE,
    NODES,
    PART_LIMIT,
    Burst,
    begins,
    burst_of,
    height,
    in_parts,
    left_of,
    weights,
)
from motes.kinds.splat.knots import LONGEST, STEP, Bends, Motion, Shared, burst_bend, shared_at, spread
from motes.kinds.splat.table import N_PARTIALS, STEEPEST
from motes.units import CENT, NEPERS_60_DB, OCTAVE_DB

# Columns of a row, which is an event: its first and its last sample, then parameters in their units.
ROW = (
    *("start", "end", "time_s", "width_s", "f0_hz", "centre_hz", "width_octaves", "t60_s", "shape", "phase_rad"),
    *("glide_per_s", "inharmonicity", "rolloff_db", "damping_slope", "cutoff_start_hz", "cutoff_end_hz"),
    *("crossfade_s", "tremolo", "vibrato_cents", "modulation_hz", "modulation_rad", "noise", "n_partials"),
    *("low_hz", "high_hz", "backward"),
)
(START, END, TIME, WIDTH, F0, CENTRE, OCTAVES, T60, SHAPE, PHASE) = range(10)
(GLIDE, INHARMONICITY, ROLLOFF, DAMPING, CUTOFF_START, CUTOFF_END) = range(10, 16)
(CROSSFADE, TREMOLO, VIBRATO, MODULATION_HZ, MODULATION_RAD, NOISE, PARTIALS) = range(16, 23)
(LOW, HIGH, BACKWARD) = range(23, 26)
# Partials weaker than this beside an event's strongest are left out.
INAUDIBLE = 1e-6
# Where a partial that rings out is left.
QUIET = 2e-8
TILE = 1 << LONGEST


# Rows of what is known of partials: radians per sample, radians at the burst's peak, nepers per sample, by which the
# burst enters; amplitude behind the first low-pass, and by how much it changes to the later one;
(OMEGA, START_RAD, DECAY, LEVEL, EARLY, CHANGE) = range(6)
# and of the last knot: the envelope; it behind low-pass and swell, and its slope per sample; Re and Im of the carrier;
# and in the last row, the numbers of those partials that are still audible.
(Y, VALUE, SLOPE, RE, IM, ALIVE) = range(6, 12)


class Room(NamedTuple):
    """Room for the partials of one event. Loops are handed its arrays, since taking one out of a tuple counts it."""

    # `(12, N_PARTIALS)`: the rows above.
    state: Array
    # `(N_PARTIALS, LONGEST + 1, 1 + NODES)`: over each distance between knots, what is left of an envelope, and the
    # weights of what enters of the burst.
    rules: Array
    # `(2, N_PARTIALS, TILE + 1)`: Re and Im of the carrier from a knot on.
    carriers: Array
    # `(4, TILE)`: what all partials sum to between two knots; 0, 1, 2 …; a carrier.
    tile: Array
    # `(2, PART_LIMIT)`: nodes of `in_parts`, or in the second row the burst at those between two knots.
    nodes: Array
    # `(LONGEST + 1,)`: which distances have rules.
    known: Array


class Event(NamedTuple):
    """What is known of one event beside its partials; times in samples, the way it sounds forward."""

    at: float
    burst: Burst
    bends: Bends
    motion: Motion
    # Whether its partials cross over or swell, and whether their frequencies move.
    changes: bool
    bent: bool
    # Nepers per sample of the slowest decay.
    slowest: float
    quiet: float


class Stretch(NamedTuple):
    """From one knot to the next: the sample it begins at, its length as a power of two, how many partials sound, and
    what they have in common at both.
    """

    place: int
    exponent: int
    n_partials: int
    here: Shared
    there: Shared


class Curve(NamedTuple):
    """A cubic between two knots, by powers of the samples since the first."""

    zeroth: float
    first: float
    second: float
    third: float


@inner
def cubic(start, slope, end, end_slope, n):
    """Hermite's between two values with their slopes per sample."""
    step = 1.0 / n
    mean = (end - start) * step
    second = (3.0 * mean - 2.0 * slope - end_slope) * step
    return Curve(start, slope, second, (slope + end_slope - 2.0 * mean) * step * step)


def new_room() -> Room:
    """A room of any state."""
    n, tile = N_PARTIALS, np.empty((4, TILE))
    tile[1] = np.arange(TILE)
    rules, carriers = np.empty((n, LONGEST + 1, 1 + NODES)), np.empty((2, n, TILE + 1))
    return Room(np.empty((12, n)), rules, carriers, tile, np.empty((2, PART_LIMIT)), np.empty(LONGEST + 1))


@inner
def find_partials(row, rate, state):
    """Into `state` those below half the sample rate and in the band; how many, and how loud the strongest is."""
    count, most, b = 0, 0.0, row[INHARMONICITY]
    for k in range(1, int(row[PARTIALS]) + 1):
        ratio = k * math.sqrt((1.0 + b * k * k) / (1.0 + b))
        hz = row[F0] * ratio
        if hz >= 0.5 * rate or hz < row[LOW] or hz > row[HIGH]:
            continue
        octaves = math.log2(hz / row[CENTRE]) / row[OCTAVES]
        amplitude = (1.0 - row[NOISE]) * k ** (-row[ROLLOFF] / OCTAVE_DB) * math.exp(-0.5 * octaves * octaves)
        early = amplitude / (1.0 + (hz / row[CUTOFF_START]) ** 2)
        late = amplitude / (1.0 + (hz / row[CUTOFF_END]) ** 2)
        decay = min(NEPERS_60_DB / (row[T60] * rate) * ratio ** row[DAMPING], STEEPEST)
        state[OMEGA, count], state[START_RAD, count], state[DECAY, count] = (
            2.0 * math.pi * hz / rate,
            k * row[PHASE],
            decay,
        )
        state[LEVEL, count] = decay + 1.0 / (math.sqrt(2.0 * math.pi) * row[WIDTH] * rate)
        state[EARLY, count], state[CHANGE, count] = early, late - early
        most, count = max(most, early, late), count + 1
    return count, most


@inner
def keep_audible(state, count, most, motion):
    """Only the audible ones of `count` partials, the strongest of which is `most`: how many, how fast they bend and the
    slowest decay.
    """
    kept, ringing, swung, changes, slowest, power = 0, 0.0, 0.0, 0.0, STEEPEST, 0.0
    for p in range(count):
        loud = max(state[EARLY, p], state[EARLY, p] + state[CHANGE, p])
        if loud <= INAUDIBLE * most:
            continue
        for r in range(Y):
            state[r, kept] = state[r, p]
        beside, decay = (loud / most) ** 0.25, state[DECAY, p]
        swing = state[OMEGA, p] * abs(motion.swing)
        gliding = math.sqrt(3.0) * (state[OMEGA, p] * abs(motion.glide) + swing * motion.pace)
        moving = math.sqrt(gliding) + (swing * motion.pace**3) ** 0.25 + abs(motion.tremolo) ** 0.25 * motion.pace
        ringing, swung = max(ringing, beside * decay), max(swung, beside * moving)
        changes, slowest = max(changes, abs(state[CHANGE, p]) / most), min(slowest, decay)
        power, kept = power + (loud / most) ** 2, kept + 1
    return kept, Bends(ringing, swung, 0.6 * changes**0.25 / motion.crossfade, power**0.125), slowest


@inner
def motion_of(row, rate):
    """What all partials of a row do together."""
    pace, swing = 2.0 * math.pi * row[MODULATION_HZ] / rate, row[VIBRATO] * CENT
    return Motion(row[CROSSFADE] * rate, row[TREMOLO], pace, row[MODULATION_RAD], row[GLIDE] / rate, swing)


@inner
def fill_carrier(cosine, sine, n, re, im):
    """Powers 0 … n − 1 of re + i·im, n a power of two."""
    cosine[0], sine[0], filled = 1.0, 0.0, 1
    while filled < n:
        for j in range(filled):
            cosine[filled + j], sine[filled + j] = cosine[j] * re - sine[j] * im, cosine[j] * im + sine[j] * re
        re, im = re * re - im * im, 2.0 * re * im
        filled *= 2


@inner
def know_distance(room, count, exponent):
    """Finds the rules of a distance between knots."""
    room.known[exponent] = 1.0
    for p in range(count):
        decay = room.state[DECAY, p]
        room.rules[p, exponent, 0] = math.exp(-decay * (1 << exponent))
        weights(decay, 1 << exponent, room.rules[p, exponent, 1:])


@inner
def start_partials(room, count, event, since):
    """Sets the partials to where they are at the first knot, with what has entered until then."""
    state, carriers, nodes, burst = room.state, room.carriers, room.nodes, event.burst
    n_nodes = in_parts(burst, begins(burst, since, event.slowest), since, nodes)
    here, now = shared_at(event.motion, since), height(burst, since)
    for p in range(count):
        state[Y, p] = state[LEVEL, p] * left_of(state[DECAY, p], n_nodes, nodes)
        set_envelope(state, p, here, now, event.changes)
        omega, state[ALIVE, p] = state[OMEGA, p], p
        if not event.bent:
            theta = omega * since + state[START_RAD, p]
            state[RE, p], state[IM, p] = math.cos(theta), math.sin(theta)
            fill_carrier(carriers[0, p], carriers[1, p], TILE, math.cos(omega), math.sin(omega))
            carriers[0, p, TILE], carriers[1, p, TILE] = math.cos(omega * TILE), math.sin(omega * TILE)


@inner
def set_envelope(state, p, here, now, changes):
    """Value and slope of partial p behind low-pass and swell, the burst being `now` high."""
    y, passed = state[Y, p], state[EARLY, p]
    slope = state[LEVEL, p] * now - state[DECAY, p] * y
    if changes:
        change = state[CHANGE, p]
        passed += change * here.across
        state[VALUE, p] = y * passed * here.swell
        slope = (slope * passed + y * change * here.across_slope) * here.swell
        state[SLOPE, p] = slope + y * passed * here.swell_slope
    else:
        state[VALUE, p], state[SLOPE, p] = y * passed, slope * passed


@inner
def add_still(state, p, n, start, slope, carriers, tile):
    """Partial p from one knot to the next, n samples on, at which its envelope is set; its carrier turns evenly."""
    re, im = state[RE, p], state[IM, p]
    if n == 1:
        tile[0, 0] += start * re
    else:
        curve = cubic(start, slope, state[VALUE, p], state[SLOPE, p], n)
        for j in range(n):
            x = tile[1, j]
            envelope = curve.zeroth + x * (curve.first + x * (curve.second + x * curve.third))
            tile[0, j] += envelope * (re * carriers[0, p, j] - im * carriers[1, p, j])
    turn_re, turn_im = carriers[0, p, n], carriers[1, p, n]
    state[RE, p], state[IM, p] = re * turn_re - im * turn_im, re * turn_im + im * turn_re


@inner
def add_bent(state, p, n, start, slope, here, there, tile):
    """As `add_still`, where the frequency moves: the carrier takes the mean frequency, so that its phase is exact at
    both knots, and the rest is an imaginary part of the envelope, 0 at both.
    """
    omega = state[OMEGA, p]
    theta, mean = omega * here.bent + state[START_RAD, p], omega * (there.bent - here.bent) / n
    re, im = math.cos(theta), math.sin(theta)
    if n == 1:
        tile[0, 0] += start * re
        return
    fill_carrier(tile[2], tile[3], n, math.cos(mean), math.sin(mean))
    value = state[VALUE, p]
    real = cubic(start, slope, value, state[SLOPE, p], n)
    aside = cubic(0.0, start * (omega * here.pace - mean), 0.0, value * (omega * there.pace - mean), n)
    for j in range(n):
        x, cosine, sine = tile[1, j], tile[2, j], tile[3, j]
        along = real.zeroth + x * (real.first + x * (real.second + x * real.third))
        across = x * (aside.first + x * (aside.second + x * aside.third))
        tile[0, j] += along * (re * cosine - im * sine) - across * (re * sine + im * cosine)


@inner
def drive(burst, since, n, nodes):
    """The burst at the nodes between two knots, −1; or in parts, where that is too coarse: how many nodes."""
    if n == 1 and burst_bend(burst, since) > STEP:
        return in_parts(burst, since, since + n, nodes)
    for j in range(NODES):
        nodes[1, j] = height(burst, since + n * NODE[j])
    return -1


@inner
def enters(state, p, exponent, n_nodes, rules, nodes):
    """How much of what `drive` found enters partial p."""
    if n_nodes >= 0:
        return state[LEVEL, p] * left_of(state[DECAY, p], n_nodes, nodes)
    total = 0.0
    for j in range(NODES):
        total += rules[p, exponent, 1 + j] * nodes[1, j]
    return state[LEVEL, p] * total


@inner
def add_partials(event, stretch, state, rules, carriers, tile, nodes):
    """Adds the partials to the tile, from one knot to the next, and leaves them there."""
    exponent, burst = stretch.exponent, event.burst
    n, since = 1 << exponent, stretch.place - event.at
    driven, n_nodes = since < burst.over, -1
    if driven:
        n_nodes = drive(burst, since, n, nodes)
    here, there, now = stretch.here, stretch.there, height(burst, since + n) if driven else 0.0
    for j in range(n):
        tile[0, j] = 0.0
    for q in range(stretch.n_partials):
        p = int(state[ALIVE, q])
        y, start, slope = state[Y, p] * rules[p, exponent, 0], state[VALUE, p], state[SLOPE, p]
        if driven:
            y += enters(state, p, exponent, n_nodes, rules, nodes)
        state[Y, p] = y
        set_envelope(state, p, there, now, event.changes)
        if event.bent:
            add_bent(state, p, n, start, slope, here, there, tile)
        else:
            add_still(state, p, n, start, slope, carriers, tile)


@inner
def still_audible(state, count, quiet):
    """How many partials are louder than `quiet` where nothing enters any more; they stay in the list of those alive."""
    kept = 0
    for q in range(count):
        p = int(state[ALIVE, q])
        if state[Y, p] * (state[EARLY, p] + abs(state[CHANGE, p])) >= quiet:
            state[ALIVE, kept] = p
            kept += 1
    return kept


@inner
def add_tile(audio, gains, tile, span, place, first, backward):
    """Samples `span` of the tile, which begins at sample `place`, to audio that begins at `first`."""
    low, high = span
    for channel in range(len(gains)):
        gain = gains[channel]
        if gain == 0.0:
            continue
        if backward:
            for j in range(low, high):
                audio[channel, -place - j - first] += gain * tile[0, j]
        else:
            at = place - first
            for j in range(low, high):
                audio[channel, at + j] += gain * tile[0, j]


@inner
def add_event(audio, first, span, row, gains, rate, room):
    """Adds the partials of one event where they sound, samples `span` as it sounds forward."""
    begin, end = span
    backward = row[BACKWARD] != 0.0
    burst, motion = burst_of(row[WIDTH] * rate, row[SHAPE]), motion_of(row, rate)
    count, most = find_partials(row, rate, room.state)
    n_partials, bends, slowest = keep_audible(room.state, count, most, motion)
    changes = bends.crossing > 0.0 or motion.tremolo != 0.0
    bent = motion.glide != 0.0 or motion.swing != 0.0
    event = Event(
        (-row[TIME] if backward else row[TIME]) * rate, burst, bends, motion, changes, bent, slowest, QUIET * most
    )
    place = begin >> LONGEST << LONGEST
    if burst.extra > 0.0:
        place = max(place, math.floor(event.at + burst.onset))
    if n_partials == 0 or place >= end:
        return
    start_partials(room, n_partials, event, place - event.at)
    room.known[:] = 0.0
    state, rules, carriers, tile, nodes, known = room
    count, here = n_partials, shared_at(motion, place - event.at)
    while place < end and count > 0:
        exponent = spread(burst, bends, motion.crossfade, place, place - event.at)
        n = 1 << exponent
        if known[exponent] == 0.0:
            know_distance(room, n_partials, exponent)
        there = shared_at(motion, place + n - event.at) if changes or bent else here
        add_partials(event, Stretch(place, exponent, count, here, there), state, rules, carriers, tile, nodes)
        add_tile(audio, gains, tile, (max(begin - place, 0), min(end - place, n)), place, first, backward)
        place, here = place + n, there
        if place - event.at >= burst.over:
            count = still_audible(state, count, event.quiet)


@jit
def add_splats(audio, first, n_samples, rows, gains, rate, room):
    """Add the partials of events to samples `first` … of audio `(n_channels, ≥ n_samples)`. `rows` `(n_events,
    len(ROW))` hold what ROW names, `gains` `(n_events, n_channels)` are factors, `room` is a new one.
    """
    state, rules, carriers, tile, nodes, known = room
    room = Room(borrowed(state), borrowed(rules), borrowed(carriers), borrowed(tile), borrowed(nodes), borrowed(known))
    audio, rows, gains = borrowed(audio), borrowed(rows), borrowed(gains)
    for i in range(len(rows)):
        row = rows[i]
        low, high = max(first, int(row[START])), min(first + n_samples, int(row[END]) + 1)
        if high > low:
            span = (1 - high, 1 - low) if row[BACKWARD] != 0.0 else (low, high)
            add_event(audio, first, span, row, gains[i], rate, room)
