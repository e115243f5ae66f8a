"""Mosaics: the notes of a recording made of the sounds of a catalogue that are most like them (concatenative synthesis,
Schwarz 2004), moved, transposed, and as long and loud as these.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motes import places
from motes.arguments import checked
from motes.errors import ParameterError
from motes.library.batch import Progress
from motes.library.catalogue.brute_force import Among
from motes.library.catalogue.catalogue import Catalogue
from motes.library.mosaic.adaptation import Adaptation, adapted
from motes.library.mosaic.choice import Choice, chosen, model_of
from motes.library.mosaic.provenance import described
from motes.library.mosaic.target import Target, target_of
from motes.library.plan import Job
from motes.library.play_notes import Wanted, together
from motes.library.spreading.spread import ALONE, Spread, connected, spread, spread_of
from motes.scene.metadata import Metadata
from motes.units import require_finite
from motes.version import __version__

if TYPE_CHECKING:
    from motes.library.work import Given
    from motes.scene.scene import Scene

MOST_VARIETY = 100.0
# How much of the work finding the notes, choosing and making take, for the progress.
_FOUND, _CHOSEN = 0.3, 0.5


@dataclass(frozen=True)
class Mosaic:
    """Recording or .mote file to a .mote file, made of the sounds of a catalogue; as `motes.mosaic`."""

    catalogue: str
    variety: float = 0.0
    seed: int = 0
    where: str | None = None
    how: Spread = ALONE
    overwrite: bool = False

    def __post_init__(self) -> None:
        if not 0 <= require_finite("variety", self.variety) <= MOST_VARIETY:
            raise ParameterError(f"variety must lie in 0 … {MOST_VARIETY:g}, not {self.variety:g}")
        if not 0 <= self.seed < 2**63:
            raise ParameterError(f"the seed is a whole number from 0 on, not {self.seed}")

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Make one mosaic."""
        from motes.library.work import _store

        start = time.perf_counter()
        scene, n_target, choice = self.apply(job.source, progress)
        job.make_folder()
        n_bytes = _store(scene, job.output, self.overwrite)
        used = choice.distance[np.isfinite(choice.distance)]
        return {
            "source": job.source,
            "output": job.output,
            "seconds": scene.duration_s,
            "n_notes": len(scene.groups.notes),
            "n_left_out": n_target - len(scene.groups.notes),
            "n_sounds": len({pair for pair in zip(choice.file, choice.number.tolist(), strict=True) if pair[0]}),
            "n_files": len({file for file in choice.file if file}),
            "mean_distance": float(np.mean(used)),
            "n_events": scene.n_events,
            "n_bytes": n_bytes,
            "elapsed_s": time.perf_counter() - start,
        }

    def apply(self, given: Given, progress: Progress = lambda *_: None) -> tuple[Scene, int, Choice]:
        """The mosaic, how many notes the target has, and what was chosen for each."""
        catalogue = Catalogue(self.catalogue)
        model = model_of(catalogue, self.where)
        target = target_of(given, model)
        progress(_FOUND, "choosing")
        with connected(self.how):
            choice = self._chosen(catalogue, target, model, progress)
            scenes, used = self._made(catalogue, target, choice, progress)
        if not scenes:
            raise ParameterError(f"the notes of {catalogue.path} that would make the mosaic have no events")
        scene = together(scenes, target.rows.columns["part"][used])
        metadata = self._metadata(catalogue, target, choice, used)
        return scene.replace(n_samples=target.scene.n_samples, metadata=metadata), len(target.notes), choice

    def _chosen(self, catalogue: Catalogue, target: Target, model: str, progress: Progress) -> Choice:
        def report(done: float, *_: object) -> None:
            progress(_FOUND + (_CHOSEN - _FOUND) * done, "choosing")

        among = Among("note", model, self.where)
        choice = chosen(target.rows, catalogue.parts(), among, self.variety, self.seed, self.how, report)
        if not any(choice.file):
            lacking = "a pitch" if np.isfinite(target.notes.f0_hz).any() else "no pitch, as drums have"
            raise ParameterError(f"{catalogue.path} has no notes with {lacking}, which the target's are")
        return choice

    def _made(
        self, catalogue: Catalogue, target: Target, choice: Choice, progress: Progress
    ) -> tuple[list[Scene], list[int]]:
        """A scene for each note of the target, in their order, and which these are."""
        of_file = [
            [i for i, each in enumerate(choice.file) if each == file] for file in sorted(set(choice.file) - {""})
        ]
        todo = [_adaptation(catalogue, target, choice, rows) for rows in of_file]
        found: dict[int, Scene] = {}

        def report(done: float, *_: object) -> None:
            progress(_CHOSEN + (1 - _CHOSEN) * done, "making")

        for rows, scenes in zip(of_file, spread(adapted, todo, self.how, report), strict=True):
            found |= {i: scene for i, scene in zip(rows, scenes, strict=True) if scene is not None}
        used = sorted(found)
        return [found[i] for i in used], used

    def _metadata(self, catalogue: Catalogue, target: Target, choice: Choice, used: list[int]) -> Metadata:
        files, numbers = [choice.file[i] for i in used], [int(choice.number[i]) for i in used]
        digests = {file: catalogue.digest(file) for file in set(files)}
        options: dict[str, Any] = {"catalogue": catalogue.path.name, "variety": float(self.variety), "seed": self.seed}
        options |= {} if self.where is None else {"where": self.where}
        options["sources"] = described(files, numbers, digests)
        digest = target.scene.metadata.source_digest
        return Metadata(encoder="mosaic", options=options, source_digest=digest, version=__version__)


def _adaptation(catalogue: Catalogue, target: Target, choice: Choice, rows: list[int]) -> Adaptation:
    """What becomes of the notes of one file: these rows of the target's are made of them."""
    notes, scene, file = target.notes, target.scene, choice.file[rows[0]]
    louder_db = notes.gain_db - choice.gain_db
    wanted = [Wanted(*(float(each[i]) for each in (notes.onset_s, notes.end_s, notes.pitch, louder_db))) for i in rows]
    return Adaptation(
        places.join(catalogue.corpus, file),
        catalogue.digest(file),
        tuple(choice.number[rows].tolist()),
        tuple(wanted),
        tuple(target.energy[rows].tolist()),
        tuple(notes.gain_db[rows].tolist()),
        scene.sample_rate_hz,
        scene.n_channels,
    )


@checked
def mosaic(
    target: Given,
    catalogue: str | os.PathLike[str] | Catalogue,
    *,
    variety: float = 0.0,
    seed: int = 0,
    where: str | None = None,
    jobs: int = 1,
    on: str = "",
    progress: Progress | None = None,
) -> Scene:
    """A scene of the notes of `target`, a recording, .mote file or scene, each made of the sound of a catalogue that is
    most like it, transposed, as long and as loud as it is. `scene.metadata.options["sources"]` names these sounds.

    `variety` 0 takes the nearest, as `Catalogue.search` finds it; above, one of the near ones, the more freely the
    higher (1 lets those one standard deviation farther be e times rarer), by `seed`, and not the one just before.
    `where` is a condition in SQL on the sounds that may be used. `jobs` processes of this machine, or `on` a cluster
    (`ray`, `ray://head:10001`) its workers, do the work, with the same result. Raises ParameterError where the target
    or the catalogue has no notes, FormatError where a file of the corpus has changed or is gone.
    """
    path = catalogue.path if isinstance(catalogue, Catalogue) else Path(catalogue)
    how = Mosaic(os.fspath(path), variety, int(seed), where, spread_of(jobs, on))
    return how.apply(target, progress or (lambda *_: None))[0]
