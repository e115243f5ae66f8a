"""Making a catalogue of a folder of .mote files, and keeping it up to date: parts of files that have not changed
stay.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from motes import places
from motes.arguments import checked
from motes.audio import RECORDINGS
from motes.errors import AudioError, ParameterError
from motes.files import digest_of
from motes.library.batch import Outcome, Progress, run
from motes.library.catalogue.catalogue import PARTS, Catalogue, Manifest, require_folder, write_manifest
from motes.library.catalogue.index import update_index
from motes.library.catalogue.part import Described, part_name, read_about, require_pyarrow, write_part
from motes.library.catalogue.scene_rows import rows_of
from motes.library.plan import Job


@dataclass(frozen=True)
class Describe:
    """.mote file to its part of a catalogue, unless that is of the same bytes already."""

    corpus: str

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Describe one file."""
        from motes.library.work import load_scene

        part, file = Path(job.output), places.below(job.source, self.corpus)
        try:
            digest = digest_of(job.source)
        except FileNotFoundError:
            raise AudioError(f"{job.source} vanished while the catalogue was made: build it again") from None
        about = read_about(part)
        is_new = about is None or (about.digest, about.file) != (digest, file)
        if is_new:
            scene = load_scene(job.source)
            rows = rows_of(scene)
            kinds = rows.columns["kind"].tolist()
            about = Described(
                file=file,
                digest=digest,
                duration_s=scene.duration_s,
                n_rows={kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
                part=part.name,
            )
            write_part(part, rows, about)
        assert about is not None
        n_rows = sum(about.n_rows.values())
        return {"source": job.source, "n_rows": n_rows, "is_new": is_new, "about": msgspec.to_builtins(about)}


@dataclass(frozen=True)
class Building:
    """What has to be done for a catalogue: the jobs, a job for each file, and how many recordings are not encoded."""

    corpus: str
    path: Path
    jobs: tuple[Job, ...]
    n_recordings: int

    def run(self, n_processes: int = 1, progress: Progress = lambda *_: None) -> Iterator[Outcome]:
        """The outcomes of the jobs; when all are done, or the work is interrupted, the catalogue has what is described.

        Parts of files that are no longer in the corpus are removed, and the index is that of the rows that there are.
        """
        (self.path / PARTS).mkdir(parents=True, exist_ok=True)
        described: list[Described] = []
        try:
            for outcome in run(list(self.jobs), Describe(self.corpus), n_processes, progress):
                if outcome.status == "done":
                    described.append(msgspec.convert(outcome.report["about"], Described))
                yield outcome
        finally:
            corpus = self.corpus if places.is_remote(self.corpus) else os.path.relpath(self.corpus, self.path)
            write_manifest(self.path, Manifest(corpus=corpus, files=described))
        self._remove_others({about.part for about in described})
        update_index(Catalogue(self.path))

    def _remove_others(self, parts: set[str]) -> None:
        for path in (self.path / PARTS).glob("*.parquet"):
            if path.name not in parts:
                with contextlib.suppress(OSError):
                    path.unlink()


def building(corpus: str | os.PathLike[str], path: str | os.PathLike[str]) -> Building:
    """What has to be done for a catalogue at `path`; ParameterError where the corpus is no folder of .mote files, or
    something else is there.
    """
    require_pyarrow()
    root, target = places.text(corpus), Path(path)
    if not places.is_folder(root):
        what = "a file" if places.exists(root) else "not there"
        raise ParameterError(f"a catalogue is made of a folder of .mote files, and {root} is {what}")
    require_folder(target)
    files, n_recordings = _files(root)
    if not files:
        hint = f", but {n_recordings} recordings: motes encode {root} first" if n_recordings else ""
        raise ParameterError(f"{root} holds no .mote files{hint}")
    jobs = (Job(places.join(root, file), os.fspath(target / PARTS / part_name(file))) for file in files)
    return Building(root, target, tuple(jobs), n_recordings)


def _files(root: str) -> tuple[list[str], int]:
    """The .mote files, in order, and how many recordings there are that have none beside them."""
    named = [os.path.splitext(name) for name in places.files_in(root)]
    files = [stem + suffix for stem, suffix in named if suffix.lower() == ".mote"]
    recordings = {stem for stem, suffix in named if suffix.lower() in RECORDINGS}
    return files, len(recordings - {os.path.splitext(file)[0] for file in files})


@checked
def build_catalogue(corpus: str | os.PathLike[str], output: str | os.PathLike[str], *, jobs: int = 1) -> Catalogue:
    """The catalogue made at `output` of the .mote files in a folder, or brought up to date: only files that changed are
    read again. `jobs` files are read at once, each in a process of its own.

    Raises ParameterError where there are no such files, and what went wrong first where a file cannot be read; the
    others are in the catalogue.
    """
    if jobs < 1:
        raise ParameterError(f"jobs must be at least 1, not {jobs}")
    failed = [outcome for outcome in building(corpus, output).run(jobs) if outcome.status == "failed"]
    if failed:
        raise AudioError(f"{failed[0].job.source}: {failed[0].reason}")
    return Catalogue(output)
