"""Small sources of sound: a SoundFont, a Gravis Ultrasound patch, piano samples, one-shots."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

from motes.audio import write_audio

RATE = 44100


def tone(key: float, seconds: float = 1.0, t60_s: float = 1.0, rate: int = RATE) -> np.ndarray:
    """A struck tone with a few partials that begins at once."""
    t = np.arange(round(seconds * rate)) / rate
    hz = 440 * 2 ** ((key - 69) / 12)
    partials = sum(np.cos(2 * np.pi * hz * k * t) / k for k in (1, 2, 3))
    return 0.4 * partials * 10 ** (-3 * t / t60_s)


def click(hz: float, rate: int = RATE) -> np.ndarray:
    """A damped cosine whose first sample is its highest."""
    t = np.arange(round(0.08 * rate)) / rate
    return 0.8 * np.cos(2 * np.pi * hz * t) * np.exp(-t / 0.01)


def write_patch(path: Path, key: int, loop: tuple[int, int] | None = None) -> Path:
    """A patch of one 16-bit wave, in which a tone of `key` begins after 300 samples of silence."""
    audio = np.concatenate([np.zeros(300), tone(key, 0.6)])
    data = (audio * 32000).astype("<i2").tobytes()
    start, end = loop or (0, len(data) - 2)
    header = b"GF1PATCH110\0ID#000002\0".ljust(129, b"\0")
    layer = bytes(6) + b"\x01" + bytes(40)
    root = round(440e3 * 2 ** ((key - 69) / 12))
    wave = b"wave\0\0\0\0" + struct.pack("<IIIHIII", len(data), start, end, RATE, 20_000, 20_000_000, root)
    wave = wave.ljust(55, b"\0") + bytes([1 | (4 if loop else 0)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + bytes(63) + layer + wave.ljust(96, b"\0") + data)
    return path


def write_piano(folder: Path, layers: tuple[int, ...] = (4, 7, 10)) -> Path:
    """Samples of A4 and A5, louder the harder they are struck, with a little silence before them."""
    folder.mkdir(parents=True, exist_ok=True)
    for layer in layers:
        for name, key in (("A4", 69), ("A5", 81)):
            audio = np.concatenate([np.zeros(500), tone(key, 1.5, 2.0) * layer / 16])
            write_audio(folder / f"{name}v{layer}.wav", audio, RATE, 1)
    return folder


def write_one_shots(folder: Path) -> Path:
    """A kit of clicks for training, one for tests, and a loop that is neither."""
    for kit, frequencies in (("Kit", (150, 900, 5000)), ("VariBreaks", (200, 1200, 6000))):
        (folder / kit).mkdir(parents=True, exist_ok=True)
        for hz in frequencies:
            write_audio(folder / kit / f"{hz}.wav", np.concatenate([np.zeros(100), click(hz)]), RATE, 1)
    write_audio(folder / "Kit/loop_1.wav", np.tile(click(300), 20), RATE, 1)
    return folder


def write_scores(folder: Path) -> Path:
    """A canon in two parts as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    tune = [60, 62, 64, 65, 67, 65, 64, 62] * 16
    notes = [[beat + 2 * part, 1.0, key + 12 * part, part] for part in (0, 1) for beat, key in enumerate(tune)]
    (folder / "canon.json").write_text(json.dumps([{"notes": notes, "parts": 2}]))
    return folder


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def write_soundfont(path: Path, key: int = 69) -> Path:
    """A SoundFont of one instrument for all keys, program 0 of bank 0 and the drums."""
    audio = (np.concatenate([tone(key, 1.0), np.zeros(46)]) * 30000).astype("<i2")
    name = lambda text: text.encode().ljust(20, b"\0")  # noqa: E731
    info = _chunk(b"ifil", struct.pack("<HH", 2, 1)) + _chunk(b"isng", b"EMU8000\0") + _chunk(b"INAM", b"tiny\0\0")
    headers = [(0, 0, 0), (0, 128, 1)]
    phdr = b"".join(name("tiny") + struct.pack("<HHHIII", p, bank, bag, 0, 0, 0) for p, bank, bag in headers)
    phdr += name("EOP") + struct.pack("<HHHIII", 0, 0, 2, 0, 0, 0)
    instrument = struct.pack("<HH", 41, 0)
    sample = struct.pack("<HH", 53, 0)
    shdr = name("tone") + struct.pack("<IIIIIBbHH", 0, len(audio) - 46, 0, len(audio) - 47, RATE, key, 0, 0, 1)
    shdr += name("EOS") + bytes(26)
    tables = [
        (b"phdr", phdr),
        (b"pbag", struct.pack("<6H", 0, 0, 1, 0, 2, 0)),
        (b"pmod", bytes(10)),
        (b"pgen", instrument * 2 + bytes(4)),
        (b"inst", name("tiny") + struct.pack("<H", 0) + name("EOI") + struct.pack("<H", 1)),
        (b"ibag", struct.pack("<4H", 0, 0, 1, 0)),
        (b"imod", bytes(10)),
        (b"igen", sample + bytes(4)),
        (b"shdr", shdr),
    ]
    body = b"sfbk" + _chunk(b"LIST", b"INFO" + info) + _chunk(b"LIST", b"sdta" + _chunk(b"smpl", audio.tobytes()))
    body += _chunk(b"LIST", b"pdta" + b"".join(_chunk(*table) for table in tables))
    path.write_bytes(_chunk(b"RIFF", body))
    return path
