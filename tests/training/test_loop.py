"""Training can be stopped at any moment, goes on as if it had not been, and learns."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motes.audio.write import write_audio  # noqa: E402
from motes.data.rendering.sounds.additive import AdditiveInstrument  # noqa: E402
from motes.errors import ParameterError  # noqa: E402
from motes.training import train  # noqa: E402
from motes.training.loop import learning_rate  # noqa: E402
from motes.training.options import TrainingOptions  # noqa: E402

RATE = 44100


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two recordings of four notes each, in MusicNet's layout."""
    root = tmp_path_factory.mktemp("set")
    for name in ("train_data", "train_labels"):
        (root / name).mkdir()
    for number in range(2):
        play = AdditiveInstrument(number, RATE)
        audio, rows = np.zeros(4 * RATE, np.float32), []
        for i, key in enumerate((60, 64, 67, 72)):
            note = play.note(key, 100, 0.5)[: len(audio) - i * RATE]
            audio[i * RATE : i * RATE + len(note)] += note
            rows.append((i * RATE, i * RATE + RATE // 2, 1, key, -25.0))
        write_audio(root / "train_data" / f"{number}.wav", audio / np.abs(audio).max(), RATE, 1)
        with open(root / "train_labels" / f"{number}.csv", "w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(("start_time", "end_time", "instrument", "note", "loudness_db"))
            writer.writerows(rows)
    return root


def config(folder, place, **changes):
    """A file of options for a short training, in a place of its own."""
    place.mkdir(exist_ok=True)
    values = {"batch": 1, "frames": 24, "warm_up": 1, "save_every": 2, "precision": "float32"} | changes
    text = [f'data = ["{folder}"]', f'checkpoint = "{place}/c"', f'log = "{place}/log.jsonl"']
    text += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (place / "options.toml").write_text("\n".join(text))
    return place / "options.toml"


def arrays(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def test_going_on_equals_not_having_stopped(folder, tmp_path):
    whole = train("siam", config(folder, tmp_path / "whole", steps=4))
    parts = config(folder, tmp_path / "parts", steps=4)

    def stop_at_two(line):
        if line["step"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("siam", parts, progress=stop_at_two)
    resumed = train("siam", parts, resume=True)
    a, b = arrays(whole), arrays(resumed)
    assert a.keys() == b.keys()
    assert all(np.array_equal(a[name], b[name]) for name in a)


def test_log_has_a_line_of_json_for_each_checkpoint(folder, tmp_path):
    train("siam", config(folder, tmp_path, steps=4))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    assert all(np.isfinite(value) for line in lines for value in line.values())


def test_learns_a_little(folder, tmp_path):
    lines = []
    train("siam", config(folder, tmp_path, steps=12, save_every=3), progress=lines.append)
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_checkpoint_of_another_network_is_refused(folder, tmp_path):
    options = config(folder, tmp_path, steps=2)
    path = train("siam", options)
    changed = arrays(path) | {"about": np.array(json.dumps({"step": 2, "shape": "another"}))}
    with open(path, "wb") as handle:
        np.savez(handle, **changed)
    with pytest.raises(ParameterError, match="another shape"):
        train("siam", options, resume=True)


def test_a_file_that_is_no_checkpoint_is_refused(folder, tmp_path):
    options = config(folder, tmp_path, steps=2)
    (tmp_path / "c").write_bytes(b"nothing of the kind")
    with pytest.raises(ParameterError, match="no checkpoint"):
        train("siam", options, resume=True)


def test_without_recordings(tmp_path):
    with pytest.raises(ParameterError, match="no labelled recordings"):
        train("siam", config(tmp_path, tmp_path, steps=1))


def test_without_cuda_the_processor_trains_with_one_line(folder, tmp_path, capsys):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    train("siam", config(folder, tmp_path, steps=1), device="cuda")
    assert "training on the processor" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("data = [", "no TOML"),
        ('data = ["x"]\nstep = 3', "no option 'step'"),
        ("data = []", "needs data"),
        ('data = ["x"]\nsteps = 0', "steps"),
    ],
)
def test_options_that_make_no_sense(tmp_path, text, problem):
    (tmp_path / "o.toml").write_text(text)
    with pytest.raises(ParameterError, match=problem):
        train("siam", tmp_path / "o.toml")


def test_rate_of_learning_rises_stays_and_falls():
    options = TrainingOptions(data=("x",), steps=1000, warm_up=100, cool_down=0.2)
    rates = [learning_rate(options, step) for step in (0, 50, 100, 500, 799, 900, 999)]
    assert rates[0] < rates[1] < rates[2] == rates[3] == options.learning_rate
    assert rates[4] == options.learning_rate > rates[5] > rates[6] > 0
