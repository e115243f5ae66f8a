"""Flags of motes encode, which follow from the options of all encoders."""

import pytest

from motes.cli import main
from motes.cli.console import UsageError
from motes.cli.encode import _options, owners
from motes.encoders import ENCODERS, encoder_named, options_in
from motes.encoders.fit import GaborOptions, SplatOptions
from motes.encoders.instrument import InstrumentOptions


def test_a_time_limit_is_of_several_encoders_each_with_its_default():
    instrument, splat, gabor = map(encoder_named, ("instrument", "splat", "gabor"))
    assert _options(instrument, {}) == InstrumentOptions()
    assert _options(instrument, {"time-limit": 7.0, "modes": 9}) == InstrumentOptions(time_limit_s=7.0, modes=9)
    assert _options(splat, {}) == SplatOptions()
    assert _options(gabor, {"stretch": 2.0, "events": 8, "time-limit": 120.0, "seed": 3}) == GaborOptions(
        events=8, time_limit_s=120.0, stretch_s=2.0, seed=3
    )
    with pytest.raises(UsageError, match="--modes: these are options of --encoder instrument"):
        _options(splat, {"modes": 9})


def test_the_flags_are_short_and_their_help_tells_the_unit(capsys):
    assert main(["encode", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert text.count(" --time-limit ") == text.count(" --stretch ") == 1
    assert "--time-limit-s" not in text
    assert "--stretch-s" not in text
    assert text.count("in seconds") >= 2


def test_every_option_has_its_flag_its_words_and_its_default_in_the_help(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    assert main(["encode", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for encoder in ENCODERS:
        assert f"{encoder.name} {encoder.summary}" in text
        for about in options_in(encoder.options):
            assert f" --{about.flag} " in text
            assert about.doc.replace("`", "") in text
            if about.default is not None:
                assert f"[default: {about.default}" in text


def test_options_that_share_a_flag_have_one_type():
    for flag, some in owners().items():
        assert len({about.type for _, about in some}) == 1, flag
        assert len({about.name for _, about in some} - {"n_events"}) <= 1, flag


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (["--encoder", "splat", "--events", "-1"], "events must be a whole number from 0 to 100000, not -1"),
        (["--encoder", "splat", "--snr", "3"], "--snr: these are options of --encoder pursuit"),
        (["--encoder", "gabor", "--envelope", "gamma"], "--envelope: these are options of --encoder splat"),
        (["--seed", "3"], "--seed: these are options of --encoder instrument, splat and gabor"),
        (["--encoder", "splat", "--resume"], "resume needs a checkpoint"),
        (["--no-texture", "--kbps", "0"], "kbps must be above 0, not 0"),
    ],
)
def test_options_that_make_no_sense_are_a_mistake_of_the_command_line(capsys, tmp_path, tokens, says):
    assert main(["encode", str(tmp_path / "a.wav"), *tokens]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
