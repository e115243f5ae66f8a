"""Files in two layers: whole where they are cut within detail, and told as what they are."""

import io
import json

import numpy as np
import pytest
from kind_examples import RATE, detail

import motes
from motes.cli import main
from motes.codec import dumps, info, loads, validate
from motes.codec.payloads.front_packet import Front, Prefix
from motes.codec.payloads.powers_packet import VALUES_PER_BYTE, pack_powers, unpack_powers
from motes.codec.salvage import salvage
from motes.codec.seeking import SeekableFile
from motes.coding.varints import Reader
from motes.edit.detail.layers import block_shape, lifted, powers_of
from motes.errors import FormatError, MotesWarning
from motes.events.room import Room
from motes.kinds.gabor.table import Gabor
from motes.kinds.texture.table import Texture, hop_samples
from motes.scene.scene import Scene

N = 64_000


def scene_of(n_channels=1):
    """Four seconds of atoms, noise and detail, a packet of each for each second."""
    hop, events = hop_samples(RATE), detail(n_channels)
    later = [events.moved(np.full(len(events), by)) for by in (1.024, 2.048)]
    at = np.linspace(0.1, 3.8, 40)
    shape = (40, n_channels)
    atoms = Gabor(at, np.full(40, 0.05), np.full(40, 700.0), np.full(shape, 0.1), np.zeros(shape))
    n_frames, starts = round(1.024 * RATE / hop), np.arange(4) * 1.024
    noise = Texture(
        starts,
        np.full(4, 1.024),
        np.ones(4, int),
        np.full(4, hop / RATE),
        np.full(4, 20.0),
        np.full(4, RATE / 2),
        np.full(4, 16),
        np.full(4, n_frames),
        np.full((4 * 16 * n_frames, n_channels), -70.0),
        np.zeros((4 * 16, n_channels - 1)),
        clock_s=starts,
    )
    tables = [atoms, noise, events.with_more(*later)]
    return Scene(RATE, N, n_channels, tables=tables, format_version=2, layered=True).quantise()


SCENE = loads(dumps(scene_of()))
DATA = dumps(SCENE)
FOUND = SeekableFile(io.BytesIO(DATA))
SPARSE = FOUND.sparse_bytes


@pytest.mark.parametrize("n_channels", [1, 2])
def test_both_orders_hold_the_same_scene(n_channels):
    scene = scene_of(n_channels)
    plain, layered = dumps(scene.replace(layered=False)), dumps(scene)
    assert loads(layered) == loads(plain)
    assert loads(layered).layered
    assert not loads(plain).layered
    assert dumps(loads(layered)) == layered
    assert info(io.BytesIO(plain)).whole_bytes == 0


def test_detail_comes_last_and_the_front_index_tells_of_all():
    found = info(io.BytesIO(DATA))
    assert found.whole_bytes == len(DATA)
    assert found.whole_bytes > SPARSE
    assert not found.is_cut
    kinds = [chr(entry.kind) for entry in FOUND.index.entries]
    assert kinds == sorted(kinds, key=lambda letter: letter == "D")
    assert loads(DATA[:]) == SCENE
    part = SeekableFile(io.BytesIO(DATA)).scene(1.5 * RATE, 2.0 * RATE)
    assert np.array_equal(part.render(1.6, 1.9), SCENE.render(1.6, 1.9))


def test_a_scene_without_detail_or_of_version_1_has_no_layers():
    bare = SCENE.with_tables([SCENE.detail.empty(1)])
    assert dumps(bare) == dumps(bare.replace(layered=False))
    assert dumps(bare, 1)[8] == 1


def test_a_file_cut_anywhere_in_its_detail_plays_whole():
    whole, sparse, previous = SCENE.render().astype(float), SCENE.without("detail").render().astype(float), -1.0
    for n in np.linspace(SPARSE, len(DATA) - 1, 13).astype(int):
        with pytest.warns(MotesWarning, match="the sparse layer and"):
            scene = loads(DATA[:n])
        found = validate(io.BytesIO(DATA[:n]))
        until_s = found.detail_until_s if found.detail_until_s is not None else 9.0
        assert found.is_cut
        assert until_s >= previous
        previous, at = until_s, int(min(until_s, N / RATE) * RATE)
        heard = scene.render().astype(float)
        assert np.abs(heard[: max(0, at - 2200)] - whole[: max(0, at - 2200)]).max(initial=0.0) < 1e-6
        rest, wanted = heard[at + 2048 :], sparse[at + 2048 :]
        if len(rest) > RATE:
            assert abs(10 * np.log10(np.mean(rest**2) / np.mean(wanted**2))) < 1.5
    assert previous == 9.0


def test_a_cut_file_is_read_in_parts_and_salvaged_alike(tmp_path):
    n = (SPARSE + len(DATA)) // 2
    path = tmp_path / "cut.mote"
    path.write_bytes(DATA[:n])
    with pytest.warns(MotesWarning, match=r"cut\.mote ends early"):
        whole, part = motes.load(path), motes.load(path, 0.5, 3.5)
    assert np.array_equal(part.render(1.0, 3.0), whole.render(1.0, 3.0))
    saved = salvage(DATA[:n])
    assert saved.scene == whole
    assert saved.skipped == [str(Prefix(n, len(DATA), info(path).detail_until_s))]


def test_what_is_damaged_is_told_as_that():
    flipped = bytearray(DATA[: len(DATA) - 30])
    flipped[SPARSE + 20] ^= 1
    with pytest.raises(FormatError, match="checksum"):
        loads(bytes(flipped))
    for n in (SPARSE - 1, SPARSE // 2):
        with pytest.raises(FormatError, match="cut short"):
            loads(DATA[:n])
        with pytest.raises(FormatError):
            info(io.BytesIO(DATA[:n]))
    with pytest.raises(FormatError):
        loads(DATA + b"x")
    lost = salvage(DATA[: SPARSE - 1])
    assert any("detail event" in line for line in lost.skipped)


def test_sends_behind_detail_that_are_missing_take_it_with_them():
    wet = SCENE.select("kind == detail").room(Room.synthetic(0.125, 7), 0.5).replace(layered=True)
    data = dumps(wet)
    assert loads(data).detail.equals(wet.quantise().detail)
    first = SeekableFile(io.BytesIO(data))
    entry = next(each for each in first.index.entries if chr(each.kind) == "D")
    with pytest.warns(MotesWarning, match="no detail"):
        assert not len(loads(data[: first.sparse_bytes + entry.n_bytes - 1]).detail)


def test_a_front_index_comes_back():
    front = FOUND.front
    assert Front.unpack(Reader(front.pack(), "front")) == front
    assert front.n_sparse == sum(chr(entry.kind) != "D" for entry in front.index.entries)
    assert front.missing_from(len(front.index.entries), RATE) is None


@pytest.mark.parametrize("n_channels", [1, 2])
def test_powers_come_back(n_channels):
    scene = scene_of(n_channels)
    powers = powers_of(scene)
    assert powers.shape == (*block_shape(RATE, N), n_channels)
    assert powers.any()
    data = pack_powers(powers)
    assert np.array_equal(unpack_powers(Reader(data, "powers"), RATE, N, n_channels), powers)
    with pytest.raises(FormatError, match="powers: it has not as many blocks"):
        unpack_powers(Reader(data, "powers"), RATE, 2 * N, n_channels)
    silent = pack_powers(np.zeros_like(powers))
    assert len(silent) >= powers.size / VALUES_PER_BYTE


def test_texture_is_lifted_by_what_detail_had():
    bare = SCENE.with_tables([SCENE.detail.empty(1)])
    raised, exact = lifted(bare, powers_of(SCENE), 0), SCENE.without("detail")
    power = [np.mean(np.square(each.render().astype(float))) for each in (bare, raised, exact)]
    assert power[2] > 1.05 * power[0]
    assert abs(10 * np.log10(power[1] / power[2])) < 0.5
    late = lifted(bare, powers_of(SCENE), 2 * RATE)
    assert np.array_equal(late.render(0.0, 1.9), bare.render(0.0, 1.9))


def test_the_command_line_says_what_a_cut_file_is(tmp_path, capsys):
    path = tmp_path / "a.mote"
    path.write_bytes(DATA[: len(DATA) - 200])
    assert main(["validate", str(path)]) == 0
    assert "the sparse layer and detail up to" in capsys.readouterr().out
    assert main(["validate", "--json", str(path)]) == 0
    assert "detail up to" in json.loads(capsys.readouterr().out)["reason"]
    assert main(["info", str(path)]) == 0
    assert f"of {len(DATA)} bytes" in capsys.readouterr().out
    assert main(["decode", str(path), "-o", str(tmp_path / "a.wav")]) == 0
    assert "ends early" in capsys.readouterr().err


def test_save_and_trim_keep_the_order_or_change_it(tmp_path):
    path = tmp_path / "a.mote"
    SCENE.save(path, layered=False)
    assert not motes.load(path).layered
    SCENE.save(path)
    assert motes.load(path).layered
    assert motes.trim(path, 400, layered=False).layered is False
    assert motes.trim(path, 400).layered
