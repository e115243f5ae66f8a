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
    assert motes.load(address) == motes.load(path)


def test_a_server_without_ranges_sends_it_whole(web, scene):
    web.knows_ranges = False
    scene.save(web.folder / "one.mote")
    (web.folder / "empty.mote").write_bytes(b"")
    assert motes.load(f"{web.address}/one.mote") == scene
    with pytest.raises(FormatError, match=r"empty\.mote"):
        motes.load(f"{web.address}/empty.mote")


def test_nothing_is_seen_of_what_is_interrupted(bucket):
    from motes.files import atomic_output

    def interrupted():
        with atomic_output(f"{bucket}/one.bin") as handle:
            handle.write(b"1" * 100)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert places.files_in(bucket) == []


def test_a_stretch_of_a_recording_is_fetched_alone(web):
    import soundfile

    sound = np.random.default_rng(1).uniform(-0.5, 0.5, 20 * 16000)
    soundfile.write(web.folder / "noise.wav", sound, 16000)
    n_bytes = (web.folder / "noise.wav").stat().st_size
    from motes.audio import open_source

    source = open_source(f"{web.address}/noise.wav")
    part = source.stretch(160000, 1600)
    assert web.sent < n_bytes / 2
    np.testing.assert_allclose(part[0], sound[160000:161600], atol=1e-4)
    assert np.concatenate([block[0] for block in source.blocks()]).size == sound.size
    assert web.sent < 1.1 * n_bytes + 2 * remote_file.BLOCK  # each block once


def test_a_file_that_vanishes_or_changes_while_it_is_read_is_one_line(bucket, web, scene, monkeypatch):
    import soundfile

    soundfile.write(web.folder / "noise.wav", np.random.default_rng(1).uniform(-0.5, 0.5, 160000), 16000)
    from motes.audio import open_source

    source = open_source(f"{web.address}/noise.wav")
    (web.folder / "noise.wav").unlink()
    with pytest.raises(AudioError, match=r"there is no file .*noise\.wav"):
        list(source.blocks())
    monkeypatch.setattr(remote_file, "BLOCK", 256)
    with places.open_file(_saved(scene, f"{bucket}/one.bin", b"1" * 2000)) as handle:
        handle.read(10)
        _saved(scene, f"{bucket}/one.bin", b"2" * 2000)
        with pytest.raises(places.PlaceError, match="changed while it was being read"):
            handle.read()


def _saved(scene, path, data):
    from motes.files import atomic_output

    with atomic_output(path, overwrite=True) as handle:
        handle.write(data)
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "BUCKET/none.mote"], "there is no file BUCKET/none.mote"),
        (["info", "s3://nobody-made-this/x.mote"], "there is no bucket 'nobody-made-this'"),
        (["decode", "WEB/none.mote"], "there is no file WEB/none.mote"),
        (["decode", "BUCKET/none.mote", "-o", "WEB/x.wav"], "nothing is written to web addresses"),
        (["encode", "WEB/"], "it is a folder"),
        (["encode", "http://127.0.0.1:9/x.wav"], "cannot reach 127.0.0.1:9"),
        (["encode", "x.wav", "-o", "s3://nobody-made-this/x.mote"], "there is no bucket 'nobody-made-this'"),
        (["import", "WEB/x.csv"], "there is no file WEB/x.csv"),
        (["report", "BUCKET/none.mote"], "there is no file BUCKET/none.mote"),
        (["export", "BUCKET/none.mote", "--to", "csv"], "there is no file BUCKET/none.mote"),
    ],
)
def test_what_is_wrong_is_one_line(bucket, web, tmp_path, monkeypatch, capfd, arguments, message):
    import soundfile

    monkeypatch.chdir(tmp_path)
    soundfile.write("x.wav", np.zeros(1600), 16000)
    named = [each.replace("BUCKET", bucket).replace("WEB", web.address) for each in [message, *arguments]]
    assert main(named[1:]) == 1
    lines = [line for line in capfd.readouterr().err.splitlines() if "compiling" not in line]
    assert len(lines) == 1
    assert named[0] in lines[0]


def test_folders_of_stems_are_made_on_this_machine(bucket, capfd):
    assert main(["export", f"{bucket}/x.mote", "--to", "stems", "-o", f"{bucket}/stems/"]) == 1
    assert "folders are made on this machine" in capfd.readouterr().err
    assert main(["studio", f"{bucket}/x.mote"]) == 2


def test_without_the_extra_it_says_what_to_install(monkeypatch, capfd):
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    assert main(["info", "s3://no-such-box/x.mote"]) == 1
    assert "motes[publish]" in capfd.readouterr().err
