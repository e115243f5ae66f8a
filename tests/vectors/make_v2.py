"""Write the files of version 2 in the folder v2 beside this one: what a decoder must make of them.

    python tests/vectors/make_v2.py

As `make.py`; NAME.npz holds the integers of detail and of waveforms too, and `powers` of files in two layers. What is
there is never written again, as that of version 1.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from motes.codec import dumps, loads
from motes.codec.seeking import SeekableFile
from motes.edit.detail.layers import powers_of
from motes.events.chirps import chirps_of
from motes.events.groups import Groups
from motes.events.room import Room
from motes.kinds.detail import integers as detail_integers
from motes.kinds.detail.oracle import render as render_detail_oracle
from motes.kinds.detail.table import Detail
from motes.kinds.gabor.edited import base_of
from motes.kinds.gabor.integers import to_integers, windows_of
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.kinds.learned import integers as learned_integers
from motes.kinds.learned.oracle import render as render_learned_oracle
from motes.kinds.learned.table import Learned
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "examples"))
sys.path.insert(0, str(FOLDER))
import kind_examples  # noqa: E402
import make  # noqa: E402

RATE, N_SAMPLES = kind_examples.RATE, 12_000
# Of a file in two layers, cut after so many bytes of its detail.
CUT, CUT_BYTES = "layered_cut", 40


def scenes() -> dict[str, Scene]:
    """One scene for each thing that version 2 alone may hold."""
    mono, stereo = _detail(1), _detail(2)
    usual = make.scenes()["mono"].replace(format_version=2)
    about = Metadata(encoder="test", options={"windows": [512]}, stop_reason="stalled", source_digest="ab" * 32)
    return {
        "plain": usual,
        "header": make.scenes()["stereo"].replace(format_version=2, metadata=about),
        "detail": Scene(RATE, N_SAMPLES, 1, tables=[mono]),
        "detail_stereo": Scene(RATE, N_SAMPLES, 2, tables=[stereo]),
        "detail_edited": _edited(Scene(RATE, N_SAMPLES, 2, tables=[stereo])),
        "detail_shares": _shares(_layers(1)),
        "detail_copies": _layers(1).join(_layers(1).select("kind == detail").only(), at_s=0.125),
        "layered": _layers(2).replace(layered=True),
        "chirps": _chirps(1),
        "chirps_edited": _edited_chirps(_chirps(2)),
        "layered_shares": _shares(_layers(1)).replace(layered=True),
        "learned": _learned(1),
        "learned_edited": _edited_waveforms(_learned(2)),
        "learned_named": _named(_learned(1)),
    }


def _detail(n_channels: int) -> Detail:
    """Two stretches that fade into each other, and one alone."""
    return kind_examples.detail(n_channels).take(slice(0, 3))


def _edited(scene: Scene) -> Scene:
    """Cut, transposed, stretched, filtered, turned round, moved by part of a sample and made softer."""
    scene = scene.select([0]).transpose(3).select([1]).stretch(1.25).select([2]).filter(300, 2500)
    scene = scene.slice(0.0, 0.36).join(scene.slice(0.36), at_s=0.36).select([1]).reverse()
    return scene.select("kind == detail").move(0.01001).select([0]).gain(-4.5)


def _layers(n_channels: int) -> Scene:
    """Atoms, noise and detail that sound together."""
    random, at = np.random.default_rng(50), np.linspace(0.3, 0.65, 24)
    shape = (24, n_channels)
    atoms = Gabor(
        at,
        np.full(24, 512 / RATE),
        np.tile([440.0, 1900.0], 12),
        random.uniform(0.02, 0.1, shape),
        random.uniform(-3, 3, shape),
    )
    texture = make._texture(n_channels, RATE, "usual").take(slice(0, 1))
    made = Scene(RATE, N_SAMPLES, n_channels, atoms, GaborQuantiser(2, 8, -60), tables=[texture, _detail(n_channels)])
    return made.quantise().replace(format_version=2)


def _chirps(n_channels: int) -> Scene:
    """Atoms on the grid and off it whose frequency rises or falls, from 0 steps to many, and steady ones; two stand in
    one place.
    """
    random, n = np.random.default_rng(51), 14
    shape = n, n_channels
    window = np.array([512, 2048, 64, 1024, 700, 256, 8192] * 2) / RATE
    steps = np.array([3, -20, 1, 0, 7, -2, 200, 0, 30, -1, 12, -5, 0, -150])
    frequency = np.rint(random.uniform(1500, 6000, n) * window) / window
    time = np.rint(np.linspace(0.02, 0.7, n) / window * 4) * window / 4
    time[8], frequency[8] = time[1], frequency[1]
    level = random.uniform(0.01, 0.1, shape)
    atoms = Gabor(time, window, frequency, level, random.uniform(-3, 3, shape), chirp_hz_per_s=2 * steps / window**2)
    return Scene(RATE, N_SAMPLES, n_channels, atoms, GaborQuantiser(2, 8, -60)).quantise()


def _edited_chirps(scene: Scene) -> Scene:
    """Atoms that rise, edited in every way, some of them in a room, and a scene joined to them: one is as good as a
    partial of its own.
    """
    edited = scene.transpose(2).select([0, 1, 2, 6]).stretch(1.5).select([3, 4, 5]).reverse()
    edited = edited.select("time_s > 0.4").gain(-3)
    edited = edited.select("time_s > 0.4").room(Room.synthetic(0.2, seed=5), 0.25)
    return edited.join(_chirps(2), at_s=0.1)


def _shares(scene: Scene) -> Scene:
    """A note and some other atoms moved, transposed and made softer, with their shares of detail."""
    groups = Groups(np.array([1]), np.array([0]), np.array([1]))
    note = scene.select("frequency_hz < 1000").mask[: len(scene.gabor)]
    scene = scene.replace(gabor=scene.gabor.replace(group_id=note.astype(np.int64)), groups=groups)
    scene = scene.select(group=1).transpose(2).select("frequency_hz > 1000 and time_s < 0.5").move(0.0625)
    return scene.select("frequency_hz > 1000 and time_s > 0.5").gain(-6)


def _learned(n_channels: int) -> Scene:
    """Waveforms that overlap, of a dictionary that holds one more."""
    events = kind_examples.learned(n_channels).take(slice(0, 6))
    return Scene(RATE, N_SAMPLES, n_channels, learned=events, models=[kind_examples.dictionary()])


def _edited_waveforms(scene: Scene) -> Scene:
    """Transposed, moved by part of a sample, filtered, turned round, one channel silent, and in a group."""
    groups = Groups(np.array([1]), np.array([0]), np.array([1]))
    learned = scene.learned.replace(group_id=np.arange(6) % 2)
    scene = scene.replace(learned=learned, groups=groups).select([0]).transpose(-5).select([1]).move(0.01001)
    scene = scene.select([2]).filter(300, 2500).select([3]).reverse()
    amplitude = scene.learned.amplitude * np.array([[1, 1], [1, 0], [1, 1], [0, 1], [1, 1], [1, 1]])
    return scene.replace(learned=scene.learned.replace(amplitude=amplitude))


def _named(scene: Scene) -> Scene:
    """The dictionary only named."""
    return scene.replace(models=tuple(model.named() for model in scene.models))


def files() -> dict[str, bytes]:
    """All files by name."""
    made = {name: dumps(scene) for name, scene in scenes().items()}
    return made | {CUT: made["layered"][: sparse_bytes(made["layered"]) + CUT_BYTES]}


def sparse_bytes(data: bytes) -> int:
    """Where the sparse layer of a file in two layers ends."""
    from io import BytesIO

    return SeekableFile(BytesIO(data)).sparse_bytes


def decoded(data: bytes) -> Scene:
    """The scene in a file, which may be cut."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return loads(data)


def integers(scene: Scene) -> dict[str, np.ndarray]:
    """As in `make.py`, and those of detail and chirps."""
    detail, base = scene.detail, base_of(scene.gabor)
    chirps = chirps_of(base, windows_of(to_integers(base, RATE, scene.quantiser).window, RATE)) if len(base) else None
    found = {f"detail_{name}": values for name, values in detail_integers.to_integers(detail, RATE).items()}
    found |= {f"detail_{name}": detail.column(name) for name in Detail.RAGGED}
    found |= {"powers": powers_of(scene)} if scene.layered else {}
    learned = {f"learned_{name}": values for name, values in learned_integers.to_integers(scene.learned, RATE).items()}
    learned |= {f"waveforms_{i}": one.waveforms for i, one in enumerate(scene.models) if one.waveforms is not None}
    found = (found if len(detail) else {}) | (learned if len(scene.learned) else {})
    return make.integers(scene) | found | ({} if chirps is None else {"gabor_chirp": chirps})


def audio(scene: Scene) -> np.ndarray:
    """What it sounds like: detail and waveforms by their definition."""
    none = {"detail": Detail.empty(scene.n_channels), "learned": Learned.empty(scene.n_channels)}
    bare = make.audio(replace(scene, **none))
    made = bare + render_detail_oracle(scene.detail, scene) + render_learned_oracle(scene.learned, scene)
    return made.astype(np.float32)


def contents(data: bytes) -> tuple[Scene, make.Arrays]:
    """The scene in a file, and what a decoder must make of it."""
    scene = decoded(data)
    return scene, {"audio": audio(scene), "header": make.header(scene), **integers(scene), **make.decimals(scene)}


def main() -> int:
    """Write what is missing of them; 1 if one would have to change."""
    return make.write(FOLDER / "v2", files(), contents)


if __name__ == "__main__":
    sys.exit(main())
