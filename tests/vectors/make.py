"""Write the files in the folder of the format's version beside this one: what a decoder must make of them.

    python tests/vectors/make.py

For each NAME.mote, NAME.npz holds the integers in it as docs/format.md defines them (see `integers`; a silent channel
or band is −2³¹), `header`, the text of what holds for the whole file, and `audio`, rendered by the definition of the
events, float32. Files of version 0 are written anew each time; those of a released version never: they decode for ever.
For what is new in a released version a scene is added, and this adds its file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from motes.codec import dumps, frames, loads
from motes.codec.index import Index, pack_end
from motes.codec.packets import END, HEADER, INDEX
from motes.events.event_table import EventTable
from motes.events.groups import Groups
from motes.events.instrument import Instrument
from motes.events.model import Model
from motes.events.note_table import MISSING, N_NUMBERS, NoteTable
from motes.events.note_table import to_integers as note_integers
from motes.events.packet import packet_samples
from motes.events.room import Room
from motes.events.shares import WHOLE, parts, shares_of, wholes
from motes.kinds.gabor.edit_tags import edits_to_tags
from motes.kinds.gabor.edited import base_of
from motes.kinds.gabor.integers import to_integers
from motes.kinds.gabor.oracle import render_gabor_oracle
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.kinds.splat import integers as splat_integers
from motes.kinds.splat.oracle import render_splat_oracle
from motes.kinds.splat.table import Splat
from motes.kinds.strike import integers as strike_integers
from motes.kinds.strike.oracle import render_strike_oracle
from motes.kinds.strike.table import Strike
from motes.kinds.texture import integers as texture_integers
from motes.kinds.texture.oracle import render_texture_oracle
from motes.kinds.texture.table import Texture, hop_samples
from motes.kinds.vector import integers as vector_integers
from motes.kinds.vector import oracle as vector_oracle
from motes.kinds.vector.decoder import RELEASED
from motes.kinds.vector.table import Vector
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.units import HIGHEST_HZ, SILENCE_DB

FOLDER = Path(__file__).parent
ALL_WINDOWS = tuple(64 << k for k in range(10))
# A file with packets that later versions may add and this one passes over; no encoder here writes it.
GROWN = "grown"
# What a decoder must make of a file, by name.
Arrays = dict[str, np.ndarray]


def scenes() -> dict[str, Scene]:
    """One scene for each thing that a file may hold."""
    sys.path.insert(0, str(FOLDER.parent / "examples"))
    from codec_scenes import random_scene

    lasting = np.arange(0, 120_000, 512)
    line = Gabor(
        lasting / 44100,
        np.full(len(lasting), 2048 / 44100),
        np.full(len(lasting), 20 * 44100 / 2048),
        *np.full((2, len(lasting), 1), 0.25),
    )
    return {
        "empty": Scene(44100, 0, 1, Gabor.empty(1)),
        "mono": random_scene(1, 400, 1, n_samples=12_000, silent=0).replace(quantiser=GaborQuantiser(1, 4, -50)),
        "windows": random_scene(2, 200, 1, rate=48000, n_samples=12_000, windows=ALL_WINDOWS, silent=0).replace(
            quantiser=GaborQuantiser(2, 12, 100)
        ),
        "stereo": random_scene(3, 150, 2, rate=22050, n_samples=6_000, off_grid=0.2, twice=0.1).replace(
            quantiser=GaborQuantiser(2, 8, -60)
        ),
        "six_channels": random_scene(4, 40, 6, rate=8000, n_samples=2_000, off_grid=0.05, silent=0.5).replace(
            quantiser=GaborQuantiser(64, 1024, -100),
            metadata=Metadata(encoder="test", options={"windows": [512]}, stop_reason="stalled"),
        ),
        "free": random_scene(5, 20, 1, n_samples=6_000, off_grid=1.0, silent=0).replace(
            quantiser=GaborQuantiser(4, 32, -40)
        ),
        "line": Scene(44100, 12_000, 1, line, GaborQuantiser(2, 16, -16)),
        "edited": _edited(
            random_scene(6, 60, 1, n_samples=12_000, silent=0), random_scene(7, 30, 1, n_samples=6_000, silent=0)
        ),
        "alike": _alike(random_scene(8, 80, 1, n_samples=6_000, silent=0)),
        "texture": Scene(22050, 12_000, 1, texture=_texture(1, 22050, "usual")),
        "texture_free": Scene(8000, 6_000, 1, texture=_texture(1, 8000, "free")),
        "texture_stereo": Scene(44100, 12_000, 2, texture=_texture(2, 44100, "usual")),
        "texture_subtracted": Scene(22050, 12_000, 1, texture=_subtracted(_texture(1, 22050, "usual"))),
        "texture_alike": Scene(44100, 6_000, 2, texture=_texture(2, 44100, "alike")),
        "strikes": _struck(1),
        "strikes_stereo": _struck(2),
        "splats": Scene(22050, 12_000, 1, splat=_splats(1)),
        "splats_stereo": Scene(44100, 12_000, 2, splat=_splats(2)),
        "splats_edited": _edited_splats(Scene(16000, 8_000, 2, splat=_splats(2))),
        "vectors": _vectors(1, 22050),
        "vectors_stereo": _edited_vectors(_vectors(2, 44100)),
        "notes": random_scene(11, 12, 1, n_samples=4_000, silent=0).replace(
            quantiser=GaborQuantiser(2, 8, -40), groups=_notes()
        ),
        "note_vectors": random_scene(13, 8, 1, n_samples=3_000, silent=0).replace(
            quantiser=GaborQuantiser(2, 8, -40), groups=_note_vectors()
        ),
        "shares": _shared(random_scene(12, 40, 2, rate=22050, n_samples=6_000, off_grid=0.1, silent=0.2)),
        "rooms": _in_rooms(random_scene(10, 30, 2, rate=16000, n_samples=6_000, silent=0.2)),
        "metadata": random_scene(9, 5, 1, n_samples=2_000, silent=0).replace(
            quantiser=GaborQuantiser(2, 8, -20),
            metadata=Metadata(
                encoder="poursuite à façon",
                options={"名前": "雨 🎵", "nested": {"a": [1, 2.5, None, True]}, "": '\u0000\t"\\'},
                stop_reason="n_events_reached",
                source_digest="0123456789abcdef" * 4,
                version="0.1.0",
            ),
        ),
    }


def _edited(scene: Scene, other: Scene) -> Scene:
    """Two scenes joined, in groups, some moved, transposed, stretched, turned round and made softer."""
    n_events = len(scene.gabor)
    groups = Groups(np.array([1, 2, 5]), np.array([0, 1, 0]), np.array([1, 0, 3]))
    scene = scene.replace(
        groups=groups, gabor=scene.gabor.replace(group_id=np.array([0, 1, 2, 5])[np.arange(n_events) % 4])
    )
    scene = scene.select(start_s=0.0, end_s=0.1).transpose(semitones=3)
    scene = scene.select(group=5).gain(db=-4.5)
    scene = scene.select(start_s=0.15).stretch(factor=1.25)
    scene = scene.join(other, at_s=0.12)
    return (
        scene.select("frequency_hz < 4000 and time_s > 0.2")
        .move(by_s=0.0625)
        .replace(quantiser=GaborQuantiser(4, 16, -50))
    )


def _alike(scene: Scene) -> Scene:
    """The same in both channels."""
    gabor = scene.gabor
    twice = {name: np.repeat(gabor.column(name), 2, axis=1) for name in ("amplitude", "phase_rad")}
    return Scene(
        44100, 6_000, 2, Gabor(gabor.time_s, gabor.window_s, gabor.frequency_hz, **twice), GaborQuantiser(2, 8, -40)
    )


def _subtracted(texture: Texture) -> Texture:
    """The noise, and 6 dB below it the same taken away, of the second event in another's place."""
    softer = texture.amplified(np.full(len(texture), 0.5)).replace(subtracted=np.ones(len(texture), np.int64))
    return texture.with_more(softer.replace(time_s=softer.time_s + np.array([0.0, 0.0625])))


def _texture(n_channels: int, rate: int, how: str) -> Texture:
    """Noise as encoders make it, in two packets; or with times, bands and frames of its own, backward, in another
    pitch.
    """
    random, hop = np.random.default_rng(len(how) + n_channels), hop_samples(rate)
    frame_s, start_s = hop / rate, packet_samples(rate) / rate
    if how == "free":
        n_bands, n_frames = np.array([5, 8, 3]), np.array([6, 11, 1])
        levels = 4.0 * random.integers(-20, -5, (int(np.sum(n_bands * n_frames)), n_channels)) + 1.5
        return Texture(
            np.array([-0.05, 0.11, 0.3]),
            np.array([0.3, 0.2, 0.25]),
            np.array([1, 99, 2**32 - 1]),
            np.array([0.05, 0.02, 0.4]),
            np.array([100.0, 50.0, 20.0]),
            np.array([3000.0, 3500.0, 4000.0]),
            n_bands,
            n_frames,
            levels,
            np.empty((16, n_channels - 1)),
            clock_s=np.array([0.0, 0.5, 0.25]),
            into_s=np.array([0.01, 0.0, 0.05]),
            frequency_ratio=np.array([1.0, 1.5, 0.75]),
            backward=np.array([0, 1, 0]),
        )
    n_bands, n_frames = np.array([32, 32]), np.array([round(start_s / frame_s), 9])
    steps = (
        np.cumsum(random.integers(-1, 2, (int(np.sum(n_bands * n_frames)) // 4, n_channels)), axis=0)
        .clip(-8, 8)
        .repeat(4, axis=0)
    )
    levels = np.where(random.random(steps.shape) < 0.02, -200.0, 4.0 * steps - 52)
    levels = np.repeat(levels[:, :1], n_channels, axis=1) if how == "alike" else levels
    coherence = (
        np.full((64, n_channels - 1), 1.0) if how == "alike" else random.integers(-8, 9, (64, n_channels - 1)) / 8
    )
    at, edges_hz = np.array([0.0, start_s]), np.array([[20.0, 20.0], [rate / 2, rate / 2]])
    return Texture(
        at,
        n_frames * frame_s,
        np.array([1, 1]),
        np.full(2, frame_s),
        *edges_hz,
        n_bands,
        n_frames,
        levels,
        coherence,
        clock_s=at,
    )


def _struck(n_channels: int) -> Scene:
    """Two instruments, one with a direct path, played by strikes of every sort."""
    random, rate = np.random.default_rng(10 + n_channels), 16000
    models = []
    for n_taps in (16, 0):
        weights = 0.2 * (random.normal(size=(3, 8)) + 1j * random.normal(size=(3, 8))) * (random.random((3, 8)) < 0.6)
        mixing = np.ones((1, 8)) if n_channels == 1 else np.exp(1j * random.normal(size=(n_channels, 8)))
        direct, gain, pad = (
            0.01 * random.normal(size=(n_channels, n_taps)),
            random.normal(size=3),
            random.random((3, 2)),
        )
        frequency_hz, t60_s = np.sort(random.uniform(100, 3000, 8)), random.uniform(0.05, 0.3, 8)
        models.append(Instrument(rate, frequency_hz, t60_s, weights, mixing, direct, gain, pad))
    control, which = np.array([0, 1, 2, 2, 0, 1]), np.array([0, 0, 1, 1, 0, 1])
    ring_s = np.array([model.ring_s() for model in models])[which, control]
    at, amplitude, ratio = np.array(
        [[0.01, 0.1, 0.1, 0.15123, 0.2, 0.3], [0.5, 1.0, 0.3, 0.8, 0.6, 1.0], [1, 1, 1, 1.3, 1, 0.5]]
    )
    since_s, turn_s, low_hz = np.array([[0, 0, 0, 0, 0.4, 0], [0, 0, 0, 0, 0.01, 0], [0, 0, 200.0, 0, 0, 0]])
    strikes = Strike(
        at,
        control,
        amplitude,
        ring_s,
        which,
        ratio,
        since_s,
        turn_s,
        low_hz,
        np.array([1e6, 1e6, 1e6, 1e6, 1e6, 1200.0]),
    )
    return Scene(rate, 8_000, n_channels, strike=strikes, instruments=tuple(models))


def _splats(n_channels: int) -> Splat:
    """Bursts rung through resonances: some plain, some with every parameter in use, silent in a channel, backward,
    in a band, of noise alone.
    """
    random, n = np.random.default_rng(20 + n_channels), 12
    f0, used = np.exp(random.uniform(np.log(80), np.log(1500), n)), np.arange(n) % 3 > 0
    gain = random.uniform(-45, -12, (n, n_channels))
    gain[5, -1] = SILENCE_DB

    def some(default: float, values: np.ndarray) -> np.ndarray:
        return np.where(used, values, default)

    return Splat(
        time_s=np.sort(random.uniform(-0.01, 0.25, n)),
        width_s=np.exp(random.normal(np.log(0.01), 1, n)),
        f0_hz=f0,
        centre_hz=f0 * 2 ** random.normal(0.5, 1, n),
        width_octaves=np.exp(random.normal(0, 0.5, n)),
        t60_s=np.exp(random.normal(-2, 0.9, n)),
        gain_db=gain,
        shape=some(0, 1.05 + np.exp(random.normal(0.3, 0.7, n))),
        phase_rad=random.uniform(-9, 9, n),
        glide_per_s=some(0, random.normal(0, 0.2, n)),
        inharmonicity=some(0, np.exp(random.normal(-7, 1, n))),
        rolloff_db=some(0, random.normal(9, 9, n)),
        damping_slope=some(0, np.abs(random.normal(0.5, 0.3, n))),
        cutoff_start_hz=some(HIGHEST_HZ, np.exp(random.normal(8, 0.7, n))),
        cutoff_end_hz=some(HIGHEST_HZ, np.exp(random.normal(7, 0.7, n))),
        crossfade_s=some(0.1, np.exp(random.normal(-3, 0.7, n))),
        tremolo=some(0, random.uniform(-1, 1, n)),
        vibrato_cents=some(0, random.normal(0, 30, n)),
        modulation_hz=some(5, np.exp(random.normal(2, 0.5, n))),
        modulation_rad=some(0, random.uniform(-9, 9, n)),
        noise=np.where(np.arange(n) == 7, 1.0, some(0, random.uniform(0, 0.9, n))),
        seed=random.integers(0, 2**32, n),
        n_partials=np.where(used, random.integers(1, 33, n), 32),
        low_hz=some(0, random.uniform(0, 300, n)),
        high_hz=np.where(np.arange(n) == 4, 2000.0, HIGHEST_HZ),
        backward=np.arange(n) % 4 == 1,
    )


def _edited_splats(scene: Scene) -> Scene:
    """In a group, moved, transposed, stretched, filtered, turned round and made softer."""
    groups = Groups(np.array([3]), np.array([0]), np.array([2]))
    scene = scene.replace(
        groups=groups, splat=scene.splat.replace(group_id=np.array([0, 3])[np.arange(len(scene.splat)) % 2])
    )
    scene = scene.select(group=3).transpose(semitones=3.7).select("f0_hz > 400").gain(db=-4.5)
    scene = scene.select(start_s=0.1).stretch(factor=1.25).select("time_s < 0.1").move(by_s=0.0625)
    return scene.select("f0_hz < 300").reverse().filter(100, 3000)


def _vectors(n_channels: int, rate: int) -> Scene:
    """Notes and noises at random, in two packets, chords among them; the last ones of a model that nobody has."""
    random, n = np.random.default_rng(30 + n_channels), 14
    numbers = random.normal(size=(n, 16)) * [9, 8, 0.5, 1, 1, 0.7, 0.3, *np.ones(9)]
    numbers += [62, -30, -3.5, -2, -6, 1, 0.3, *np.zeros(9)]
    numbers[:, 6] = np.clip(numbers[:, 6], 0, 1)
    time_s = np.sort(np.append(random.uniform(-0.01, 0.4, n - 2), [1.1, 1.1]))
    time_s[4] = time_s[3]
    models = (Model("notes-1", RELEASED["notes-1"]), Model("another-1.2", "0123456789abcdef" * 4))
    table = Vector(time_s, *numbers.T, gain_db=np.zeros((n, n_channels)), model=np.where(np.arange(n) < n - 3, 0, 1))
    return Scene(rate, 12_000, n_channels, vector=table, models=models)


def _edited_vectors(scene: Scene) -> Scene:
    """In a group and a room, moved, transposed, stretched, filtered, turned round, panned and muted."""
    groups, vector = Groups(np.array([3]), np.array([0]), np.array([1])), scene.vector
    gain = np.stack([np.linspace(0, -12, len(vector)), np.linspace(-200, 0, len(vector))], axis=1)
    scene = scene.replace(groups=groups, vector=vector.replace(gain_db=gain, group_id=3 * (np.arange(len(vector)) % 2)))
    scene = scene.select(group=3).transpose(semitones=3.7).select("pitch_semitones > 60").gain(db=-4.5)
    scene = scene.select(start_s=0.1).stretch(factor=1.25).select("time_s < 0.1").move(by_s=0.0625)
    scene = scene.select("time_s > 0.3").room(Room.synthetic(0.125, 7), 0.25)
    return scene.select("pitch_semitones < 55").reverse().select([0, 1, 2, 3]).filter(100, 3000)


def _notes() -> Groups:
    """Notes in two parts, one of them in none, one without a pitch, and one that nothing is known of; a voice."""
    ids, parent = np.array([1, 2, 3, 4, 6, 300, 301]), np.array([4, 4, 0, 0, 301, 0, 0])
    onset_s, length_s = np.array([-0.25, 0.5, 0.125, 1.5]), np.array([0.75, 0.0, 3.0, 500.0])
    pitch_hz, level_db = np.array([440.0, 65.4064, np.nan, 14080.0]), np.array([-12.5, -60.0, 0.0, -200.0])
    known = NoteTable(
        np.array([1, 2, 3, 6]),
        onset_s,
        onset_s + length_s,
        pitch_hz,
        level_db,
        np.array([1.0, 0.5, 0.0, 0.9]),
        np.array([0, 0, -1, 128]),
    )
    return Groups(ids, parent, np.array([1, 1, 1, 4, 1, 2, 4]), known.rounded())


def _note_vectors() -> Groups:
    """Notes of which some have a vector."""
    groups, random = _notes(), np.random.default_rng(41)
    numbers = random.integers(-40, 40, (len(groups.notes), N_NUMBERS)) * random.integers(0, 2, N_NUMBERS)
    numbers[1] = MISSING
    return groups.with_notes(groups.notes.replace(numbers=numbers))


def _shared(scene: Scene) -> Scene:
    """Atoms in parts: half of them in two, one in three, of which those of a note stand in a layer and a room of their
    own, edited.
    """
    scene = scene.replace(quantiser=GaborQuantiser(2, 8, -60)).quantise()
    random, whole = np.random.default_rng(40), scene.gabor
    here = np.arange(len(whole)) % 2 == 0
    shares = np.stack([random.integers(1, 64, here.sum()), random.integers(-30, 30, here.sum())], axis=1)
    shares[0], more = (-448, 512), np.array([[7, 0]])
    note = parts(whole.take(here), shares)
    note = note.replace(group_id=np.full(len(note), 1), edit_layer=np.full(len(note), 1))
    left = np.array(WHOLE) - shares
    left[-1] -= more[0]
    third = parts(whole.take(np.flatnonzero(here)[-1:]), more)
    gabor = whole.take(~here).with_more(note, parts(whole.take(here), left), third)
    scene = scene.replace(gabor=gabor, groups=_notes(), rooms=(Room.synthetic(0.125, 7),))
    return scene.select(group=1).transpose(-2).select(group=1).move(0.0625).select(group=1).room(scene.rooms[0], 0.25)


def _in_rooms(scene: Scene) -> Scene:
    """Atoms and noise sent to a synthetic room and to one whose response is in the file; a third is named by its
    digest alone.
    """
    response = np.random.default_rng(0).normal(size=(2, 400)) * np.exp(-np.arange(400) / 80)
    rooms = (
        Room.synthetic(0.125, 7),
        Room.of(response, 16000, "Küche").embedded(16000),
        Room("hall", "0123456789abcdef" * 4),
    )
    which = np.arange(len(scene.gabor))
    gabor = scene.gabor.replace(room_id=which % 3, wetness=np.where(which % 3, (which % 8) / 8, 0.0))
    texture = _texture(2, 16000, "usual")
    texture = texture.replace(room_id=np.array([2, 0]), wetness=np.array([0.5, 0.0]))
    return scene.replace(gabor=gabor, texture=texture, rooms=rooms, quantiser=GaborQuantiser(2, 8, -50))


def files() -> dict[str, bytes]:
    """All files by name."""
    made = {name: dumps(scene) for name, scene in scenes().items()}
    return made | {GROWN: _grown(made["mono"])}


def _grown(data: bytes) -> bytes:
    """The file with optional packets before and after its packets of events, and with more in its header, as later
    versions may write it.
    """
    at, packets = frames.PREAMBLE_SIZE, []
    while at < len(data):
        packets.append(frames.read_frame(data, at, len(packets)))
        at += packets[-1].size
    header, *events, index, _ = packets
    text = msgspec.json.encode({"encoder": "a later one", "stop_reason": "stalled", "mood": ["calm"]})
    numbers = header.payload.split(b"{")[0]
    after = [frames.frame(packet.kind, packet.payload) + frames.frame(0xC1, b"beside these") for packet in events]
    told = Index.unpack(index.reader())
    entries = tuple(replace(entry, n_bytes=len(packet)) for entry, packet in zip(told.entries, after, strict=True))
    listed = frames.frame(INDEX.number, Index(told.windows, entries).pack())
    parts = [
        frames.Preamble().pack(),
        frames.frame(HEADER.number, numbers + text),
        frames.frame(0xF0, b"something new"),
        *after,
        listed,
    ]
    return b"".join([*parts, frames.frame(END.number, pack_end(len(listed), 4 + 2 * len(events)))])


def integers(scene: Scene) -> dict[str, np.ndarray]:
    """The events of a rounded scene as integers: gabor before edits, what edits did, layers and groups; textures
    and splats by column; strikes; shares and notes where there are such.
    """
    assert scene.quantiser is not None
    rate, gabor = scene.sample_rate_hz, scene.gabor
    found = {
        f"gabor_{name}": values
        for name, values in vars(to_integers(wholes(base_of(gabor)), rate, scene.quantiser)).items()
    }
    found |= {
        "gabor_edits": edits_to_tags(gabor).values,
        "gabor_layer": gabor.edit_layer,
        "gabor_group": gabor.group_id,
    }
    found |= {f"texture_{name}": values for name, values in texture_integers.to_integers(scene.texture, rate).items()}
    found |= {"texture_subtracted": scene.texture.subtracted} if scene.texture.subtracted.any() else {}
    found |= {"strikes": strike_integers.to_integers(scene.strike, rate)}
    found |= {
        f"splat_{name}": values
        for name, values in splat_integers.to_integers(scene.splat, rate).items()
        if name != "sends"
    }
    found |= {
        f"vector_{name}": values
        for name, values in vector_integers.to_integers(scene.vector, rate).items()
        if len(scene.vector) and name != "sends"
    }
    found |= {f"{table.KIND}_room": table.room_id for table in _told(scene)}
    shares = shares_of(gabor)
    found |= {} if shares is None else {"gabor_share": shares}
    found |= {"notes": note_integers(scene.groups.notes)} if len(scene.groups.notes) else {}
    found |= {"note_vectors": scene.groups.notes.numbers} if scene.groups.notes.has_vector.any() else {}
    return found | {f"groups_{name}": getattr(scene.groups, name) for name in ("id", "parent", "role")}


def _told(scene: Scene) -> list[EventTable]:
    """The tables that a file of version 1 told of when it was released, and those of later kinds that have events."""
    return [table for table in scene.tables if len(table) or table.KIND in ("gabor", "texture", "strike", "splat")]


def header(scene: Scene) -> str:
    """What holds for the whole file, and how rooms are named, as text."""
    q, told = scene.quantiser, {"rate": scene.sample_rate_hz, "samples": scene.n_samples, "channels": scene.n_channels}
    assert q is not None
    about = msgspec.to_builtins(scene.metadata)
    del about["defaults"]  # which files of version 1 do not tell
    about = {name: value for name, value in about.items() if value or name not in ("markers", "group_names")}
    told |= {"quantiser": [q.steps_per_doubling, q.n_phases, q.knee], "metadata": about}
    told |= {"rooms": [[room.name, room.digest, room.rt60_s, room.seed, room.is_embedded] for room in scene.rooms]}
    told |= {"models": [[model.id, model.digest] for model in scene.models]} if scene.models else {}
    return msgspec.json.encode(told, order="sorted").decode()


def decimals(scene: Scene) -> dict[str, np.ndarray]:
    """The numbers of instruments and rooms, and how much of each event is sent there."""
    names = ("frequency_hz", "t60_s", "weights", "mixing", "direct", "direct_gain", "pad")
    found = {f"{table.KIND}_wetness": table.wetness for table in _told(scene)}
    found |= {f"room_{i}": room.response for i, room in enumerate(scene.rooms) if room.response is not None}
    return found | {
        f"instrument_{i}_{name}": getattr(model, name) for i, model in enumerate(scene.instruments) for name in names
    }


def audio(scene: Scene) -> np.ndarray:
    """What it sounds like, by definition; edited partials and rooms by the renderer, which defines what is done
    there.
    """
    if edits_to_tags(scene.gabor).index.any() or scene.rooms:
        return np.atleast_2d(scene.render()).astype(np.float32)
    shape = scene.sample_rate_hz, scene.n_samples, scene.n_channels
    total = (
        render_gabor_oracle(scene.gabor, *shape)
        + render_texture_oracle(scene.texture, *shape)
        + render_splat_oracle(scene.splat, *shape)
        + vector_oracle.render(scene.vector, scene)
    )
    return (total + render_strike_oracle(scene.strike, list(scene.instruments), *shape)).astype(np.float32)


def write(folder: Path, made: dict[str, bytes], about: Callable[[bytes], tuple[Scene, Arrays]]) -> int:
    """Write what is missing of these files and what is `about` them; 1 if one that is there would have to change."""
    changed = []
    folder.mkdir(exist_ok=True)
    for name, data in made.items():
        path = folder / f"{name}.mote"
        if path.exists():
            changed += [name] if path.read_bytes() != data else []
            continue
        scene, arrays = about(data)
        np.savez_compressed(path.with_suffix(".npz"), **arrays)
        path.write_bytes(data)
        print(f"{path.name}: {len(data)} bytes, {scene.n_events} events")
    for name in changed:
        print(f"{name}: the encoder writes it differently now; the file stays as it was released", file=sys.stderr)
    return int(bool(changed))


def contents(data: bytes) -> tuple[Scene, Arrays]:
    """The scene in a file of version 1, and what a decoder must make of it."""
    decoded = loads(data)
    found = {"audio": audio(decoded), "header": header(decoded), **integers(decoded), **decimals(decoded)}
    return decoded, found


def main() -> int:
    """Write those of version 1."""
    return write(FOLDER / f"v{frames.VERSION}", files(), contents)


if __name__ == "__main__":
    sys.exit(main())
