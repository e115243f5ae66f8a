"""Flags of motes encode that several encoders share."""

import pytest

from motes.cli import main
from motes.cli.console import UsageError
from motes.cli.encode import FitFlags, InstrumentFlags
from motes.encoders.fit import SplatOptions
from motes.encoders.instrument import InstrumentOptions
from motes.encoders.pursuit import PursuitOptions


def test_a_time_limit_is_of_both_encoders_each_with_its_default():
    assert InstrumentFlags().options() == InstrumentOptions()
    assert InstrumentFlags(time_limit_s=7.0, modes=9).options() == InstrumentOptions(time_limit_s=7.0, modes=9)
    assert FitFlags().with_shared(PursuitOptions(), InstrumentFlags()) == SplatOptions()
    told = FitFlags(stretch_s=2.0).with_shared(PursuitOptions(n_events=8), InstrumentFlags(time_limit_s=120.0, seed=3))
    assert told == SplatOptions(events=8, time_limit_s=120.0, stretch_s=2.0, seed=3)
    with pytest.raises(UsageError, match="options of --encoder instrument"):
        FitFlags().with_shared(PursuitOptions(), InstrumentFlags(modes=9))


def test_the_flags_are_short_and_their_help_tells_the_unit(capsys):
    assert main(["encode", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert text.count(" --time-limit ") == text.count(" --stretch ") == 1
    assert "--time-limit-s" not in text
    assert "--stretch-s" not in text
    assert text.count("in seconds") >= 2
