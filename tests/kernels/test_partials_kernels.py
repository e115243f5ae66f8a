"""The kernels that link atoms, against the same in plain NumPy, on atoms at random and of recordings."""

from __future__ import annotations

import numpy as np
import pytest
from plain_partials import PlainLines

import motes
from motes.audio import read_audio
from motes.kernels.linking.partial_curves import follow_lines
from motes.kernels.linking.partials import LOOSE, STRICT, LineAtoms, LineTable, Rules, grow_lines, join_lines
from motes.kernels.reassignment import POINTS
from motes.kinds.gabor.partials.tracking import _atoms, _sounds


def at_random(seed: int, n: int = 120) -> dict[str, np.ndarray]:
    """Atoms about a few frequencies, which lie close enough together that there is something to link, to mask and
    to join.
    """
    random = np.random.default_rng(seed)
    time = np.sort(random.uniform(0, 20_000, n)).round()
    window = random.choice([512.0, 2048.0, 2048.0, 8192.0], n)
    sound = random.choice([0.01, 0.0123, 0.03, 0.05], n) + 0.3 * random.standard_normal(n) / window
    points = np.where((window > 1000) & (random.random(n) < 0.3), POINTS, 1)
    places = np.where(
        points[:, None] > 1, time[:, None] + np.linspace(-1, 1, POINTS) * window[:, None] / 4, time[:, None]
    )
    swept = np.where(
        points[:, None] > 1,
        sound[:, None] + np.linspace(-1, 1, POINTS) * (random.standard_normal(n) / window)[:, None],
        sound[:, None],
    )
    amplitude = 10 ** random.uniform(-2, 0, n)
    energy = amplitude**2 * window
    return {
        "order": np.argsort(-energy, kind="stable"),
        "time": time,
        "window": window,
        "own": np.rint(sound * window) / window,
        "sound": sound,
        "phase": random.uniform(-3, 3, n),
        "strength": amplitude * random.uniform(0.7, 1.3, n),
        "channel": random.integers(0, 2, n),
        "energy": energy,
        "amplitude": amplitude,
        "free": random.random(n) < 0.9,
        "points": points,
        "point_time": places,
        "point_sound": swept,
    }


def of_recording(path, seconds: float = 0.6) -> dict[str, np.ndarray]:
    """The atoms of its beginning, with what sounds under each."""
    audio, rate = read_audio(path)
    scene = motes.encode(audio[..., : round(seconds * rate)], sample_rate_hz=rate, events_per_second=400)
    atoms = _atoms(scene.gabor, rate)
    under = _sounds(atoms, rate, 1)
    amplitude = np.sqrt(np.sum(np.square(atoms.amplitude), axis=1))
    energy = amplitude**2 * atoms.window
    return {
        "order": np.argsort(-energy, kind="stable"),
        "time": atoms.time,
        "window": atoms.window,
        "own": atoms.own,
        "sound": under.centre,
        "phase": under.phase,
        "strength": under.strength,
        "channel": atoms.channel,
        "energy": energy,
        "amplitude": amplitude,
        "free": under.usable & (energy > 0),
        "points": under.n_points,
        "point_time": under.time,
        "point_sound": under.sound,
    }


def check(atoms: dict[str, np.ndarray], rules: Rules = LOOSE) -> int:
    """Lines, joins and curves are those of the plain ones; returns how many lines there are."""
    plain = PlainLines(**atoms, rules=rules)
    plain.grow()
    n = len(atoms["time"])
    read = LineAtoms(**{name: atoms[name] for name in LineAtoms._fields})
    lines = LineTable(np.zeros(n, np.int64), np.zeros(n + 1, np.int64), np.zeros(n, np.int64))
    line, starts, knots = lines
    n_lines = grow_lines(read, atoms["free"].copy(), atoms["order"], lines, rules)
    assert n_lines == len(plain.knots)
    assert [knots[starts[k] : starts[k + 1]].tolist() for k in range(n_lines)] == plain.knots
    assert np.array_equal(line, plain.line)
    assert np.array_equal(join_lines(read, lines, n_lines, rules), plain.joined())
    n_nodes, nodes = np.zeros(n_lines, np.int64), np.zeros((POINTS * n, 3))
    frequency, turns = atoms["own"].copy(), np.zeros(n)
    follow_lines(read, lines, n_lines, frequency, turns, n_nodes, nodes)
    for k in range(n_lines):
        mine = nodes[POINTS * starts[k] :][: n_nodes[k]]
        time, sound, turned = plain.curve(plain.knots[k])
        np.testing.assert_allclose(mine[:, 0], time, atol=1e-9)
        np.testing.assert_allclose(mine[:, 1], sound, rtol=1e-9)
        np.testing.assert_allclose(mine[:, 2], turned, rtol=1e-9, atol=1e-9)
    lines, hz = plain.followed()
    assert np.array_equal(line, lines)
    np.testing.assert_allclose(frequency, hz, rtol=1e-9)
    return n_lines


@pytest.mark.parametrize("rules", [LOOSE, STRICT])
@pytest.mark.parametrize("seed", range(6))
def test_lines_at_random_are_those_of_the_plain_ones(seed, rules):
    assert check(at_random(seed), rules) >= 3


@pytest.mark.parametrize(("name", "rules"), [("singing", LOOSE), ("strings", LOOSE), ("strings", STRICT)])
def test_lines_of_recordings_are_those_of_the_plain_ones(shared_audio, name, rules):
    assert check(of_recording(shared_audio(name)), rules) >= 10


def test_no_atoms_and_one():
    assert check(at_random(0, 1) | {"free": np.ones(1, bool)}) == 1
    none = {name: values[:0] for name, values in at_random(0, 2).items()}
    assert check(none) == 0
