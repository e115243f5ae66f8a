"""Files in buckets and on the web: read by ranges, written whole, and what goes wrong in one line."""

import numpy as np
import pytest

import motes
from motes import places
from motes.cli import main
from motes.errors import AudioError, FormatError
from motes.places import remote_file


@pytest.fixture
def scene():
    t = np.arange(16000) / 16000
    return motes.encode((0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32), sample_rate_hz=16000, snr_db=20)


def test_an_address_is_one_however_many_slashes_pathlib_left():
    from pathlib import Path

    assert places.text(Path("s3://box/a/b.mote")) == "s3://box/a/b.mote"
    assert str(places.address_of("https://h:1/a%20b.wav?x=1")) == "https://h:1/a%20b.wav?x=1"
    assert not places.is_remote("./s3:/box")
    assert places.join("s3://box/a/", "b/c") == "s3://box/a/b/c"


def test_a_scene_is_saved_to_a_bucket_and_loaded_from_it(bucket, scene):
    scene.save(f"{bucket}/deep/one.mote")
    assert motes.load(f"{bucket}/deep/one.mote") == scene
    with pytest.raises(AudioError, match="exists already"):
        scene.save(f"{bucket}/deep/one.mote", overwrite=False)


def test_info_decode_and_encode_of_a_bucket(bucket, scene, tmp_path, capfd):
    scene.save(f"{bucket}/one.mote")
    assert main(["info", f"{bucket}/one.mote"]) == 0
    assert "1.000 s" in capfd.readouterr().out
    assert main(["decode", f"{bucket}/one.mote"]) == 0
    assert main(["decode", f"{bucket}/one.mote", "-o", str(tmp_path / "one.wav")]) == 0
    with places.open_file(f"{bucket}/one.wav") as handle:
        assert handle.read() == (tmp_path / "one.wav").read_bytes()
    assert main(["encode", bucket, "-o", f"{bucket}/out/"]) == 0
    assert main(["encode", str(tmp_path / "one.wav")]) == 0
    with places.open_file(f"{bucket}/out/one.mote") as handle:
        assert handle.read() == (tmp_path / "one.mote").read_bytes()
    assert places.files_in(bucket) == ["one.mote", "one.wav", "out/one.mote"]
    assert main(["info", bucket]) == 0


def test_only_what_is_asked_for_is_fetched(web, scene, monkeypatch):
    monkeypatch.setattr(remote_file, "BLOCK", 256)
    long = scene
    for _ in range(7):
        long = long.join(long)
    path = long.save(web.folder / "a b.mote")
    n_bytes = path.stat().st_size
    address = f"{web.address}/a%20b.mote?signature=1"
    assert main(["info", address]) == 0
    assert web.sent < n_bytes / 2
    web.sent = 0
    part = motes.load(address, start_s=60, end_s=60.1)
    assert web.sent < n_bytes / 2
    assert 0 < part.n_events < long.n_events / 2
    assert motes.load(address) == long


def test_a_server_without_ranges_sends_it_whole(web, scene):
    web.knows_ranges = False
    scene.save(web.folder / "one.mote")
    (web.folder / "empty.mote").write_bytes(b"")
    assert motes.load(f"{web.address}/one.mote") == scene
    with pytest.raises(FormatError, match=r"empty\.mote"):
        motes.load(f"{web.address}/empty.mote")


def test_nothing_is_seen_of_what_is_interrupted(bucket):
    from motes.files import atomic_output

    with pytest.raises(KeyboardInterrupt), atomic_output(f"{bucket}/one.bin") as handle:
        handle.write(b"1" * 100)
        raise KeyboardInterrupt
    assert places.files_in(bucket) == []
