"""What a cluster of this machine gives for a catalogue: two workers beside one, and workers that are killed; a part of
bench_mosaic.py.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import motes
from motes.library.catalogue.build import building

RATE = 22050


def two(n_files: int) -> None:
    """Describes the same file `n_files` times by one worker of Ray, and by two: what they take of the wall clock and of
    processors. On a machine that is not idle only the latter says much: who waits for a processor has not computed.
    """
    import ray

    with tempfile.TemporaryDirectory() as made:
        corpus = corpus_of(Path(made), n_files, 20)
        wall: dict[int, list[float]] = {1: [], 2: []}
        for n_workers in (1, 2, 1, 2):
            with ray_of(n_workers):
                describe(corpus, Path(made) / "warm", "ray")
                busy, start = own_processor_s(), time.perf_counter()
                describe(corpus, Path(made) / f"{n_workers}-{start}", "ray")
                wall[n_workers].append(time.perf_counter() - start)
                used = own_processor_s() - busy
            parallel = used / wall[n_workers][-1]
            print(
                f"{n_workers} workers: {wall[n_workers][-1]:.2f} s, {used:.2f} s of processors, {parallel:.2f} at once",
                flush=True,
            )
        print(
            f"two beside one: {min(wall[1]) / min(wall[2]):.2f}x, load {os.getloadavg()[0]:.1f}, ray {ray.__version__}"
        )


def killed(times: int) -> None:
    """Builds a catalogue while a worker is killed at a moment by chance, and says how many are complete and equal."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as made:
        corpus = corpus_of(Path(made), 16, 3)
        expected = files_of(motes.build_catalogue(corpus, Path(made) / "here").path)
        n_equal = n_killed = 0
        with ray_of(2):
            describe(corpus, Path(made) / "warm", "ray")
            for number in range(times):
                stop = threading.Event()
                killer = threading.Thread(target=kill_some, args=(chance, stop, found := list[int]()))
                killer.start()
                describe(corpus, path := Path(made) / f"c{number}", "ray")
                stop.set()
                killer.join()
                n_equal += files_of(path) == expected
                n_killed += len(found)
                print(f"{number + 1}: {len(found)} killed, {n_equal} of {number + 1} complete and equal", flush=True)
    print(f"{n_equal} of {times} runs complete and equal; {n_killed} workers were killed")


def kill_some(chance: random.Random, stop: threading.Event, found: list[int]) -> None:
    """Kills one of the workers that are at it, at a moment by chance."""
    while not stop.wait(chance.uniform(0.0, 0.8)) and not found:
        if workers := workers_of_ray():
            found.append(victim := chance.choice(workers))
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)


def workers_of_ray() -> list[int]:
    """The processes below this one that run a task of Ray, by how they call themselves."""
    ours, found = descendants(os.getpid()), []
    for process in ours:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::_call"):
                found.append(process)
    return found


def descendants(process: int) -> list[int]:
    """All processes that this one, or one of its, has started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.name))
    found, todo = list[int](), [process]
    while todo:
        todo += (mine := children.get(todo.pop(), []))
        found += mine
    return found


def own_processor_s() -> float:
    """What this process and those below it have taken of processors, in seconds."""
    ticks = 0
    for process in [os.getpid(), *descendants(os.getpid())]:
        with contextlib.suppress(OSError, ValueError):
            values = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(values[11]) + int(values[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def ray_of(n_workers: int) -> Iterator[None]:
    """A cluster of this machine alone with so many workers, which ends with the block."""
    import ray

    ray.init("local", num_cpus=n_workers, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    try:
        yield
    finally:
        ray.shutdown()


def describe(corpus: Path, path: Path, on: str) -> None:
    for outcome in building(corpus, path).run(on=on):
        if outcome.status != "done":
            raise SystemExit(outcome.reason)


def corpus_of(folder: Path, n_files: int, seconds: int) -> Path:
    """A folder of scenes of so many seconds that differ in their level."""
    corpus = folder / "corpus"
    corpus.mkdir()
    time_s = np.arange(seconds * RATE) / RATE
    noise = np.random.default_rng(1).normal(0, 0.02, len(time_s))
    sound = noise + sum(0.05 * np.sin(2 * np.pi * hz * time_s) * np.exp(-3 * (time_s % 0.5)) for hz in (220, 331, 470))
    scene = motes.encode(sound, sample_rate_hz=RATE)
    for number in range(n_files):
        scene.gain(0.01 * number).save(corpus / f"{number:03d}.mote")
    return corpus


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
