"""Readers of .mote files against mutants, for as long as asked; the seed is printed, and what went wrong is kept.

    python tests/fuzz/fuzz.py --minutes 2

A mutant is a scene or a FormatError, within seconds, however it is read. A scene that is read is written, read again
and written to the same bytes; what renders is finite. Anything else is written into tests/fuzz/crashes, where
tests/fuzz/test_crashes.py finds it: name it after what was wrong, and mend that.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import random
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import numpy as np  # noqa: E402
from corpus import corpus  # noqa: E402
from mutator import framed, mutant  # noqa: E402

from motes.codec import dumps, loads  # noqa: E402
from motes.codec.salvage import salvage  # noqa: E402
from motes.codec.seeking import SeekableFile  # noqa: E402
from motes.errors import FormatError, MotesWarning, ParameterError  # noqa: E402
from motes.scene.scene import Scene  # noqa: E402

CRASHES = FOLDER / "crashes"
SLOWEST_S = 10.0
MOST_MEMORY_MB = 3000
# Samples are rendered from the beginning on.
RENDERED_S = 0.02


def check(data: bytes, *, thorough: bool = True) -> str:
    """What became of a file; raises whatever no reader may."""
    scene = _read(data)
    if thorough:
        _same_in_parts(data, scene)
        _salvaged(data, scene)
    if scene is not None and thorough:
        _rendered(scene)
    if scene is not None:
        again = dumps(scene)
        assert not thorough or dumps(loads(again)) == again, "written, read and written again it is another file"
    return "refused" if scene is None else "read"


def _read(data: bytes) -> Scene | None:
    try:
        return loads(data)
    except FormatError as error:
        _one_line(error)
        return None


def _one_line(error: Exception, wanted: str = "") -> None:
    assert "\n" not in str(error), error
    assert wanted in str(error), error


def _same_in_parts(data: bytes, scene: Scene | None) -> None:
    try:
        found = SeekableFile(io.BytesIO(data))
        found.tags()
        part = found.scene(-np.inf, np.inf)
    except FormatError:
        assert scene is None, "a whole file cannot be read in parts"
        return
    if scene is not None:
        assert part.n_events == scene.n_events


def _salvaged(data: bytes, scene: Scene | None) -> None:
    try:
        found = salvage(data)
    except FormatError:
        assert scene is None, "nothing is salvaged of a whole file"
        return
    assert found.skipped or scene is not None, "salvage says nothing of a damaged file"
    dumps(found.scene)


def _rendered(scene: Scene) -> None:
    try:
        audio = scene.render(0.0, min(RENDERED_S, scene.duration_s))
    except ParameterError as error:
        _one_line(error, "MOTES_MAX")
        return
    assert np.isfinite(audio).all() or _is_loud(scene), "what it renders is not finite"


def _is_loud(scene: Scene) -> bool:
    """Whether levels go where 32 bits end."""
    return any(len(table) and float(np.max(table.column(table.LEVEL))) > 1e4 for table in scene.tables if table.LEVEL)


def run(seed: int, seconds: float, n_mutants: int | None = None, first: int = 0) -> Counter[str]:
    """Check mutants until time or number is reached; counts of what became of them."""
    files, counts, start, number = corpus(), Counter[str](), time.monotonic(), 0
    for parts in files:  # all kernels are compiled before anything is timed
        assert check(framed(parts)) == "read"
    while time.monotonic() - start < seconds and number != n_mutants:
        number += 1
        rng = random.Random(f"{seed}/{first + number}")
        data = mutant(rng, files)
        before = time.process_time()
        try:
            counts[check(data, thorough=number % 4 == 0)] += 1
            took_s = time.process_time() - before
            assert took_s < SLOWEST_S, f"it took {took_s:.1f} s"
        except Exception:
            counts["crashed"] += 1
            _keep(data, f"{seed}/{first + number}")
    return counts


def _keep(data: bytes, where: str) -> None:
    CRASHES.mkdir(exist_ok=True)
    path = CRASHES / f"unnamed_{hashlib.sha256(data).hexdigest()[:12]}.mote"
    if len(list(CRASHES.glob("unnamed_*"))) < 50:
        path.write_bytes(data)
    print(f"mutant {where}: kept as {path}\n{traceback.format_exc()}", flush=True)


def main() -> int:
    """0 where nothing went wrong."""
    parser = argparse.ArgumentParser(description="Read mutants of .mote files.")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=None, help="by default another one each time")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant: it is made from seed/number")
    parser.add_argument("--mutants", type=int, default=None, help="so many at most")
    given = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if given.seed is None else given.seed
    print(f"seed {seed}: python tests/fuzz/fuzz.py --seed {seed} does the same", flush=True)
    warnings.simplefilter("error")  # NumPy's, which a user would see
    warnings.simplefilter("ignore", MotesWarning)
    counts = run(seed, given.minutes * 60, given.mutants, given.first)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{sum(counts.values())} mutants: {dict(counts)}, at most {megabytes} MB", flush=True)
    return int(counts["crashed"] > 0 or megabytes > MOST_MEMORY_MB)


if __name__ == "__main__":
    sys.exit(main())
