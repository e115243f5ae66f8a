"""Time limits: they interrupt whatever a fit is doing, once, and what was found until then is kept."""

import importlib
import sys
import threading
import time

import numpy as np
import pytest

import motes
from motes.encoders import ENCODERS
from motes.encoders.time_limit import TimeLimit, TimeUp, reason_of

RATE = 8000


def ringing(seconds=1.0):
    t = np.arange(int(seconds * RATE)) / RATE
    return 0.5 * np.exp(-3 * t) * np.sin(2 * np.pi * 440 * t) + 0.2 * np.exp(-5 * t) * np.sin(2 * np.pi * 1330 * t)


def busy():
    for _ in range(10**9):
        pass


@pytest.mark.parametrize("begun_s_ago", [0.0, 100.0])
def test_what_takes_long_is_interrupted_once(begun_s_ago):
    """In a thread too, as a library's caller may have it; a limit that is over before it begins as well."""
    caught = []

    def work():
        limit = TimeLimit(0.05, time.monotonic() - begun_s_ago)
        with limit.interrupting():
            for _ in range(2):
                try:
                    busy() if not caught else time.sleep(0.3)
                except TimeUp as up:
                    caught.append(reason_of(up))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert caught == ["time_limit"]
    assert reason_of(KeyboardInterrupt()) == "cancelled"


def test_what_is_done_in_time_is_not_interrupted():
    with TimeLimit(0.2).interrupting():
        pass
    with TimeLimit(None).interrupting():
        time.sleep(0.4)
    assert TimeLimit(None).left_s == float("inf")


def test_an_import_is_not_interrupted(tmp_path, monkeypatch):
    """A module imported by half would be of no use later."""
    (tmp_path / "slow_to_import.py").write_text("import time\nfor _ in range(50):\n    time.sleep(0.01)\nDONE = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    def import_and_work():
        with TimeLimit(0.05).interrupting():
            importlib.import_module("slow_to_import")
            busy()

    with pytest.raises(TimeUp):
        import_and_work()
    assert sys.modules["slow_to_import"].DONE


def test_a_clock_of_ones_own_counts():
    now = [10.0]
    limit = TimeLimit(5.0, clock=lambda: now[0])
    now[0] = 14.0
    assert (limit.elapsed_s, limit.left_s, limit.is_over) == (4.0, 1.0, False)
    now[0] = 15.0
    assert limit.is_over


@pytest.mark.parametrize("name", [each.name for each in ENCODERS if each.has_time_limit])
def test_a_limit_that_began_before_ends_at_once_with_a_whole_scene(name):
    """The time counts from when the command began; whatever is being done then, first guesses too, is left."""
    encoder = next(each for each in ENCODERS if each.name == name)
    options = encoder.options(time_limit_s=30.0)
    scene = encoder.encode(ringing(3.0), options, sample_rate_hz=RATE, begun_s=time.monotonic() - 100)
    assert scene.metadata.stop_reason == "time_limit"
    assert scene.render().shape == (3 * RATE,)


def test_what_was_found_until_then_is_kept():
    """Of a fit in several stretches too, whose last ones begin when the time is up."""
    audio = np.tile(ringing(), 8)
    for options in (motes.SplatOptions(events=8, iterations=10**6, patience=0, stretch_s=2.0, time_limit_s=3.0),):
        scene = motes.encode(audio, sample_rate_hz=RATE, options=options)
        assert scene.metadata.stop_reason == "time_limit"
        assert 0 < scene.n_events <= 8
