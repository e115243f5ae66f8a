"""Make src/motes/demo/demo.flac: ten seconds composed for this project, so that everyone can try motes on music at
once.

Writes a MIDI file, renders it with fluidsynth and the Fluid (R3) General MIDI soundfont (both Debian packages:
fluidsynth, fluid-soundfont-gm; the soundfont is MIT-licensed), then mixes to mono, fades the end and normalises to a
peak of -1 dBFS.

    python tools/make_demo.py
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
OUTPUT = Path(__file__).parents[1] / "src/motes/demo/demo.flac"
SAMPLE_RATE_HZ = 44_100
DURATION_S = 10.0
FADE_S = 1.8
START_BEAT = 0.16
PEAK_DBFS = -1.0
BEATS_PER_MINUTE = 96
TICKS_PER_BEAT = 480


@dataclass(frozen=True)
class Note:
    """One note: when and for how long in beats, its MIDI key, how hard it is struck (1 to 127)."""

    beat: float
    beats: float
    key: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """One instrument on a channel of its own: on a shared channel, unisons of two parts would become one note."""

    channel: int
    program: int
    volume: int
    notes: tuple[Note, ...]


def chord(beat: float, beats: float, keys: tuple[int, ...], velocity: int) -> tuple[Note, ...]:
    """Keys struck together."""
    return tuple(Note(beat, beats, key, velocity) for key in keys)


def compose() -> tuple[Part, ...]:
    """Four bars in D: a piano figure, a vibraphone answering above it, cello and strings entering, and a few drums.

    Dm9 | Bbmaj7 | Gm9 | A7sus resolving to D. Each instrument leaves the others room, so that its events can be seen.
    """
    piano = (
        *(
            Note(0.0 + i / 2, 1.6, key, velocity)
            for i, (key, velocity) in enumerate([(50, 84), (57, 66), (65, 70), (69, 74), (76, 82), (69, 60)])
        ),
        *(
            Note(4.0 + i / 2, 1.6, key, velocity)
            for i, (key, velocity) in enumerate([(46, 82), (53, 64), (62, 68), (65, 72), (69, 80), (65, 58)])
        ),
        *(
            Note(8.0 + i / 2, 1.6, key, velocity)
            for i, (key, velocity) in enumerate([(43, 84), (50, 64), (58, 68), (65, 74), (69, 82), (62, 58)])
        ),
        *(Note(11.0 + i / 2, 1.2, key, velocity) for i, (key, velocity) in enumerate([(45, 80), (52, 66)])),
        *chord(12.0, 4.0, (38, 50, 57, 62), 80),
    )
    vibraphone = (
        Note(3.0, 1.0, 81, 92),
        Note(3.5, 1.5, 84, 84),
        Note(7.0, 0.5, 82, 88),
        Note(7.5, 0.5, 81, 80),
        Note(8.0, 1.5, 77, 84),
        Note(10.5, 0.5, 79, 86),
        Note(11.0, 0.5, 81, 90),
        Note(11.5, 0.5, 76, 82),
        Note(12.0, 4.0, 78, 96),
        Note(12.75, 3.0, 86, 74),
    )
    cello = (
        Note(4.0, 1.8, 58, 74),
        Note(6.0, 1.6, 57, 72),
        Note(8.0, 2.8, 50, 76),
        Note(11.0, 0.9, 52, 78),
        Note(12.0, 3.2, 50, 74),
    )
    strings = (*chord(8.0, 2.8, (65, 70), 50), *chord(11.0, 0.9, (67, 74), 56), *chord(12.0, 3.2, (66, 69), 52))
    side_stick, closed_hat, ride, tom, shaker = 37, 42, 51, 45, 70
    drums = (
        *(Note(beat, 0.25, side_stick, 70) for beat in (5.0, 7.0, 9.0)),
        *(Note(4.5 + i, 0.25, closed_hat, 72) for i in range(7)),
        *(Note(8.0 + i / 2, 0.25, shaker, 54) for i in range(6)),
        Note(11.0, 0.25, tom, 84),
        Note(11.5, 0.25, tom, 92),
        Note(12.0, 1.0, ride, 78),
    )
    return (
        Part(channel=0, program=0, volume=104, notes=piano),
        Part(channel=1, program=11, volume=112, notes=vibraphone),
        Part(channel=2, program=42, volume=84, notes=cello),
        Part(channel=3, program=48, volume=62, notes=strings),
        Part(channel=9, program=0, volume=96, notes=drums),
    )


def variable_length(value: int) -> bytes:
    """A number as MIDI writes it: seven bits a byte, the high bit set on all but the last."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def midi_track(part: Part) -> bytes:
    """A part as one MIDI track; at equal times notes end before others begin."""
    events: list[tuple[int, int, bytes]] = [
        (0, 0, bytes([0xC0 | part.channel, part.program])),
        (0, 0, bytes([0xB0 | part.channel, 7, part.volume])),
    ]
    for note in part.notes:
        first, last = (
            round((START_BEAT + note.beat) * TICKS_PER_BEAT),
            round((START_BEAT + note.beat + note.beats) * TICKS_PER_BEAT),
        )
        events.append((first, 2, bytes([0x90 | part.channel, note.key, note.velocity])))
        events.append((last, 1, bytes([0x80 | part.channel, note.key, 0])))
    events.sort(key=lambda event: event[:2])
    body, now = b"", 0
    for tick, _, message in events:
        body += variable_length(tick - now) + message
        now = tick
    return track_chunk(body)


def track_chunk(body: bytes) -> bytes:
    """A MIDI track around its events."""
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def midi_file(parts: tuple[Part, ...]) -> bytes:
    """The parts as a standard MIDI file of format 1."""
    tempo = b"\x00\xff\x51\x03" + (60_000_000 // BEATS_PER_MINUTE).to_bytes(3, "big")
    tracks = [track_chunk(tempo), *(midi_track(part) for part in parts)]
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS_PER_BEAT) + b"".join(tracks)


def render(parts: tuple[Part, ...], soundfont: Path) -> np.ndarray:
    """The parts played by fluidsynth, mixed to mono, float64."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "demo.mid", Path(folder) / "demo.wav"
        midi.write_bytes(midi_file(parts))
        command = [
            "fluidsynth",
            "-ni",
            "-q",
            "-g",
            "0.5",
            "-r",
            str(SAMPLE_RATE_HZ),
            "-C",
            "0",
            "-R",
            "1",
            "-O",
            "float",
            "-T",
            "wav",
        ]
        command += [
            "-o",
            "synth.reverb.room-size=0.35",
            "-o",
            "synth.reverb.level=0.35",
            "-F",
            str(wav),
            str(soundfont),
            str(midi),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        audio, _ = soundfile.read(wav, always_2d=True)
    return np.asarray(audio.mean(axis=1))


def finish(audio: np.ndarray) -> np.ndarray:
    """Exactly `DURATION_S`, faded out over the last `FADE_S` and normalised to `PEAK_DBFS`."""
    n_samples, n_fade = round(DURATION_S * SAMPLE_RATE_HZ), round(FADE_S * SAMPLE_RATE_HZ)
    audio = np.pad(audio, (0, max(0, n_samples - len(audio))))[:n_samples].copy()
    audio[-n_fade:] *= np.cos(np.linspace(0, np.pi / 2, n_fade)) ** 2
    return np.asarray(audio * 10 ** (PEAK_DBFS / 20) / np.abs(audio).max())


def main() -> None:
    """Write the demo recording."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    audio = finish(render(compose(), options.soundfont))
    soundfile.write(options.output, audio, SAMPLE_RATE_HZ, subtype="PCM_16")
    print(
        f"{options.output}: {len(audio) / SAMPLE_RATE_HZ:.2f} s, {options.output.stat().st_size} bytes, peak "
        f"{np.abs(audio).max():.3f}"
    )


if __name__ == "__main__":
    main()
