"""Gather recordings that motes was not tuned on from free packages: natural sounds, and music with speech.

    python benchmarks/gather_natural.py FOLDER [--seconds 5]

FOLDER/natural and FOLDER/untuned get mono FLAC files of at most that many seconds at their own rate, and `sources.tsv`
with the package, the place in it, the licence, and the group that `quality.py` makes means of: `lossless`, `lossy`
(decoded from Vorbis at 35–170 kbps, so what is above some kHz may already be a codec's), `one-shots`. Nothing is
changed but length and channels, and that what is below 20 Hz goes where it is a tenth of the energy or more (no codec
should be paid for wind on a microphone); words and steps that are too short alone are put one after another, half a
second each. Packages are fetched by `apt-get download` and `pip download` into FOLDER/packages, and not installed.
"""

from __future__ import annotations

import argparse
import io
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

TUXPAINT = "usr/share/tuxpaint/stamps/"
GCOMPRIS = "usr/share/gcompris-qt/rcc/"
MINETEST = "usr/share/games/minetest/games/minetest_game/mods/"
SONIC = "usr/share/sonic-pi/samples/"
LOWEST_HZ = 20.0
EACH_S = 0.5  # of one-shots that are put one after another: time from onset to onset, at least


class Clip(NamedTuple):
    """A recording and where it is from; `a.rcc!b` is `b` in the Qt resource file `a.rcc`."""

    name: str
    package: str
    members: tuple[str, ...]
    licence: str
    group: str = "lossy"
    start_s: float = 0.0


def _tuxpaint(name: str, member: str) -> Clip:
    return Clip(name, "deb:tuxpaint-stamps-default", (f"{TUXPAINT}{member}.ogg",), "GPL-2")


def _instrument(name: str) -> Clip:
    member = f"{GCOMPRIS}instruments.rcc!{name}.ogg"
    return Clip(name, "deb:gcompris-qt-data", (member,), "GPL-3+")


def _sonic(name: str, member: str, group: str = "lossless") -> Clip:
    return Clip(name, "deb:sonic-pi-samples", (f"{SONIC}{member}.flac",), "CC0-1.0", group)


def _gcompris(name: str, member: str, licence: str, group: str = "lossy", start_s: float = 0.0) -> Clip:
    return Clip(name, "deb:gcompris-qt-data", (GCOMPRIS + member,), licence, group, start_s)


def _minetest(name: str, *members: str) -> Clip:
    places = tuple(f"{MINETEST}{member}.ogg" for member in members)
    return Clip(name, "deb:minetest-data", places, "CC-BY-SA-3.0")


STEPS = tuple(f"default/sounds/default_{ground}_footstep.{i}" for i in (1, 2, 3) for ground in ("gravel", "hard"))
FRENCH = ("noel_bonhomme-de-neige", "robin_j-ai-une-idee", "tv_camion-de-pompier", "patate_lunettes-de-soleil")
FRENCH_PLACE = "usr/share/ktuberling/sounds/fr/"
SETS: dict[str, tuple[Clip, ...]] = {
    "natural": (
        _tuxpaint("blackbird", "animals/birds/blackbird"),
        _tuxpaint("lark", "animals/birds/lark"),
        _tuxpaint("seagull", "animals/birds/seagull"),
        _tuxpaint("rooster", "animals/birds/rooster"),
        _gcompris("chickens", "explore_farm_animals.rcc!chickens.ogg", "CC-BY-SA-4.0"),
        _tuxpaint("grasshopper", "animals/insects/grasshopper"),
        _tuxpaint("bee", "animals/insects/bee"),
        _tuxpaint("dolphin", "animals/mammals/aquatic/dolphin"),
        _tuxpaint("whale", "animals/mammals/aquatic/whale"),
        _tuxpaint("tiger", "animals/mammals/cats/tiger"),
        _tuxpaint("donkey", "animals/mammals/equines/donkey"),
        _tuxpaint("chimp", "animals/mammals/apes/chimp"),
        _gcompris("frogs_storm", "memory-sound.rcc!LRFrogsInPondDuringStormLACut.ogg", "free-art"),
        _gcompris("rain_garden", "memory-sound.rcc!LRRain_in_garden_01_LA_cut.ogg", "free-art"),
        _gcompris("hits", "memory-sound.rcc!LRHits_01_LA.ogg", "free-art"),
        _gcompris("water_lock", "canal_lock.rcc!water_fill.wav", "CC-BY-3.0", "lossless"),
        _gcompris("door", "canal_lock.rcc!door_open.wav", "CC0-1.0", "lossless"),
        _minetest("stream", "env_sounds/sounds/env_sounds_water.2"),
        _minetest("fire", "fire/sounds/fire_large"),
        _minetest("steps", *STEPS),
        Clip(
            "rainforest", "pypi:ambience==1.1.0", ("sounds/nature/amazon-rainforest.ogg",), "see its README", start_s=20
        ),
    ),
    "untuned": (
        _sonic("tabla", "loop_tabla"),
        _sonic("guitar_chord", "guit_em9"),
        _sonic("guitar_slide", "guit_e_slide"),
        _sonic("drum_break", "loop_amen_full"),
        _sonic("drum_and_bass", "loop_garzul"),
        _sonic("loop_mika", "loop_mika"),
        _sonic("loop_safari", "loop_safari"),
        _sonic("haunted_hum", "ambi_haunted_hum"),
        _sonic("drum_roll", "drum_roll"),
        _sonic("glass_hum", "ambi_glass_hum"),
        Clip("speech_fr", "deb:ktuberling-data", tuple(f"{FRENCH_PLACE}{n}.wav" for n in FRENCH), "GPL-2+", "lossless"),
        Clip("speech_nl", "deb:fillets-ng-data-nl", ("sound/atlantis/nl/sp-v-vratit1.ogg",), "GPL-2", start_s=1),
        _sonic("bell", "perc_bell", "one-shots"),
        _sonic("guitar_harmonics", "guit_harmonics", "one-shots"),
        *map(_instrument, ("cello", "violin", "organ", "saxophone", "flute_traversiere", "harp", "clarinet", "horn")),
        _gcompris("ireland", "explore_world_music.rcc!ireland.ogg", "see its copyright file", start_s=10),
        _gcompris("japan", "explore_world_music.rcc!japan.ogg", "see its copyright file", start_s=5),
        _gcompris("mexico", "explore_world_music.rcc!mexico.ogg", "see its copyright file", start_s=5),
        _gcompris("beethoven", "explore_world_music.rcc!beethoven.ogg", "see its copyright file", start_s=35),
        Clip(
            "rock",
            "deb:fretsonfire-songs-sectoid",
            ("usr/share/games/fretsonfire/data/songs/sectoid/Feelings/song.ogg",),
            "MIT",
            start_s=60,
        ),
        Clip(
            "metal",
            "deb:fretsonfire-songs-muldjord",
            ("usr/share/games/fretsonfire/data/songs/muldjord/chaos_god/song.ogg",),
            "CC-BY-SA-3.0",
            start_s=60,
        ),
    ),
}


def unpacked(package: str, folder: Path) -> Path:
    """The folder that a package's files are in; it is fetched at the first call."""
    registry, name = package.split(":")
    inside = folder / name
    if inside.exists():
        return inside
    fetched = folder / "fetched" / name
    fetched.mkdir(parents=True, exist_ok=True)
    if registry == "deb":
        subprocess.run(["apt-get", "download", "-q", name], cwd=fetched, check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["dpkg-deb", "-x", next(fetched.glob("*.deb")), inside], check=True)
        return inside
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(fetched), name]
    subprocess.run(pip, check=True)
    archive = next(fetched.iterdir())
    if archive.suffix == ".zip":
        zipfile.ZipFile(archive).extractall(inside)
    else:
        with tarfile.open(archive) as tar:
            tar.extractall(inside, filter="data")
    return inside


def qt_resources(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files in a Qt resource file (format of `rcc --binary`, versions 1 to 3)."""
    version, tree, contents, names = struct.unpack(">4I", data[4:20])
    size = 14 if version == 1 else 22
    pending = [0]
    while pending:
        node = tree + size * pending.pop()
        name, flags = struct.unpack(">IH", data[node : node + 6])
        if flags & 2:  # a folder
            n, first = struct.unpack(">II", data[node + 6 : node + 14])
            pending += range(first, first + n)
            continue
        (n,) = struct.unpack(">H", data[names + name : names + name + 2])
        begin = contents + struct.unpack(">I", data[node + 10 : node + 14])[0]
        (n_bytes,) = struct.unpack(">I", data[begin : begin + 4])
        found = data[begin + 4 : begin + 4 + n_bytes]
        text = data[names + name + 6 : names + name + 6 + 2 * n].decode("utf-16-be")
        yield text, zlib.decompress(found[4:]) if flags & 1 else found


def samples(folder: Path, member: str) -> tuple[np.ndarray, int]:
    """A recording in a package, as mono."""
    place, _, resource = member.partition("!")
    path = next(iter(folder.rglob(place)), None)
    if path is None:
        raise SystemExit(f"{place} is not in {folder}: another version of the package?")
    source: Path | io.BytesIO = path
    if resource:
        source = io.BytesIO(dict(qt_resources(path.read_bytes()))[resource])
    audio, rate = soundfile.read(source, always_2d=True)
    return audio.mean(1), rate


def clip_samples(clip: Clip, folder: Path, seconds: float) -> tuple[np.ndarray, int]:
    """The clip, cut to so many seconds."""
    inside = unpacked(clip.package, folder)
    parts = [samples(inside, member) for member in clip.members]
    rate = parts[0][1]
    if len(parts) > 1:
        each = int(EACH_S * rate)
        joined = np.concatenate([np.pad(part, (0, max(0, each - len(part)))) for part, _ in parts])
    else:
        joined = parts[0][0]
    begin = int(clip.start_s * rate)
    return without_infrasound(joined[begin : begin + int(seconds * rate)], rate), rate


def without_infrasound(audio: np.ndarray, rate: int) -> np.ndarray:
    """The audio, above 20 Hz where a tenth of its energy or more lies below."""
    spectrum = np.fft.rfft(audio, 2 * len(audio))
    frequency_hz = np.fft.rfftfreq(2 * len(audio), 1 / rate)
    power = np.abs(spectrum) ** 2
    if power[frequency_hz < LOWEST_HZ].sum() < 0.1 * power.sum():
        return audio
    gain = np.clip(frequency_hz / LOWEST_HZ - 0.5, 0, 1)
    return np.fft.irfft(spectrum * np.sin(np.pi / 2 * gain) ** 2)[: len(audio)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    for name, clips in SETS.items():
        goal = options.folder / name
        goal.mkdir(parents=True, exist_ok=True)
        lines = ["name\tgroup\tseconds\trate\tpackage\tlicence\tplace"]
        for clip in clips:
            audio, rate = clip_samples(clip, options.folder / "packages", options.seconds)
            soundfile.write(goal / f"{clip.name}.flac", audio, rate, subtype="PCM_16")
            place = " + ".join(clip.members)
            shown = f"{len(audio) / rate:.2f}\t{rate}\t{clip.package}\t{clip.licence}\t{place}"
            lines.append(f"{clip.name}\t{clip.group}\t{shown}")
            print(name, clip.name, f"{len(audio) / rate:.1f} s", flush=True)
        (goal / "sources.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
