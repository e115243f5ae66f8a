"""What holds of every encoder in ENCODERS, and of the one door to them."""

from __future__ import annotations

import dataclasses
import io
import pickle
import subprocess
import sys
import tomllib
import typing
from pathlib import Path

import numpy as np
import pytest

import motes
from motes.audio import write_audio
from motes.encoders import ENCODERS, Encoder, door, encoder_named, encoder_of, make_options, options_in
from motes.encoders.fit import SplatOptions
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.texture import TextureOptions
from motes.errors import AudioError, ParameterError

ROOT = Path(__file__).parents[2]
RATE = 8000
# Options with which each encoder is done soon.
QUICK = {
    "pursuit": {"n_events": 20},
    "instrument": {"refine": 0, "modes": 8, "controls": 2},
    "splat": {"events": 2, "iterations": 3},
    "gabor": {"events": 2, "iterations": 3},
    "siam": {"events_per_second": 4, "n_threads": 1},
}
EVERY = pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.name)


def tone(n_samples: int = 4000, n_channels: int = 1) -> np.ndarray:
    t = np.arange(n_samples) / RATE
    y = np.stack([0.3 * np.sin(2 * np.pi * (440 + 110 * c) * t) * np.exp(-9 * t) for c in range(n_channels)])
    return (y[0] if n_channels == 1 else y).astype(np.float32)


def quick(encoder: Encoder, audio: object = None, **more: object) -> motes.Scene:
    if encoder.extra == "learn":
        pytest.importorskip("torch")
    more = {"sample_rate_hz": RATE} | more
    return motes.encode(tone() if audio is None else audio, encoder=encoder.name, **QUICK[encoder.name], **more)


# --- laws ---


@EVERY
def test_a_scene_has_the_length_and_the_channels_of_the_audio(encoder):
    for audio in (tone(), tone(4001, 2), tone(1), tone(0)):
        scene = quick(encoder, audio)
        assert scene.render().shape == audio.shape
        assert scene.sample_rate_hz == RATE


@EVERY
def test_what_is_heard_is_what_is_stored_and_says_where_it_comes_from(encoder, tmp_path):
    scene = quick(encoder)
    scene.save(tmp_path / "a.mote")
    again = motes.load(tmp_path / "a.mote")
    np.testing.assert_array_equal(again.render(), scene.render())
    assert scene.metadata.encoder == again.metadata.encoder == encoder.name
    assert again.metadata.stop_reason == motes.StopReason(scene.metadata.stop_reason)


@EVERY
def test_the_same_audio_gives_the_same_scene(encoder):
    first, second = quick(encoder), quick(encoder)
    assert all(a.equals(b) for a, b in zip(first.tables, second.tables, strict=True))


@EVERY
def test_progress_goes_from_nothing_to_all(encoder):
    seen: list[motes.Progress] = []
    quick(encoder, progress=seen.append)
    fractions = [now.fraction for now in seen]
    assert seen
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1


# --- options ---


@EVERY
def test_options_say_what_they_are(encoder):
    for about in options_in(encoder.options):
        assert about.doc.endswith(".")
        assert about.nullable or about.default is not None
        assert about.name.endswith("_s") == (about.unit == "s")
    assert pickle.loads(pickle.dumps(encoder.options())) == encoder.options()
    with pytest.raises(dataclasses.FrozenInstanceError):
        encoder.options().anything = 1


@pytest.mark.parametrize("options", [*(encoder.options for encoder in ENCODERS), TextureOptions])
def test_values_out_of_range_or_of_another_type_are_refused(options):
    wrong = {
        "boolean": [1, "yes", 0.0],
        "integer": ["8", True, 1.5, float("nan"), [1]],
        "number": ["8", True, float("nan"), float("inf"), [1.0]],
        "text": [3, True, ["a"]],
        "choice": ["nonsense", 3],
        "integers": [512, "512", [512.5], [True]],
    }
    for about in options_in(options):
        values = list(wrong[about.type]) + ([] if about.nullable else [None])
        values += [about.low if about.low_excluded else about.low - 1] if about.low is not None else []
        values += [about.high + 1] if about.high is not None else []
        for value in values:
            with pytest.raises(ParameterError, match=about.name):
                options(**{about.name: value})


@EVERY
def test_the_ends_of_a_range_are_in_it(encoder):
    for about in options_in(encoder.options):
        ends = [about.high] + ([] if about.low_excluded else [about.low])
        for value in ends:
            if value is not None:
                assert getattr(encoder.options(**{about.name: value}), about.name) == value


def test_numbers_of_numpy_and_paths_become_pythons():
    options = PursuitOptions(kbps=np.float32(24), n_threads=np.int64(2), windows=[np.int32(512)])
    assert [type(value) for value in (options.kbps, options.n_threads, options.windows[0])] == [float, int, int]
    assert SplatOptions(checkpoint=Path("a.npz")).checkpoint == "a.npz"
    assert type(PursuitOptions(kbps=24).kbps) is int


def test_names_that_an_encoder_lacks_are_refused_with_what_was_likely_meant():
    for name, encoder, says in (
        ("kpbs", "pursuit", "pursuit has no option 'kpbs': did you mean kbps?"),
        ("n_events", "splat", "splat has no option 'n_events': it is one of pursuit"),
        ("envelope", "gabor", "gabor has no option 'envelope': it is one of splat"),
        ("xxxxxxxxx", "pursuit", "only kbps, quality"),
    ):
        with pytest.raises(ParameterError, match=says.replace("?", r"\?")):
            make_options(encoder_named(encoder), {name: 1})


# --- the door ---


def test_the_overloads_spell_out_the_options():
    overloads = typing.get_overloads(door.encode)
    assert len(overloads) == len(ENCODERS) + 1
    common = {"audio", "sample_rate_hz", "notes", "note_vectors", "progress", "return", "encoder", "preparation"}
    for encoder, spelt in zip(ENCODERS, overloads, strict=False):
        assert spelt.__annotations__["encoder"] == f"Literal['{encoder.name}']"
        own = {name: text for name, text in spelt.__annotations__.items() if name not in common}
        assert (own.pop("watch", None) is not None) == encoder.shows
        fields = {each.name: each.type.replace("tuple[int, ...]", "Sequence[int]") for each in _fields(encoder)}
        assert own == fields
        assert {name: spelt.__kwdefaults__[name] for name in own} == {
            each.name: each.default for each in _fields(encoder)
        }


def _fields(encoder: Encoder) -> tuple[dataclasses.Field, ...]:
    return dataclasses.fields(encoder.options)


def test_arrays_paths_and_files_give_the_same_events(tmp_path):
    write_audio(tmp_path / "a.wav", tone(), RATE, 1, subtype="FLOAT")
    path, data = tmp_path / "a.wav", (tmp_path / "a.wav").read_bytes()
    array = motes.encode(tone(), sample_rate_hz=RATE, n_events=20)
    with open(path, "rb") as handle:
        others = [motes.encode(given, n_events=20) for given in (path, str(path), io.BytesIO(data), handle)]
    others += [
        motes.encode(path, sample_rate_hz=RATE, n_events=20),
        motes.encode(path, options=PursuitOptions(n_events=20)),
    ]
    assert all(other.gabor.equals(array.gabor) for other in others)
    assert {other.metadata.source_digest for other in others} == {others[0].metadata.source_digest}


def test_what_does_not_fit_together_is_refused(tmp_path):
    write_audio(tmp_path / "a.wav", tone(), RATE, 1)
    for arguments, says in (
        ({"audio": tone()}, "an array needs its sample_rate_hz"),
        ({"audio": tmp_path / "a.wav", "sample_rate_hz": 44100}, "8000 samples per second, not 44100"),
        ({"audio": tone(), "sample_rate_hz": RATE, "encoder": "vocoder"}, "there is no encoder 'vocoder'"),
        ({"options": SplatOptions(), "encoder": "gabor"}, "options of splat, not of gabor"),
        ({"options": PursuitOptions(), "kbps": 8}, "kbps belong into options"),
        ({"options": {"kbps": 8}}, "options must be one of PursuitOptions"),
        ({"options": TextureOptions()}, "options must be one of PursuitOptions"),
        ({"watch": print}, "takes no watch"),
    ):
        with pytest.raises(ParameterError, match=says):
            motes.encode(
                **({"audio": tone(), "sample_rate_hz": RATE} | arguments if "audio" not in arguments else arguments)
            )
    with pytest.raises(AudioError, match="there is no file"):
        motes.encode(tmp_path / "nothing.wav")


def test_an_encoder_is_found_by_its_name_and_by_its_options():
    for encoder in ENCODERS:
        assert encoder_named(encoder.name) is encoder_of(encoder.options()) is encoder


# --- the house ---


def test_a_further_encoder_is_a_line_in_the_table(monkeypatch):
    """Its options are flags, a form, and arguments of the door; nothing else has to know of it."""
    from motes.cli.encode import owners
    from motes.encoders.options import Options, option
    from motes.studio.forms import described

    Toy = dataclasses.make_dataclass(
        "Toy",
        [("gain_db", float, option(0.0, "Louder by this.", unit="dB", low=-6, high=6))],
        bases=(Options,),
        frozen=True,
    )

    def encode(audio, options, *, sample_rate_hz=None, progress=None):
        return motes.Scene(sample_rate_hz, len(audio), 1).replace(
            metadata=type(motes.Scene(1, 0, 1).metadata)(encoder=f"toy {options.gain_db}")
        )

    toy = Encoder("toy", "Toy: nothing", "finds nothing", Toy, encode)
    monkeypatch.setattr("motes.encoders.ENCODERS", (*ENCODERS, toy))
    assert motes.encode(tone(), sample_rate_hz=RATE, encoder="toy", gain_db=3.0).metadata.encoder == "toy 3.0"
    assert motes.encode(tone(), sample_rate_hz=RATE, options=Toy()).n_samples == 4000
    with pytest.raises(ParameterError, match="gain_db must be from -6 to 6, not 9"):
        motes.encode(tone(), sample_rate_hz=RATE, encoder="toy", gain_db=9)
    assert owners((*ENCODERS, toy))["gain-db"] == [(toy, options_in(Toy)[0])]
    assert described(toy)["options"][0]["high"] == 6


def test_options_and_doors_are_light():
    heavy = "{'numba', 'scipy', 'torch', 'numpy', 'soundfile'}"
    code = f"import sys, motes.encoders, motes.cli.encode; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() in ("[]", "['numpy']")


def test_every_room_of_encoders_keeps_its_inside_to_itself():
    """A contract of import-linter for each."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    closed = {
        name for contract in contracts if contract["type"] == "protected" for name in contract["protected_modules"]
    }
    rooms = [path.parent.name for path in (ROOT / "src/motes/encoders").glob("*/__init__.py")]
    assert {f"motes.encoders.{room}.*" for room in rooms} <= closed
