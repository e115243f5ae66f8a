"""Tiles hold what their bytes are said to hold; tables and selections what is in the scene."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from kind_examples import EXAMPLES, example, scene_of

from motes import kinds
from motes.kinds.gabor.edited import partial_frequencies
from motes.studio.document.documents import Document
from motes.studio.drawing.geometry import geometry_of
from motes.studio.drawing.spectrogram import row_frequencies_hz, spectrogram_tile
from motes.studio.drawing.tiles import coarsest_level, event_tile, span_s


def parsed(data: bytes):
    """By docs/studio-api.md."""
    magic, n, n_all, level, index, revision, start, span, header, further = struct.unpack_from("<4s5I2d2I", data)
    assert (magic, header) == (b"MTE1", 48)
    assert further % 4 == 0
    assert len(data) == (further + 16 * n if further else 48 + 38 * n)
    names = [
        ("id", "<u4"),
        ("start", "<f4"),
        ("end", "<f4"),
        ("low", "<f4"),
        ("high", "<f4"),
        ("level", "<f4"),
        ("group", "<u4"),
        ("a", "<f4"),
        ("b", "<f4"),
    ]
    columns = {name: np.frombuffer(data, kind, n, 48 + 4 * n * i) for i, (name, kind) in enumerate(names)}
    columns |= {"kind": np.frombuffer(data, "u1", n, 48 + 36 * n), "flags": np.frombuffer(data, "u1", n, 48 + 37 * n)}
    for i in range(4 if further else 0):
        columns[f"more{i}"] = np.frombuffer(data, "<f4", n, further + 4 * n * i)
    return {"n_all": n_all, "tile": (level, index, revision), "start_s": start, "span_s": span}, columns


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_finest_tiles_hold_every_event_where_it_sounds(kind):
    scene = scene_of(example(kind, 2), n_channels=2)
    document = Document("d", "d", scene)
    revision = document.history.current
    geometry = document.geometry(revision)
    seen = set()
    n_tiles = int(np.ceil(scene.duration_s / span_s(0)))
    for index in range(n_tiles):
        about, columns = parsed(event_tile(geometry, revision.muted, 0, index, 0, scene.duration_s, 1))
        assert about["n_all"] == len(columns["id"])
        low, high = index * 0.5 if index else -np.inf, (index + 1) * 0.5 if index < n_tiles - 1 else np.inf
        there = np.flatnonzero((geometry.end_s > low) & (geometry.start_s < high))
        assert sorted(columns["id"].tolist()) == there.tolist()
        assert np.allclose(columns["start"] + about["start_s"], geometry.start_s[columns["id"]], atol=1e-5)
        assert [kinds.KINDS[k].name for k in columns["kind"]] == [kind] * len(columns["id"])
        assert np.all(np.diff(columns["level"]) <= 0)
        seen |= set(columns["id"].tolist())
    assert len(seen) == scene.n_events


def test_coarse_tiles_hold_the_strongest(client):
    document = client.open()
    at = f"documents/{document['id']}/revisions/0"
    top = document["coarsest_level"]
    about, columns = parsed(client.get(f"{at}/events/{top}/0?limit=100").content)
    assert about["n_all"] == document["n_events"]
    assert len(columns["id"]) == 100
    level = np.sort(
        client.studio.documents[document["id"]].geometry(client.studio.documents[document["id"]].history[0]).level_db
    )[::-1]
    assert np.allclose(columns["level"], level[:100], atol=1e-3)
    client.edit(document, "mute", {"ids": columns["id"][:3].tolist()})
    _, muted = parsed(client.get(f"documents/{document['id']}/revisions/1/events/{top}/0?limit=10").content)
    assert muted["flags"].tolist() == [1] * 3 + [0] * 7
    assert span_s(top) >= document["duration_s"] > span_s(top - 1)
    assert coarsest_level(3600) == 13


@pytest.mark.parametrize("level", [0, 2, 6])
def test_a_sinusoid_stands_where_it_is_at_its_level(level):
    rate, n, hz = 44100, 44100 * 32, 1500.0
    reads = 0

    def read(first, last):
        nonlocal reads
        reads += last - first
        assert 0 <= first <= last <= n
        return 0.1 * np.cos(2 * np.pi * hz / rate * np.arange(first, last, dtype=np.float64))[None].astype(np.float32)

    levels = spectrogram_tile(read, read, n, rate, level, 0)
    assert levels.shape == (256, 256)
    row = int(np.argmin(np.abs(row_frequencies_hz(rate / 2) - hz)))
    middle = levels[64:192]
    assert np.all(np.abs(middle.argmax(axis=1) - row) <= 1)
    assert np.all(
        np.abs(middle.max(axis=1) / 255 * 120 - 120 + 20) < 2.5
    )  # −20 dB, less what a frequency between two bins loses
    assert reads <= 3 * 256 * 4 * 2048


def test_spectrograms_of_all_tracks(client):
    document = client.open()
    at = f"documents/{document['id']}/revisions/0/spectrogram"
    pictures = {}
    for track in ("original", "reconstruction", "residual", "texture", "detail"):
        answer = client.get(f"{at}/{track}/3/0").content
        assert struct.unpack_from("<4s5I2dfI", answer) == (b"MTS1", 256, 256, 3, 0, 0, 0.0, 4.0, 22050.0, 48)
        pictures[track] = np.frombuffer(answer, "u1", 65536, 48).reshape(256, 256).astype(float)
        assert client.get(f"{at}/{track}/3/0?format=png").content[:4] == b"\x89PNG"
    loud = pictures["original"] > 140
    assert loud.any()
    assert np.abs(pictures["original"] - pictures["reconstruction"])[loud].mean() < 12
    assert pictures["residual"][loud].mean() < pictures["original"][loud].mean() - 20
    assert np.all(pictures["original"][200:] <= 1)  # past the end
    client.get(f"{at}/original/3/1", 404)


def test_tiles_that_an_edit_does_not_touch_are_not_made_again(client):
    document = client.open()
    at = f"documents/{document['id']}/revisions"
    client.edit(document, "gain", {"expression": "time_s > 2.5 and window_s < 0.02"}, db=12)
    held = client.studio.documents[document["id"]]
    before, last = (client.get(f"{at}/0/spectrogram/reconstruction/0/{index}").content for index in (0, 5))
    n_kept = len(held.tiles)
    assert client.get(f"{at}/1/spectrogram/reconstruction/0/0").content[48:] == before[48:]
    assert len(held.tiles) == n_kept
    assert client.get(f"{at}/1/spectrogram/reconstruction/0/5").content[48:] != last[48:]
    assert len(held.tiles) == n_kept + 1


@pytest.mark.parametrize("kind", ["texture", "detail"])
def test_the_band_image_of_a_kind_is_like_its_spectrogram(kind):
    scene = scene_of(example(kind, 1))
    document = Document("d", "d", scene)
    from motes.studio.http.drawing_api import _tile

    rendered, stored = (
        _tile(document, document.history.current, track, 2, 0).astype(float) for track in ("reconstruction", kind)
    )
    inside = stored > 60
    assert inside.mean() > 0.1
    assert abs((rendered - stored)[inside].mean()) * 120 / 255 < 6  # dB
    assert rendered[~inside].mean() < rendered[inside].mean() - 30


def test_partials_are_lines_through_their_atoms(client):
    document = client.open()
    data = client.get(f"documents/{document['id']}/revisions/0/partials?limit=50").content
    magic, n, m, n_all, start, header, revision = struct.unpack_from("<4s3Id2I", data)
    assert (magic, header, start, revision) == (b"MTP1", 32, 0.0, 0)
    assert 0 < n <= min(50, n_all)
    offsets = np.frombuffer(data, "<u4", n + 1, 32)
    number = np.frombuffer(data, "<u4", n, 36 + 4 * n)
    ids, time_s, hz, level = (
        np.frombuffer(data, kind, m, 36 + 8 * n + 4 * m * i) for i, kind in enumerate(("<u4", "<f4", "<f4", "<f4"))
    )
    assert len(data) == 36 + 8 * n + 16 * m
    assert offsets[0] == 0
    assert offsets[-1] == m
    k = int(np.argmax(np.diff(offsets)))
    mine = slice(offsets[k], offsets[k + 1])
    assert np.all(np.diff(time_s[mine]) >= 0)
    chosen = client.post(f"documents/{document['id']}/revisions/0/select", {"expression": f"partial == {number[k]}"})
    assert chosen["n"] == len(ids[mine])
    scene = client.scene(document)
    run = partial_frequencies(scene.gabor, scene.sample_rate_hz)[ids[mine]]
    assert np.allclose(hz[mine], run, rtol=1e-6)
    assert np.allclose(10 ** (level[mine] / 20), scene.gabor.amplitude[ids[mine], 0], rtol=1e-4)


def test_selections_of_every_sort(client):
    document = client.open()
    scene = client.scene(document)
    at = f"documents/{document['id']}/revisions/0/select"
    n = scene.n_events
    assert client.post(at)["n"] == n
    assert client.post(at, {"ranges": [0, 5, 9, 10]})["ranges"] == [0, 5, 9, 10]
    assert client.post(at, {"ids": [3, 0, 3]})["ranges"] == [0, 1, 3, 4]
    assert client.post(at, {"ids": [3], "invert": True})["ranges"] == [0, 3, 4, n]
    assert client.post(at, {"kind": "texture"})["kinds"] == {"texture": len(scene.texture)}
    assert client.post(at, {"start_s": 1.0, "end_s": 2.0})["n"] == len(scene.select(start_s=1.0, end_s=2.0))
    box = {"start_s": 1.0, "end_s": 1.5, "low_hz": 200.0, "high_hz": 800.0}
    atoms = scene.gabor
    inside = (atoms.end_s > 1) & (atoms.start_s < 1.5) & (atoms.frequency_hz >= 200) & (atoms.frequency_hz <= 800)
    assert client.post(at, {"box": box, "kind": "gabor"})["n"] == np.count_nonzero(inside)
    corners = [[1.0, 200.0], [1.5, 200.0], [1.5, 800.0], [1.0, 800.0]]
    inside = (atoms.time_s >= 1) & (atoms.time_s <= 1.5) & (atoms.frequency_hz >= 200) & (atoms.frequency_hz <= 800)
    assert client.post(at, {"lasso": corners, "kind": "gabor"})["n"] == np.count_nonzero(inside)
    assert client.post(at, {"lasso": corners[::-1], "kind": "gabor"})["n"] == np.count_nonzero(inside)
    assert client.post(at, {"ranges": []})["start_s"] is None
    for wrong in (
        {"ranges": [1]},
        {"ranges": [0, n + 1]},
        {"ids": [n]},
        {"kind": "bell"},
        {"box": box | {"end_s": 0.5}},
        {"lasso": corners[:2]},
    ):
        client.post(at, wrong, 422)


def test_the_table_is_sorted_filtered_and_read_in_pieces(client):
    document = client.open()
    at, scene = f"documents/{document['id']}/revisions/0/table", client.scene(document)
    whole = []
    while len(whole) < document["n_events"]:
        piece = client.post(
            at,
            {
                "sort": "frequency_hz",
                "descending": True,
                "offset": len(whole),
                "limit": 700,
                "columns": ["frequency_hz", "duration_s"],
            },
        )
        whole += list(
            zip(
                piece["ids"],
                piece["kinds"],
                piece["columns"]["frequency_hz"],
                piece["columns"]["duration_s"],
                strict=True,
            )
        )
    assert len({row[0] for row in whole}) == len(whole) == scene.n_events
    hz = [row[2] for row in whole if row[1] == "gabor"]
    assert hz == sorted(hz, reverse=True)
    assert all(row[2] is None and row[3] > 0 for row in whole[len(hz) :])  # noise has no frequency, and comes last
    found = client.post(at, {"sort": "level_db", "descending": True, "find": whole[0][0], "limit": 0})
    there = client.post(at, {"sort": "level_db", "descending": True, "offset": found["position"], "limit": 1})
    assert there["ids"] == [whole[0][0]]
    few = client.post(at, {"what": {"kind": "texture"}, "sort": "start_s"})
    assert few["n"] == len(scene.texture)
    one = client.get(f"documents/{document['id']}/revisions/0/events/{few['ids'][0]}")
    assert len(one["ragged"]["level_db"]) == one["params"]["n_bands"] * one["params"]["n_frames"]
    client.post(at, {"sort": "nothing"}, 422)


def test_sound_is_read_in_any_piece(client):
    document = client.open()
    at = f"documents/{document['id']}/revisions/0/audio/reconstruction"
    whole = client.samples(document, 0)
    piece = client.get(f"{at}.f32?first=1000&n=500")
    assert np.array_equal(np.frombuffer(piece.content, "<f4"), whole[0, 1000:1500])
    assert client.get(f"{at}.f32?first=999999999&n=5").content == b""
    wav = client.get(f"{at}.wav?bits=32").content
    assert np.array_equal(np.frombuffer(wav[-whole.nbytes :], "<f4"), whole[0])
    for asked, expected in [
        ("bytes=0-9", wav[:10]),
        ("bytes=100-", wav[100:]),
        ("bytes=-7", wav[-7:]),
        ("bytes=12345-70001", wav[12345:70002]),
    ]:
        answer = client.get(f"{at}.wav?bits=32", 206, headers={"Range": asked})
        assert answer.content == expected, asked
        assert answer.headers["content-range"].endswith(f"/{len(wav)}")
    client.get(f"{at}.wav", 416, headers={"Range": f"bytes={len(wav)}-"})
    assert len(client.get(f"{at}.wav", headers={"Range": "lines=1-2"}).content) < len(wav)
    part = client.get(f"{at}.wav?bits=32&start_s=1&end_s=2").content
    assert np.array_equal(np.frombuffer(part[-4 * 44100 :], "<f4"), whole[0, 44100:88200])
    import io

    import soundfile

    for bits in (16, 32):
        audio, rate = soundfile.read(io.BytesIO(client.get(f"{at}.wav?bits={bits}").content), dtype="float32")
        assert rate == 44100
        assert np.allclose(audio, whole[0], atol=2**-15)


def test_selections_and_events_are_heard_alone(client):
    document = client.open()
    scene = client.scene(document)
    at = f"documents/{document['id']}/revisions/0"
    made = client.post(f"{at}/sounds", {"what": {"ids": [10, 11, 12]}}, 201)
    audio = np.frombuffer(client.get(made["url_f32"].removeprefix("/api/")).content, "<f4")
    expected = scene.select([10, 11, 12]).only().render()
    assert len(audio) == made["n_samples"]
    assert np.allclose(audio, expected[made["first"] : made["first"] + len(audio)], atol=1e-7)
    assert np.sum(expected**2) == pytest.approx(np.sum(audio**2), rel=1e-6)
    assert client.get(made["url_wav"].removeprefix("/api/")).content[:4] == b"RIFF"
    alone = client.get(f"{at}/events/10/sound.wav?bits=32")
    first = round(float(alone.headers["x-start-s"]) * 44100)
    one = scene.select([10]).only().render()
    audio = np.frombuffer(alone.content, "<f4", offset=56)
    assert np.allclose(audio, one[first : first + len(audio)], atol=1e-7)
    client.get("sounds/none.wav", 404)


def test_a_splat_stands_where_its_sound_is():
    """Nearly all energy that a splat alone renders lies in its band, and much of it near both edges; the peak is
    where its burst is strongest.
    """
    table = example("splat", 1)
    for i in range(len(table)):
        scene = scene_of(table.take(slice(i, i + 1)))
        revision = Document("d", "d", scene).history.current
        geometry = geometry_of(scene)
        level = coarsest_level(scene.duration_s)
        _, columns = parsed(event_tile(geometry, revision.muted, level, 0, 0, scene.duration_s))
        audio = np.atleast_2d(scene.render())[0].astype(float)
        power = np.abs(np.fft.rfft(audio)) ** 2
        hz = np.fft.rfftfreq(len(audio), 1 / scene.sample_rate_hz)
        low, high = float(columns["low"][0]) / 1.3, float(columns["high"][0]) * 1.3
        assert power[(hz > low) & (hz < high)].sum() > 0.9 * power.sum(), i
        assert columns["start"][0] + columns["more0"][0] == pytest.approx(table.time_s[i], abs=1e-5)
        assert columns["more1"][0] == pytest.approx(
            0 if table.noise[i] == 1 else table.partials(i)[0].searchsorted(float(columns["high"][0]) * 1.0001), abs=2
        )
        assert columns["more2"][0] == pytest.approx(table.noise[i])
    mirrored = scene_of(table.mirrored(np.ones(len(table), bool), 1.5))
    assert set(geometry_of(mirrored).more[:, 3]) == {1.0}


def test_tiles_without_splats_hold_no_further_columns():
    scene = scene_of(example("gabor", 1))
    assert len(geometry_of(scene).more) == 0
    both = geometry_of(scene_of(example("gabor", 1), example("splat", 1)))
    assert both.more.shape == (19, 4)
    assert not both.more[:12].any()
