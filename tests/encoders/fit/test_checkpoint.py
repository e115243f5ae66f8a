"""Checkpoints of fits: one that goes on is the same fit, and one of something else is refused by name."""

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from motes.encoders.checkpoint import VERSION
from motes.encoders.fit import encode
from motes.encoders.fit.options import GaborOptions, SplatOptions
from motes.errors import ParameterError
from motes.kinds.splat.table import Splat
from motes.scene.scene import Scene

RATE, N = 16000, 16000
QUICK_OPTIONS = {"events": 3, "iterations": 12, "control_every": 5, "refit_every": 4}


def planted(n_channels=1):
    """Three struck notes of one partial each, far apart."""
    return Splat(
        time_s=np.array([0.1, 0.2, 0.35]),
        width_s=np.full(3, 0.008),
        f0_hz=np.array([440.0, 1234.5, 700.3]),
        centre_hz=np.array([440.0, 1234.5, 700.3]),
        width_octaves=np.full(3, 0.5),
        t60_s=np.array([0.5, 0.25, 0.35]),
        gain_db=np.full((3, n_channels), -12.0),
        n_partials=np.ones(3, np.int64),
    )


def audio(n_channels=1):
    return Scene(RATE, N, n_channels, splat=planted(n_channels)).render()


@pytest.mark.parametrize("kind", [SplatOptions, GaborOptions])
def test_what_was_stopped_goes_on_to_the_same_bits(kind, tmp_path):
    whole = encode(audio(), kind(**QUICK_OPTIONS), sample_rate_hz=RATE)
    for stop_at in (1, 7):
        kept = str(tmp_path / f"{stop_at}.npz")

        def interrupt(now, stop_at=stop_at):
            if now.iteration == stop_at:
                raise KeyboardInterrupt

        options = QUICK_OPTIONS | {"checkpoint": kept}
        part = encode(audio(), kind(**options), sample_rate_hz=RATE, progress=interrupt)
        assert part.metadata.stop_reason == "cancelled"
        assert part.n_events
        after = encode(audio(), kind(resume=True, **options), sample_rate_hz=RATE)
        assert after.table(kind.KIND).equals(whole.table(kind.KIND))


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    kept = str(tmp_path / "fit.npz")
    encode(audio(), SplatOptions(events=2, iterations=2, checkpoint=kept), sample_rate_hz=RATE)
    for options, match in (
        ({"checkpoint": kept}, "already"),
        ({"checkpoint": kept, "resume": True, "seed": 3}, "a fit with seed 0, not 3"),
        ({"checkpoint": str(tmp_path / "no.npz"), "resume": True}, "no checkpoint"),
    ):
        with pytest.raises(ParameterError, match=match):
            encode(audio(), SplatOptions(events=2, iterations=2, **options), sample_rate_hz=RATE)
    resumed = SplatOptions(events=2, iterations=2, checkpoint=kept, resume=True)
    with pytest.raises(ParameterError, match="another recording"):
        encode(audio()[:-1], resumed, sample_rate_hz=RATE)
    with pytest.raises(ParameterError, match="a fit with SplatOptions, not with GaborOptions"):
        encode(audio(), GaborOptions(events=2, iterations=2, checkpoint=kept, resume=True), sample_rate_hz=RATE)


@pytest.mark.parametrize("content", [b"", b"PK nothing", b"PK\x03\x04 nothing"])
def test_what_is_no_checkpoint_is_said_to_be_none(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(ParameterError, match="not a checkpoint"):
        encode(audio(), SplatOptions(checkpoint=str(tmp_path / "bad.npz"), resume=True), sample_rate_hz=RATE)


def _rewritten(path, **changes):
    """The checkpoint with some of its arrays changed; None takes one away."""
    with np.load(path) as held:
        arrays = {name: held[name] for name in held.files} | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


def test_an_option_that_is_new_since_a_checkpoint_voids_it_only_where_it_is_used(tmp_path):
    """The options in the file, without one of today's: it counts as at its default."""
    kept = str(tmp_path / "fit.npz")
    encode(audio(), SplatOptions(checkpoint=kept, **QUICK_OPTIONS), sample_rate_hz=RATE)
    with np.load(kept) as held:
        stored = json.loads(str(held["options"]))
    older = {name: value for name, value in stored.items() if name != "sparsity"}
    _rewritten(kept, options=json.dumps(older))
    with pytest.raises(ParameterError, match=r"a fit with sparsity 0\.0, not 0\.5"):
        encode(audio(), SplatOptions(checkpoint=kept, resume=True, sparsity=0.5, **QUICK_OPTIONS), sample_rate_hz=RATE)
    again = encode(audio(), SplatOptions(checkpoint=kept, resume=True, **QUICK_OPTIONS), sample_rate_hz=RATE)
    assert again.splat.equals(encode(audio(), SplatOptions(**QUICK_OPTIONS), sample_rate_hz=RATE).splat)


def test_a_checkpoint_of_another_version_or_with_an_option_unknown_today_is_refused(tmp_path):
    kept = str(tmp_path / "fit.npz")
    resumed = SplatOptions(checkpoint=kept, resume=True, **QUICK_OPTIONS)
    encode(audio(), SplatOptions(checkpoint=kept, **QUICK_OPTIONS), sample_rate_hz=RATE)
    with np.load(kept) as held:
        stored = json.loads(str(held["options"]))
    _rewritten(kept, options=json.dumps(stored | {"warp": 2}))
    with pytest.raises(ParameterError, match="warp 2, which is no option here"):
        encode(audio(), resumed, sample_rate_hz=RATE)
    _rewritten(kept, options=json.dumps(stored), checkpoint_version=VERSION + 1)
    with pytest.raises(ParameterError, match=f"version {VERSION + 1}, not {VERSION}"):
        encode(audio(), resumed, sample_rate_hz=RATE)
    _rewritten(kept, checkpoint_version=None)
    with pytest.raises(ParameterError, match="not a checkpoint"):
        encode(audio(), resumed, sample_rate_hz=RATE)
