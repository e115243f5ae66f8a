"""Progress of encoders: parts of the seconds that their stages take."""

from __future__ import annotations

import numpy as np
import pytest

from motes.audio import ArraySource
from motes.encoders import ENCODERS, encoder_named
from motes.encoders.progress import Progress, seconds_of
from motes.encoders.workload import Workload

STAGES = [("loading", 1.0), ("search", 6.0), ("more", 2.0), ("rounding", 1.0)]


def test_stages_count_by_their_seconds():
    told = []
    work = Workload(STAGES, lambda now: told.append(now.fraction))
    work.begin("loading")
    on_part = work.begin("search")
    for part in (0.5, 1.0):
        on_part(part, 7)
    assert told == pytest.approx([0.0, 0.1, 0.4, 0.7])
    work.begin("rounding")  # nothing more is searched
    assert told[-1] == pytest.approx(7 / 8)
    assert work.seconds == 8.0


def test_a_stage_that_is_done_again_counts_again_and_nothing_falls():
    told = []
    work = Workload(STAGES, lambda now: told.append(now.fraction))
    for stage in ("search", "rounding", "more", "rounding", "search"):
        work.begin(stage)(0.5, 0)
    assert told == sorted(told)
    assert told[-1] < 1
    assert work.seconds == 6 + 1 + 2 + 1 + 6


def test_stages_to_come_are_expected_anew():
    work = Workload(STAGES)
    work.begin("loading")
    work.expect({"loading": 9.0, "rounding": 4.0})
    assert work.seconds == 1 + 6 + 2 + 4, "what has begun stays as it was expected"
    work.begin("search")
    assert work.shown(Progress(0.0, 5)) == Progress(pytest.approx(1 / 13), 5, work_s=13)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pursuit", {}),
        ("pursuit", {"kbps": 6.0}),
        ("pursuit", {"snr_db": 6.0, "texture": True}),
        ("pursuit", {"quality": 2.0}),
        ("pursuit", {"kbps": 40.0, "detail": True}),
        ("siam", {}),
        ("instrument", {"refine": 2, "modes": 8}),
        ("splat", {"iterations": 4, "events": 2, "init": "random"}),
    ],
    ids=str,
)
def test_encoders_report_every_stage_that_they_expect(name, options):
    """What is reported rises to nearly 1 in steps, none of which passes over most of the work."""
    if name in ("instrument", "splat"):
        pytest.importorskip("torch")
    rate, encoder = 16000, encoder_named(name)
    t = np.arange(rate) / rate
    decay = np.exp(-6 * (t % 0.5))
    source = ArraySource(0.4 * decay * np.sin(2 * np.pi * 440 * t), rate)
    told = []
    settings = encoder.options(**options)
    encoder.encode(source, settings, progress=told.append)
    fractions = [now.fraction for now in told]
    assert fractions == sorted(fractions)
    assert all(now.work_s > 0 for now in told)
    assert told[0].work_s == pytest.approx(seconds_of(settings.stages(rate, 1, rate)))
    assert 0.6 < fractions[-1] <= 1
    assert max(np.diff([0.0, *fractions, 1.0])) < (
        0.6 if name in ("pursuit", "instrument") else 1.0
    )  # others are loaded, and done


def test_all_encoders_say_what_they_do():
    for encoder in ENCODERS:
        names = [name for name, _ in encoder.options().stages(44100, 1, 44100)]
        assert names
        assert all(seconds > 0 for _, seconds in encoder.options().stages(44100, 1, 44100))
