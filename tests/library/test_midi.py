"""Notes of MIDI files: by every kind of time, and past all that is in them beside notes."""

import struct
from pathlib import Path

import mido
import numpy as np
import pytest

from motes.errors import AudioError, ParameterError
from motes.library.midi import read_notes


def outcome(path: Path) -> str:
    try:
        return "read" if np.isfinite(read_notes(path).time_s).all() else "not a number"
    except (AudioError, ParameterError) as error:
        return str(error)


def midi_file(path: Path, *tracks) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)
    for messages in tracks:
        track = mido.MidiTrack()
        track.extend(messages)
        file.tracks.append(track)
    file.save(path)
    return path


def test_midi_follows_tempo_changes_and_overlapping_notes(tmp_path):
    tempo = [
        mido.MetaMessage("set_tempo", tempo=500_000, time=0),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=480),
    ]
    on, off = (
        (lambda note, time, velocity=80: mido.Message("note_on", note=note, velocity=velocity, time=time)),
        (lambda note, time: mido.Message("note_off", note=note, time=time)),
    )
    path = midi_file(
        tmp_path / "a.mid", tempo, [on(60, 0), on(60, 240), on(64, 240), off(60, 100), on(64, 380, 0), on(67, 0)]
    )
    notes = read_notes(path)
    assert np.allclose(notes.time_s, [0.0, 0.25, 0.5, 1.5])  # 480 ticks are half a second at first, then a whole one
    assert notes.key.tolist() == [60, 60, 64, 67]
    assert notes.velocity.tolist() == [80] * 4


def test_midi_that_holds_nothing_or_is_none(tmp_path):
    with pytest.raises(ParameterError, match="no notes"):
        read_notes(midi_file(tmp_path / "empty.mid", [mido.MetaMessage("set_tempo", tempo=400_000, time=0)]))
    drums = [mido.Message("note_on", note=36, velocity=90, time=0, channel=9)]
    with pytest.raises(ParameterError, match=r"drums only \(channel 10\), which have no pitch"):
        read_notes(midi_file(tmp_path / "drums.mid", drums))
    whole = midi_file(tmp_path / "a.mid", [mido.Message("note_on", note=60, velocity=80, time=0)]).read_bytes()
    rng = np.random.default_rng(0)
    broken = [
        b"",
        b"RIFF",
        whole[:20],
        whole[:30],
        b"MThd" + bytes(40),
        *(rng.integers(0, 256, 60, dtype=np.uint8).tobytes() for _ in range(20)),
    ]
    for _ in range(60):
        data = bytearray(whole)
        data[rng.integers(len(data))] = rng.integers(256)
        broken.append(bytes(data))
    for data in broken:
        path = tmp_path / "broken.mid"
        path.write_bytes(data)
        result = outcome(path)
        assert "\n" not in result
        assert "broken.mid" in result or result == "read"
    with pytest.raises(AudioError, match="cannot read"):
        read_notes(tmp_path / "missing.mid")


def number(value: int) -> bytes:
    """A number of variable length."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.insert(0, 0x80 | value & 0x7F)
    return bytes(out)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">L", len(content)) + content


def header(n_tracks: int = 1, division: int = 480, kind: int = 1, more: bytes = b"") -> bytes:
    return chunk(b"MThd", struct.pack(">HHH", kind, n_tracks, division & 0xFFFF) + more)


def track(*events: tuple[int, bytes], end: bytes = b"") -> bytes:
    """A track chunk: ticks and bytes of each event."""
    body = b"".join(number(ticks) + event for ticks, event in [*events, (0, b"\xff\x2f\x00")])
    return chunk(b"MTrk", body + end)


ON, MORE, TEMPO_1_S = b"\x90\x3c\x50", b"\x40\x50", b"\xff\x51\x03\x0f\x42\x40"


def times(tmp_path: Path, *parts: bytes) -> list[float]:
    path = tmp_path / "made.mid"
    path.write_bytes(b"".join(parts))
    return read_notes(path).time_s.tolist()


@pytest.mark.parametrize(
    ("frames", "ticks", "per_s"), [(25, 40, 1000), (24, 8, 192), (30, 80, 2400), (29, 100, 100 * 30000 / 1001)]
)
def test_smpte_time_counts_ticks_of_frames_whatever_the_tempo(tmp_path, frames, ticks, per_s):
    division = (256 - frames) << 8 | ticks
    found = times(tmp_path, header(division=division), track((0, ON), (40, TEMPO_1_S), (0, ON), (40, ON)))
    assert np.allclose(found, [0, 40 / per_s, 80 / per_s])


@pytest.mark.parametrize("division", [0, 0xE700])
def test_a_division_without_ticks_is_an_error_of_the_file(tmp_path, division):
    with pytest.raises(AudioError, match="0 ticks"):
        times(tmp_path, header(division=division), track((0, ON)))


def test_chunks_of_others_are_skipped(tmp_path):
    other = chunk(b"XFIH", b"MTrk and more\xff")
    found = times(tmp_path, header(2, more=b"\0\0"), other, track((480, TEMPO_1_S)), other, track((960, ON)), other[:9])
    assert np.allclose(found, [1.5])


@pytest.mark.parametrize("more", [b"", b"\0"])
def test_midi_wrapped_in_riff(tmp_path, more):
    """Sizes are little-endian there, and chunks begin at even places."""
    plain = header(more=more) + track((480, ON))

    def riff(name: bytes, content: bytes) -> bytes:
        return name + struct.pack("<L", len(content)) + content + b"\0" * (len(content) % 2)

    inside = b"RMID" + riff(b"DISP", b"odd") + riff(b"data", plain) + riff(b"LIST", b"INFO")
    assert times(tmp_path, riff(b"RIFF", inside)) == [0.5]
    with pytest.raises(AudioError, match="no MIDI data"):
        times(tmp_path, riff(b"RIFF", b"RMID" + riff(b"LIST", b"INFO")))


def test_what_else_is_in_a_track_is_skipped(tmp_path):
    events = [
        (0, b"\xff\x59\x02\x08\xff"),  # a key signature of no key
        (0, b"\xff\x51\x02\x00\x00"),  # a tempo of two bytes
        (0, b"\xff\x60\x03abc"),  # of a type that is not known
        (480, ON),
        (480, b"\xff\x01\x04text"),
        (0, MORE),  # running status goes on past a meta event
        (0, b"\xf0\x03\x01\x02\xf7"),
        (0, b"\xf7\x02\x01\x02"),
        (480, b"\x91\x3c\x50"),
        (0, b"\xc1\x05"),
        (0, b"\xe1\x00\x40"),
        (0, b"\xfe"),
        (0, b"\xf2\x01\x02"),
        (480, b"\x90\x3c\x00"),  # the end of a note
        (0, MORE),
    ]
    found = times(tmp_path, header(), track(*events, end=b"\0\0\0padding"))
    assert np.allclose(found, [0.5, 1.0, 1.5, 2.0])


def test_patterns_play_one_after_the_other(tmp_path):
    """Files of type 2; each begins at the tempo that is usual."""
    found = times(tmp_path, header(2, kind=2), track((0, TEMPO_1_S), (480, ON)), track((480, ON)))
    assert np.allclose(found, [1.0, 1.5])


def test_a_file_that_is_cut_is_refused(tmp_path):
    whole = header(2) + track((0, ON)) + track((480, ON), (480, ON))
    for cut in (1, 5, 12, 24, 30):
        with pytest.raises(AudioError, match=r"made\.mid is not a whole MIDI file"):
            times(tmp_path, whole[:-cut])
