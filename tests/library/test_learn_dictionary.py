"""Learning a dictionary from files and folders, in Python and on the command line."""

import json

import pytest
from recurring import LENGTH, RATE, recording

import motes
from motes.audio import write_audio
from motes.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    here = tmp_path_factory.mktemp("loops")
    (here / "more").mkdir()
    write_audio(here / "a.wav", recording(1), RATE, 1)
    write_audio(here / "more/b.wav", recording(2, n_channels=2), RATE, 2)
    write_audio(here / "silent.wav", 0 * recording(2), RATE, 1)
    return here


def test_from_a_folder_to_a_file_that_is_smaller_and_sounds_the_same(folder, tmp_path, capsys):
    path, song, output = (str(tmp_path / name) for name in ("b.motes-dictionary", "song.wav", "song.mote"))
    write_audio(song, recording(9), RATE, 1)
    command = ["learn-dictionary", str(folder), "-o", path, "--waveforms", "6", "--length", str(LENGTH / RATE)]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["sample_rate_hz"], told["length_s"]) == ("b", RATE, LENGTH / RATE)
    assert told["n_waveforms"] == len(motes.load_dictionary(path).held)
    assert main(command) == 1
    assert "exists" in capsys.readouterr().err

    assert main(["encode", song, "-o", output, "--snr", "12", "--dictionary", path]) == 0
    whole = motes.load(output)
    assert len(whole.learned) > 10
    capsys.readouterr()
    assert main(["encode", song, "-o", output, "--snr", "12", "--dictionary", path, "--refer", "--force"]) == 0
    assert "waveforms of b " in capsys.readouterr().err
    named = motes.load(output)
    assert named.models[0].waveforms is None
    assert main(["decode", output, "-o", str(tmp_path / "x.wav"), "--dictionary", path]) == 0
    assert "cannot be heard" not in capsys.readouterr().err
    assert main(["decode", output, "-o", str(tmp_path / "y.wav")]) == 0
    assert "cannot be heard" in capsys.readouterr().err
    assert motes.evaluate(tmp_path / "x.wav", song)["snr_db"] > 11.9


def test_the_same_recordings_give_the_same_file(folder, tmp_path):
    made = [
        motes.learn_dictionary(folder, tmp_path / f"{k}/x", waveforms=3, length_s=0.03, minutes=0.1)
        for k in range(2)
        if (tmp_path / str(k)).mkdir() is None
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("recordings", "options", "message"),
    [
        ("a.wav", {"waveforms": 0}, "waveforms must be from 1 to 1024"),
        ("a.wav", {"length_s": 1e-3}, r"length_s must be from 0\.004"),
        ("a.wav", {"minutes": -1}, "minutes"),
        ("none.wav", {}, "none.wav"),
        ("silent.wav", {}, "nothing of 0.046 s recurs in 1 recording"),
    ],
)
def test_what_makes_no_sense_is_one_line(folder, tmp_path, recordings, options, message):
    with pytest.raises(motes.MotesError, match=message):
        motes.learn_dictionary(folder / recordings, tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()


def test_nothing_to_learn_from(tmp_path, capsys):
    with pytest.raises(motes.AudioError, match="there are no recordings in"):
        motes.learn_dictionary(tmp_path, tmp_path / "x")
    with pytest.raises(motes.ParameterError, match="name at least one"):
        motes.learn_dictionary([], tmp_path / "x")
    assert main(["learn-dictionary", "-o", "x"]) == 2
    assert main(["learn-dictionary", "a.wav", "-o", "-"]) == 2
    assert "as in -o drums.motes-dictionary" in capsys.readouterr().err
    assert main(["learn-dictionary", "a.wav"]) == 2
