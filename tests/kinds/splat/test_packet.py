"""Splats in files: what is heard is what is stored, in few bytes, and damage is noticed."""

import numpy as np
import pytest
import splats as plain_splats

from motes.codec import dumps, load, loads, quantise, save
from motes.codec.quantise_scene import default_quantiser
from motes.codec.salvage import salvage
from motes.coding.varints import Reader, varint
from motes.errors import FormatError
from motes.kinds.splat.integers import FIELDS, rounded, to_integers
from motes.kinds.splat.model import COLUMNS
from motes.kinds.splat.packet import Coder, columns
from motes.kinds.splat.table import Splat
from motes.scene.scene import Scene
from motes.units import SILENCE_DB

RATE = 22050


def splats(n=64, seed=0, n_channels=1, seconds=1.4) -> Splat:
    """Such as a fit might find: every parameter in use, each spread over what is usual."""
    r = np.random.default_rng(seed)
    f0, level = np.exp(r.uniform(np.log(80), np.log(1500), n)), r.uniform(-45, -12, n)

    def some(share, value):
        return np.where(r.random(n) < share, value, 0.0)

    return Splat(
        time_s=np.sort(r.uniform(0, seconds, n)),
        width_s=np.exp(r.normal(np.log(0.02), 1, n)),
        f0_hz=f0,
        centre_hz=f0 * 2 ** r.normal(0.5, 1, n),
        width_octaves=np.exp(r.normal(0, 0.5, n)),
        t60_s=np.exp(r.normal(np.log(0.4), 0.9, n)),
        gain_db=level[:, None] + r.normal(0, 3, (n, n_channels)) * (np.arange(n_channels) > 0),
        shape=1.05 + np.exp(r.normal(0.3, 0.7, n)),
        phase_rad=r.uniform(-9, 9, n),
        glide_per_s=r.normal(0, 0.02, n),
        inharmonicity=np.exp(r.normal(np.log(3e-4), 1, n)),
        rolloff_db=r.normal(6, 4, n),
        damping_slope=np.abs(r.normal(0.5, 0.3, n)),
        cutoff_start_hz=np.exp(r.normal(np.log(4000), 0.7, n)),
        cutoff_end_hz=np.exp(r.normal(np.log(1500), 0.7, n)),
        crossfade_s=np.exp(r.normal(np.log(0.1), 0.7, n)),
        tremolo=some(0.3, r.uniform(-0.3, 0.3, n)),
        vibrato_cents=some(0.3, r.normal(0, 8, n)),
        modulation_hz=np.exp(r.normal(np.log(5), 0.3, n)),
        modulation_rad=r.uniform(-9, 9, n),
        noise=some(0.3, r.uniform(0, 0.5, n)),
        seed=np.arange(n),
    )


def scene_of(events: Splat, n_channels=1, n_samples=32768) -> Scene:
    return Scene(RATE, n_samples, n_channels).with_tables([events])


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_rounding_what_is_rounded_changes_nothing(n_channels):
    for seed in range(5):
        once = rounded(splats(seed=seed, n_channels=n_channels), RATE)
        assert rounded(once, RATE).equals(once)
    scene = quantise(scene_of(once, n_channels))
    loaded = loads(dumps(scene))
    assert loaded.splat.equals(scene.splat)
    assert dumps(loaded) == dumps(scene)


def test_64_splats_take_less_than_1500_bytes():
    mono, stereo = (len(dumps(scene_of(splats(n_channels=c), c))) for c in (1, 2))
    assert mono < 1500
    assert stereo < mono + 64 * 1.1


def test_what_is_not_used_costs_nothing():
    plain = splats().replace(
        **{
            p.name: np.full(64, p.default)
            for p in Splat.PARAMS
            if p.default is not None and p.name not in ("shape", "phase_rad", "seed")
        }
    )
    assert len(dumps(scene_of(plain))) < 0.75 * len(dumps(scene_of(splats())))
    assert (
        len(dumps(scene_of(plain))) <= len(dumps(scene_of(plain.replace(seed=np.zeros(64))))) + 4
    )  # no noise: no seed


def test_rooms_come_back():
    from motes.events.room import Room

    events = splats(12).replace(room_id=np.arange(12) % 2, wetness=np.linspace(0, 0.6, 12))
    scene = quantise(Scene(RATE, 32768, 1).with_tables([events], rooms=(Room.synthetic(0.5, 1),)))
    loaded = loads(dumps(scene))
    assert loaded.splat.equals(scene.splat)
    assert np.count_nonzero(loaded.splat.room_id) == 6


def test_edits_come_back():
    events = splats(12, n_channels=2)
    gain = events.gain_db.copy()
    gain[3] = SILENCE_DB
    gain[5, 1] = SILENCE_DB
    scene = quantise(scene_of(events.replace(gain_db=gain), 2).filter(300, 2000).reverse().transpose(3.7).stretch(1.3))
    loaded = loads(dumps(scene))
    assert loaded.splat.equals(scene.splat)
    assert np.array_equal(loaded.render(), scene.render())
    assert np.count_nonzero(loaded.splat.gain_db == SILENCE_DB) == 3


def test_extremes_of_every_parameter_are_rounded_within_their_range():
    base = splats(2)
    for param in Splat.PARAMS:
        edges = np.array([max(param.low, 1.05) if param.name == "shape" else param.low, param.high])
        if param.name == "time_s":
            edges = np.array([-999.0, 999.0])
        events = base.replace(**{param.name: edges[:, None] if param.per_channel else edges})
        once = rounded(events, RATE)
        assert rounded(once, RATE).equals(once), param.name


def test_bytes_are_those_of_the_plain_reader():
    rows = to_integers(splats(40), RATE)
    coder, plain = Coder(None, 40, 1), plain_splats.Columns(None)
    coded = [(name, rows[name]) for name in FIELDS if name in COLUMNS and name not in ("gain_db", "time_s")]
    for name, values in coded:
        coder.column(COLUMNS[name], values.copy())
        plain.column(name, values.tolist())
    bits = np.arange(40)
    values = np.random.default_rng(1).integers(0, 1 << bits)
    coder.evenly(bits, values.copy())
    plain.evenly(bits.tolist(), values.tolist())
    data = coder.finish()
    assert plain.coder.finish() == data
    reader = plain_splats.Columns(data)
    for name, held in coded:
        assert reader.column(name, [1] * 40) == held.tolist()
    assert reader.evenly(bits.tolist(), [0] * 40) == values.tolist()


def test_a_stretch_holds_what_sounds_there(tmp_path):
    scene = quantise(scene_of(splats(40, seconds=9.0), n_samples=10 * RATE))
    path = save(scene, tmp_path / "a.mote")
    part = load(path, 6.0, 6.5)
    assert 0 < part.n_events < scene.n_events
    there = scene.render(6.0, 6.5)
    assert np.sum((part.render(6.0, 6.5) - there) ** 2) < 1e-8 * np.sum(there**2)


def test_flipped_bits_are_noticed_and_the_rest_is_salvaged():
    data = dumps(scene_of(splats(20, seconds=4.0), n_samples=5 * RATE))
    rng = np.random.default_rng(4)
    for _ in range(60):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] ^= 1 << rng.integers(8)
        with pytest.raises(FormatError):
            loads(bytes(damaged))
    damaged = bytearray(data)
    damaged[data.index(b"P", 40) + 30] ^= 255
    found = salvage(bytes(damaged))
    assert 0 < found.scene.n_events < 20
    assert found.skipped


def test_wrong_contents_under_a_right_checksum_are_refused():
    """Anything may stand in a payload: events or a FormatError come out, nothing else."""
    quantiser, rng = default_quantiser(scene_of(splats(2))), np.random.default_rng(5)
    good = dumps(scene_of(splats(8, n_channels=2), 2))
    at = good.index(b"P", 40)
    outcomes = {"made": 0, "refused": 0}
    for trial in range(600):
        if trial % 2:
            junk = rng.integers(0, 256, rng.integers(0, 90), dtype=np.uint8).tobytes()
            payload = b"".join(map(varint, rng.integers(0, [3, 5, 1 << 18]).tolist())) + junk
        else:
            payload = bytearray(good[at + 7 : at + 200])
            payload[rng.integers(3, len(payload))] = rng.integers(256)
        try:
            columns(Reader(bytes(payload), "packet"), RATE, 2, quantiser)
            outcomes["made"] += 1
        except FormatError as error:
            outcomes["refused"] += 1 - ("\n" in str(error))
    assert outcomes["refused"] > 0
    assert sum(outcomes.values()) == 600
