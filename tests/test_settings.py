"""Settings: what goes before what, what makes no sense, and that nothing secret is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from motes.errors import ParameterError
from motes.settings import DEFAULT_LIMITS, DEFAULT_PORT, Setting, load_settings, shown_value

ROOT = Path(__file__).parents[1]


def test_environment_goes_before_file_and_file_before_default(tmp_path):
    (tmp_path / ".env").write_text('PORT=8000\nAUDIO_PATH="/music of mine"  # a remark\nS3_BUCKET=\n')
    found = load_settings({"PORT": "7000"}, tmp_path)
    assert (found.port.value, found.port.origin) == (7000, "environment")
    assert (found.audio_path.value, found.audio_path.origin) == (Path("/music of mine"), str(tmp_path / ".env"))
    assert (found.s3_bucket.value, found.s3_bucket.origin) == (None, "default")
    assert load_settings({"PORT": ""}, tmp_path).port.value == 8000
    assert load_settings({}, tmp_path / "nowhere").port.value == DEFAULT_PORT


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "80.5", "٨٠"])
def test_port_that_is_none_is_refused(text, tmp_path):
    with pytest.raises(ParameterError, match=r"PORT.*environment"):
        load_settings({"PORT": text}, tmp_path)


def test_folder_of_impulse_responses_has_two_names(tmp_path):
    (tmp_path / ".env").write_text("IMPULSE_RESPONSE=/halls\n")
    assert load_settings({}, tmp_path).impulse_response_path.value == Path("/halls")
    both = {"IMPULSE_RESPONSE": "/a", "IMPULSE_RESPONSE_PATH": "/b"}
    assert load_settings(both, tmp_path).impulse_response_path.value == Path("/b")
    assert load_settings({"IMPULSE_RESPONSE": "/a"}, tmp_path).impulse_response_path == Setting(
        Path("/a"), "environment"
    )


def test_limits_are_whole_numbers(tmp_path):
    assert load_settings({"MOTES_MAX_ROOM_SAMPLES": "12"}, tmp_path).motes_max_room_samples.value == 12
    with pytest.raises(ParameterError, match=r"MOTES_MAX_ROOM_SAMPLES.*'1e9' \(environment\)"):
        load_settings({"MOTES_MAX_ROOM_SAMPLES": "1e9"}, tmp_path)


def test_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe\n")
    with pytest.raises(ParameterError, match="UTF-8"):
        load_settings({}, tmp_path)


def test_example_file_names_every_setting_and_changes_nothing(tmp_path):
    text = (ROOT / ".env.example").read_text()
    (tmp_path / ".env").write_text(text)
    assert load_settings({}, tmp_path).port.value == DEFAULT_PORT
    for name in ("AUDIO_PATH", "PORT", "IMPULSE_RESPONSE_PATH", "S3_BUCKET", *map(str.upper, DEFAULT_LIMITS)):
        assert f"\n{name}=" in text


def test_command_shows_origin_and_hides_secrets(tmp_path, monkeypatch, capsys):
    from motes.cli import main

    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "AUDIO_PATH", "IMPULSE_RESPONSE_PATH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text("AUDIO_PATH=/no/such/folder\n")
    monkeypatch.setenv("S3_BUCKET", "https://key:geheim@store.example/bucket?X-Token=geheim")
    assert main(["settings"]) == 0
    text = capsys.readouterr().out
    assert "geheim" not in text
    assert "store.example/bucket" in text
    assert "/no/such/folder  (.env; there is no such folder)" in text
    assert main(["settings", "--json"]) == 0
    told = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told["PORT"] == {"name": "PORT", "value": str(DEFAULT_PORT), "origin": "default", "note": ""}
    assert "geheim" not in json.dumps(told)
    monkeypatch.setenv("PORT", "many")
    assert main(["settings"]) == 1


def test_plain_values_are_shown_as_they_are():
    assert shown_value("my-bucket") == "my-bucket"
    assert shown_value(None) == ""
    assert shown_value(Path("/a@b")) == "/a@b"
