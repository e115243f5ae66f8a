"""The compiled coder and the plain reader of docs/reader give the same bytes and read each other's."""

import json
import re
from pathlib import Path

import gabor
import mote_file
import numpy as np
import pytest
import range_coder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motes.codec import dumps, loads
from motes.coding.integers import padded
from motes.coding.range_coder import SQUASH, STRETCH
from motes.kinds.gabor import model
from motes.kinds.gabor.edited import base_of
from motes.kinds.gabor.packet import WINDOWS
from motes.kinds.gabor.quantiser import SILENT
from motes.kinds.gabor.trained import trained
from motes.kinds.vector.table import BESIDE_NOTES

SAMPLES = 8192


def _events(
    rng: np.random.Generator, n_grid: int, n_free: int, n_channels: int, low: int, high: int, n_phases: int, slope: int
):
    """Random events of one packet: which, frame, bin (sorted, distinct), free places, and amplitude and phase for
    all.
    """
    which = rng.integers(3, 10, 2 * n_grid)
    frame, bins = (
        rng.integers(0, SAMPLES // (WINDOWS[which] // 4)),
        rng.integers(0, np.minimum(WINDOWS[which] // 2, 90) + 1),
    )
    places = np.unique(np.stack([which, frame, bins], axis=1), axis=0)
    places = places[np.sort(rng.permutation(len(places))[:n_grid])]
    n = len(places) + n_free
    amplitude = rng.integers(low, high + 1, (n, n_channels))
    amplitude[rng.random((n, n_channels)) < 0.3] = SILENT
    amplitude[:, 0] = np.where((amplitude == SILENT).all(axis=1), low, amplitude[:, 0])
    levels = np.minimum(n_phases + ((n_phases * slope * np.maximum(amplitude, 0)) >> 16), 1 << 16)
    phase = np.where(amplitude == SILENT, 0, rng.integers(0, levels))
    phase[:, 1:] = np.where(
        (rng.random((n, 1)) < 0.5) & (amplitude[:, 1:] == amplitude[:, :1]), phase[:, :1], phase[:, 1:]
    )
    free = np.stack(
        [
            np.sort(rng.integers(-1000, 1 << 22, n_free)),
            rng.integers(0, 1 << 20, n_free),
            rng.choice([1, 16384, 9999], n_free),
        ],
        axis=1,
    )
    return places, free, amplitude, phase


def _atoms(places, amplitude, phase) -> list[gabor.Atom]:
    sounds = [
        [(None if a == SILENT else int(a), int(p)) for a, p in zip(*pair, strict=True)]
        for pair in zip(amplitude, phase, strict=True)
    ]
    return [gabor.Atom(tuple(map(int, place)), sound) for place, sound in zip(places, sounds, strict=True)]


def _packet(low: int, slope: int, n_phases: int, n_channels: int) -> gabor.Packet:
    return gabor.Packet(low, slope, n_phases, SAMPLES, n_channels, WINDOWS.tolist())


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 2**32),
    st.integers(0, 60),
    st.integers(0, 5),
    st.sampled_from([1, 1, 2, 3]),
    st.sampled_from([(0, 3), (-20, 12), (-5, 3000), (-40, -1)]),
    st.sampled_from([(65536, 4), (12400, 32), (714, 2)]),
)
def test_the_same_bytes_and_events(seed, n_grid, n_free, n_channels, span, quantiser):
    low, (slope, n_phases) = span[0], quantiser
    places, free, amplitude, phase = _events(
        np.random.default_rng(seed), n_grid, n_free, n_channels, *span, n_phases, slope
    )
    n = len(places)
    slots, weights = trained()
    packet = model.Packet(WINDOWS, SAMPLES, np.array([low, slope, n_phases]))
    buffer = np.zeros(1 << 14, np.uint8)
    grid = model.OnGrid(*places.T.copy(), amplitude[:n].copy(), phase[:n].copy())
    off_grid = model.OffGrid(free.copy(), amplitude[n:].copy(), phase[n:].copy())
    size = model.code_events(0, 0, buffer, slots.copy(), weights.copy(), packet, grid, off_grid)
    data = buffer[:size].tobytes()
    grid_atoms, free_atoms = _atoms(places, amplitude[:n], phase[:n]), _atoms(free, amplitude[n:], phase[n:])

    assert (
        gabor.encode(
            _packet(low, slope, n_phases, n_channels), grid_atoms, free_atoms, mote_file.SLOTS, mote_file.WEIGHTS
        )
        == data
    )

    read_grid, read_free = gabor.decode(
        data, _packet(low, slope, n_phases, n_channels), n, n_free, mote_file.SLOTS, mote_file.WEIGHTS
    )
    assert [(a.place, a.sound) for a in read_grid] == [(a.place, a.sound) for a in grid_atoms]
    assert [(a.place, a.sound) for a in read_free] == [(a.place, a.sound) for a in free_atoms]

    got = model.OnGrid(*np.zeros((3, n), np.int64), *np.zeros((2, n, n_channels), np.int64))
    got_free = model.OffGrid(np.zeros_like(free), *np.zeros((2, len(free), n_channels), np.int64))
    assert model.code_events(1, 0, padded(data), slots.copy(), weights.copy(), packet, got, got_free) == n
    np.testing.assert_array_equal(np.stack(got[:3], axis=1), places)
    np.testing.assert_array_equal(got[3:], np.stack([amplitude[:n], phase[:n]]))
    np.testing.assert_array_equal(got_free.places, free)
    np.testing.assert_array_equal(got_free[1:], np.stack([amplitude[n:], phase[n:]]))


def test_carries_run_through_waiting_bytes():
    """Values that keep the top of the range make long rows of 255 before the carry that turns them into zeros."""
    slots, weights = mote_file.SLOTS, mote_file.WEIGHTS
    for n in (2, 3, 251, 256, 65536):
        for tail in range(6):
            coder = range_coder.Encoder(slots, weights)
            values = [n - 1] * 200 + [0] * tail + [n - 1] * 3
            for value in values:
                coder.uniform(n, value)
            reader = range_coder.Decoder(coder.finish(), slots, weights)
            assert [reader.uniform(n, 0) for _ in values] == values


@pytest.mark.parametrize("value", [0, 1, 2, 3, 4, 5, 7, 8, 100, 12345, 2**20, 2**47 - 1])
def test_strengths_of_any_size_come_back(value):
    slots, weights = mote_file.SLOTS, mote_file.WEIGHTS
    coder = range_coder.Encoder(slots, weights)
    gabor.code_strength(coder, [0] * 6, gabor.T_STRENGTH, gabor.MIX_STRENGTH, value)
    reader = range_coder.Decoder(coder.finish(), slots, weights)
    assert gabor.code_strength(reader, [0] * 6, gabor.T_STRENGTH, gabor.MIX_STRENGTH, 0) == value


VECTORS = Path(__file__).parents[1] / "vectors/v1"


@pytest.mark.parametrize("name", sorted(path.stem for path in VECTORS.glob("*.mote")))
def test_the_plain_reader_reads_the_gabor_events_of_every_vector(name):
    expected = np.load(VECTORS / f"{name}.npz")
    header, events = mote_file.read((VECTORS / f"{name}.mote").read_bytes())
    told = json.loads(str(expected["header"]))
    assert [header.sample_rate_hz, header.n_samples, header.n_channels] == [
        told[key] for key in ("rate", "samples", "channels")
    ]
    assert [header.steps_per_doubling, header.n_phases, header.knee] == told["quantiser"]
    columns = ("time", "frequency", "window", "amplitude", "phase", "edits", "group")
    shares = expected["gabor_share"].tolist() if "gabor_share" in expected else [[64, 0]] * len(expected["gabor_time"])
    want = zip(*(expected[f"gabor_{column}"].tolist() for column in columns), map(tuple, shares), strict=True)
    got = [
        (
            event.time,
            event.frequency,
            event.window,
            [SILENT if index is None else index for index, _ in event.sound],
            [phase for _, phase in event.sound],
            event.edits,
            event.group,
            event.share,
        )
        for event in events
    ]
    assert sorted(got) == sorted(want)


@pytest.mark.parametrize("name", ["shares", "stereo", "free", "windows"])
def test_the_plain_reader_finds_amplitudes_and_phases_of_parts(name):
    data = (VECTORS / f"{name}.mote").read_bytes()
    header, events = mote_file.read(data)
    base = base_of(loads(data).gabor)
    want = sorted((*row, *waves) for *row, waves in zip(*_places(base), _waves(base), strict=True))
    rate = header.sample_rate_hz
    got = sorted(
        (event.time / 64 / rate, event.frequency * rate / 2**20, event.window / 16 / rate, *_two(event.waves(header)))
        for event in events
    )
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def _places(events):
    return events.time_s.tolist(), events.frequency_hz.tolist(), events.window_s.tolist()


def _waves(events):
    return [_two(row) for row in (events.amplitude * np.exp(1j * events.phase_rad)).tolist()]


def _two(waves):
    """Complex numbers as pairs, rounded so that they sort alike."""
    return [round(part, 11) + 0.0 for wave in waves for part in (wave.real, wave.imag)]


@pytest.mark.parametrize("name", ["texture_subtracted", "texture"])
def test_the_plain_reader_finds_what_noise_is_subtracted(name):
    data = (VECTORS / f"{name}.mote").read_bytes()
    assert mote_file.read_subtracted(data) == (loads(data).texture.subtracted == 1).tolist()
    assert not mote_file.read(data)[1]


@pytest.mark.parametrize("name", ["notes", "shares", "mono"])
def test_the_plain_reader_reads_notes(name):
    data = (VECTORS / f"{name}.mote").read_bytes()
    known = loads(data).groups
    parts, found = mote_file.read_notes(data)
    assert parts == known.with_role("part").tolist()
    table = known.notes
    parent = dict(zip(known.id.tolist(), known.parent.tolist(), strict=True))
    assert [(each.id, each.onset_s, each.end_s, each.gain_db, each.sureness) for each in found] == list(
        zip(
            *(getattr(table, column).tolist() for column in ("id", "onset_s", "end_s", "gain_db", "sureness")),
            strict=True,
        )
    )
    assert [each.part for each in found] == [parent[each.id] for each in found]
    assert [-1 if each.program is None else each.program for each in found] == table.program.tolist()
    pitches = [np.nan if each.pitch is None else each.pitch for each in found]
    np.testing.assert_allclose(pitches, table.pitch, atol=1e-9)


@pytest.mark.parametrize("name", ["note_vectors", "notes"])
def test_the_plain_reader_reads_the_vectors_of_notes(name):
    data = (VECTORS / f"{name}.mote").read_bytes()
    notes = loads(data).groups.notes
    found = mote_file.read_note_vectors(data)
    assert list(found) == notes.id[notes.has_vector].tolist()
    assert [list(each.values()) for each in found.values()] == notes.numbers[notes.has_vector].tolist()
    assert all(tuple(each) == BESIDE_NOTES for each in found.values())


def test_the_plain_reader_has_tables_of_its_own():
    assert [range_coder.SQUASH[x] for x in range(-2560, 2561)] == SQUASH.tolist()
    assert STRETCH.tolist() == range_coder.STRETCH
    for path in (Path(__file__).parents[2] / "docs/reader").glob("*.py"):
        assert not re.search(r"^\s*(from|import) motes", path.read_text(encoding="utf-8"), re.MULTILINE), path


@pytest.mark.parametrize("name", ["metadata", "stereo", "windows", "rooms"])
def test_the_plain_reader_reads_version_2(name):
    scene = loads((VECTORS / f"{name}.mote").read_bytes()).replace(tags={"TITLE": ("ä", "b")})
    data = dumps(scene, 2)
    header, events = mote_file.read(data)
    header_1, events_1 = mote_file.read(dumps(scene))
    assert events == events_1
    assert header.numbers == header_1.numbers
    told = loads(data).metadata
    assert header.metadata == {
        name: getattr(told, name)
        for name in ("encoder", "options", "stop_reason", "source_digest", "version")
        if getattr(told, name)
    }
    version, packets = mote_file.packets(data)
    assert version == 2
    assert [mote_file.read_comments(payload) for letter, payload in packets if letter == "\xf4"] == [
        ["TITLE=ä", "TITLE=b"]
    ]
    with pytest.raises(AssertionError, match="damaged"):
        mote_file.read(data[:40] + bytes([data[40] ^ 1]) + data[41:])
