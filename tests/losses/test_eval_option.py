"""`motes eval --loss NAME`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from motes.cli import main
from motes.losses import LOSSES


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    """An estimate and its reference, of 21 seconds: three pieces."""
    generator = np.random.default_rng(0)
    reference = 0.1 * generator.standard_normal((21 * 4000, 1))
    soundfile.write(tmp_path / "reference.wav", reference, 4000)
    soundfile.write(tmp_path / "estimate.wav", reference + 0.01 * generator.standard_normal(reference.shape), 4000)
    return [str(tmp_path / "estimate.wav"), "--reference", str(tmp_path / "reference.wav")]


def test_each_loss_is_printed(pair: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    options = [part for loss in LOSSES for part in ("--loss", loss.name)]
    assert main(["eval", *pair, *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["snr_db"] == pytest.approx(20, abs=0.5)
    for loss in LOSSES:
        assert 0 <= found[f"loss_{loss.name}"] < 10
    assert main(["eval", *pair, "--loss", "stft"]) == 0
    assert "loss_stft" in capsys.readouterr().out
    assert main(["eval", pair[2], "--reference", pair[2], "--loss", "stft", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss_stft"] == 0


def test_an_unknown_loss_is_a_usage_error(pair: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", *pair, "--loss", "brightness"]) == 2
    assert "'brightness'" in capsys.readouterr().err


def test_without_pytorch_the_extra_is_named(
    pair: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["eval", *pair]) == 0
    assert main(["eval", *pair, "--loss", "stft"]) == 1
    assert "pip install 'motes[learn]'" in capsys.readouterr().err


def test_the_help_names_every_loss(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(loss.name in text for loss in LOSSES)
