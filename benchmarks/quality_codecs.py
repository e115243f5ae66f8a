"""Codecs that `quality.py` compares: each takes a recording and a rate, and returns what it decodes to, `(channels, n)`
at the recording's own rate, with its actual kbps and, where it decodes a scene, what it renders without textures.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import motes
from motes.audio.resample import resample_blocks
from motes.codec import dumps, loads
from motes.metrics.noise_to_mask import silenced_textures

Array = np.ndarray[Any, np.dtype[Any]]
Scores = dict[str, float]
OPUS_HZ = 48000


@dataclass(frozen=True)
class Coded:
    """What a codec makes of a recording; `rest` is what a scene renders without its textures."""

    decoded: Array
    numbers: Scores
    rest: Array | None = None


Codec = Callable[[Path, float], Coded]


def processor_s() -> float:
    """Seconds of processor time of this process and those it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def by_motes(path: Path, kbps: float) -> Coded:
    """motes at a rate: charged its whole file."""
    return _by_motes(path, {"kbps": kbps})


def by_detail(path: Path, kbps: float) -> Coded:
    """motes at a rate with detail above its atoms: charged its whole file."""
    return _by_motes(path, {"kbps": kbps, "detail": True})


def by_events(path: Path, per_second: float) -> Coded:
    """motes with so many events per second."""
    return _by_motes(path, {"events_per_second": per_second})


def _by_motes(path: Path, target: Scores) -> Coded:
    audio, rate = soundfile.read(path, always_2d=True)
    seconds, begun = len(audio) / rate, processor_s()
    data = dumps(motes.encode(audio.T, sample_rate_hz=rate, **target))
    encoded = processor_s()
    scene = loads(data)
    decoded = np.atleast_2d(scene.render())
    speeds = {"encode_x": seconds / (encoded - begun), "decode_x": seconds / max(1e-3, processor_s() - encoded)}
    rest = silenced_textures(scene) if len(scene.texture) else decoded
    return Coded(decoded, {"kbps": 8 * len(data) / seconds / 1000} | speeds, rest)


def by_opus(path: Path, kbps: float) -> Coded:
    """libopus as PyAV carries it, with opusenc's defaults (VBR, complexity 10, 20 ms): charged its packets alone."""
    return _by_libopus(path, kbps, "audio")


def by_celt(path: Path, kbps: float) -> Coded:
    """The same with CELT alone: at 24 to 48 kbps libopus else takes a hybrid of SILK and CELT for speech, which
    scores lower.
    """
    return _by_libopus(path, kbps, "lowdelay")


def _by_libopus(path: Path, kbps: float, application: str) -> Coded:
    import av

    audio, rate = soundfile.read(path, always_2d=True, dtype="float32")
    seconds, n_channels, begun = len(audio) / rate, audio.shape[1], processor_s()
    at_48k = np.concatenate(list(resample_blocks([audio.T], n_channels, rate, OPUS_HZ)), axis=1)
    layout = "mono" if n_channels == 1 else "stereo"
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = OPUS_HZ, layout, "flt"
    encoder.bit_rate = round(kbps * 1000)
    encoder.options = {"vbr": "on", "application": application, "compression_level": "10"}
    # What the encoder holds back, and before it a second turned round: libopus takes that long to know music.
    lead = at_48k[:, :OPUS_HZ][:, ::-1]
    lead = np.pad(lead, ((0, 0), (OPUS_HZ - lead.shape[1], 0)))
    padded = np.concatenate([lead, np.pad(at_48k, ((0, 0), (0, OPUS_HZ // 10 - at_48k.shape[1] % 960)))], axis=1)
    packets = []
    for first in range(0, padded.shape[1] // 960 * 960, 960):
        piece = np.ascontiguousarray(padded[:, first : first + 960].T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout=layout)
        frame.sample_rate = OPUS_HZ
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    n_lead = OPUS_HZ // 960
    n_packets = -(-at_48k.shape[1] // 960) + 1  # as many as the recording needs, and one for the delay
    packets = packets[: n_lead + n_packets]
    encoded = processor_s()
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = OPUS_HZ, layout
    found = [frame.to_ndarray() for data in packets for frame in decoder.decode(av.Packet(data))]
    flat = np.concatenate(found, axis=1).astype(np.float32) / (2**15 if found[0].dtype.kind == "i" else 1)
    decoded = (flat.reshape(-1, n_channels).T if len(flat) == 1 else flat)[:, OPUS_HZ:]
    decoded = np.concatenate(list(resample_blocks([decoded], n_channels, OPUS_HZ, rate)), axis=1)
    speeds = {
        "encode_x": seconds / max(1e-3, encoded - begun),
        "decode_x": seconds / max(1e-3, processor_s() - encoded),
    }
    return Coded(decoded, {"kbps": 8 * sum(map(len, packets[n_lead:])) / seconds / 1000} | speeds)


def opus_version() -> str:
    """What the libopus of PyAV calls itself, as `libopus 1.6.1`."""
    import av

    for library in sorted((Path(av.__file__).parent.parent / "av.libs").glob("libopus*")):
        version = ctypes.CDLL(str(library)).opus_get_version_string
        version.restype = ctypes.c_char_p
        return version().decode()
    return "libopus, version unknown"


def by_opusenc(path: Path, kbps: float) -> Coded:
    """opusenc (Debian: opus-tools): charged its packets alone, without Ogg."""
    info = soundfile.info(path)
    with tempfile.TemporaryDirectory() as folder:
        opus, wav = Path(folder) / "a.opus", Path(folder) / "a.wav"
        begun = processor_s()
        subprocess.run(["opusenc", "--quiet", "--bitrate", f"{kbps}", path, opus], check=True)
        encoded = processor_s()
        subprocess.run(
            ["opusdec", "--quiet", "--float", "--rate", f"{info.samplerate}", opus, wav],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        spent_s = {"encode_x": encoded - begun, "decode_x": processor_s() - encoded}
        speeds = {name: info.duration / max(1e-3, one_s) for name, one_s in spent_s.items()}
        decoded, _ = soundfile.read(wav, always_2d=True)
        return Coded(decoded.T, {"kbps": ogg_payload(opus.read_bytes()) * 8 / info.duration / 1000} | speeds)


def ogg_payload(data: bytes) -> int:
    """Bytes of all packets but the two of the header (RFC 3533, RFC 7845: these have pages of their own)."""
    place, sizes = 0, []
    while place < len(data):
        n_segments = data[place + 26]
        sizes.append(sum(data[place + 27 : place + 27 + n_segments]))
        place += 27 + n_segments + sizes[-1]
    return sum(sizes[2:])


def named_codec(text: str) -> tuple[str, Codec]:
    """A codec of `--codec 'name: command {in} {out} {kbps}'`.

    The command reads the WAV file {in} and writes what it decodes to as WAV to {out}. Its size is that of all files
    whose names begin with {out} and go on; where it leaves none, it is taken at its word, {kbps}.
    """
    name, colon, command = text.partition(":")
    if not colon or "{in}" not in command or "{out}" not in command:
        raise SystemExit(f"--codec takes 'name: command {{in}} {{out}} {{kbps}}', not {text!r}")
    return name.strip(), lambda path, kbps: _by_command(command.strip(), path, kbps)


def _by_command(command: str, path: Path, kbps: float) -> Coded:
    audio, rate = soundfile.read(path, always_2d=True)
    seconds = len(audio) / rate
    with tempfile.TemporaryDirectory() as folder:
        source, goal = Path(folder) / "in.wav", Path(folder) / "out.wav"
        soundfile.write(source, audio, rate, subtype="PCM_16")
        for name, value in (("in", shlex.quote(str(source))), ("out", shlex.quote(str(goal))), ("kbps", f"{kbps:g}")):
            command = command.replace(f"{{{name}}}", value)
        begun = processor_s()
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        if done.returncode or not goal.exists():
            raise SystemExit(f"{command}: {(done.stderr.strip().splitlines() or ['it wrote no WAV file'])[-1]}")
        spent_s = max(1e-3, processor_s() - begun)
        left = [each for each in Path(folder).rglob("*") if each.is_file() and each not in (source, goal)]
        decoded, decoded_rate = soundfile.read(goal, always_2d=True, dtype="float32")
        decoded = np.concatenate(list(resample_blocks([decoded.T], decoded.shape[1], decoded_rate, rate)), axis=1)
        decoded = np.repeat(decoded[:1], audio.shape[1], 0) if len(decoded) < audio.shape[1] else decoded
        spent = 8 * sum(each.stat().st_size for each in left) / seconds / 1000 if left else kbps
        return Coded(decoded[: audio.shape[1]], {"kbps": spent, "encode_x": seconds / spent_s})


def standard_codecs() -> dict[str, Codec]:
    """motes, with and without detail, libopus, and opusenc where it is installed."""
    codecs: dict[str, Codec] = {"motes": by_motes, "motes with detail": by_detail, opus_version().removeprefix("lib"): by_opus}
    codecs[f"{opus_version().removeprefix('lib')}, CELT alone"] = by_celt
    if shutil.which("opusenc"):
        shown = subprocess.run(["opusenc", "--version"], capture_output=True, text=True).stdout
        using = shown.partition("using ")[2].partition(")")[0] or "version unknown"
        codecs[f"opusenc ({using})"] = by_opusenc
    return codecs
