"""Trimming files: a smaller .mote file of a larger one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motes.arguments import checked
from motes.library.batch import Progress
from motes.library.plan import Job
from motes.library.work import _store, as_scene, load_scene

if TYPE_CHECKING:
    from motes.library.work import Given
    from motes.scene.scene import Scene


@dataclass(frozen=True)
class Trim:
    """.mote file to a smaller .mote file, of at most `kbps` kilobits per second."""

    kbps: float
    overwrite: bool = False
    # Whether files have their detail after all else; as they had it where it is not given.
    layered: bool | None = None

    def __post_init__(self) -> None:
        from motes.encoders.pursuit import PursuitOptions

        PursuitOptions(kbps=self.kbps)  # says so if it makes no sense

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Trim one file; the report says how many events are left, and why it ended."""
        start = time.perf_counter()
        before = _ordered(load_scene(job.source), self.layered)
        after = before.trim(self.kbps)
        job.make_folder()
        n_bytes = _store(after, job.output, self.overwrite)
        seconds = after.duration_s
        return {
            "source": job.source,
            "output": job.output,
            "seconds": seconds,
            "n_events_before": before.n_events,
            "n_events": after.n_events,
            "n_bytes": n_bytes,
            "kbps": n_bytes * 8 / 1000 / seconds if seconds else 0.0,
            "stop_reason": after.metadata.stop_reason,
            "was_smaller": after is before,
            "elapsed_s": time.perf_counter() - start,
        }


def _ordered(scene: Scene, layered: bool | None) -> Scene:
    return scene if layered is None else scene.replace(layered=layered)


@checked
def trim(scene: Given, kbps: float, *, layered: bool | None = None) -> Scene:
    """The scene, or that of a .mote file, in a file of at most so many kilobits per second, all channels together:
    atoms that are worth least to the ear become noise of their level, and the rest is rounded more coarsely. The scene
    itself where its file is no larger.

    `metadata.stop_reason` says whether the bitrate could be reached: events of other kinds than atoms and texture,
    groups, instruments and rooms stay, and count. `layered` files have their detail after all else, by default as they
    had it. MotesWarning says what of edits and notes could not be kept.
    """
    return _ordered(as_scene(scene), layered).trim(kbps)
