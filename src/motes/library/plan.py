"""Which files a list of files and folders means, and where the result of each one goes."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from motes import places
from motes.audio import RECORDINGS
from motes.errors import AudioError, MotesError, MotesWarning, ParameterError
from motes.files import refuse_existing

__all__ = ["RECORDINGS", "Job", "plan"]


@dataclass(frozen=True)
class Job:
    """One file to make: from `source` to `output` (paths, or `"-"`); `refused` says why it cannot be, `skipped`
    that it is there already.
    """

    source: str
    output: str
    refused: str = ""
    skipped: bool = False
    in_new_folder: bool = False

    def make_folder(self) -> None:
        """Where the output goes into a tree of folders that motes makes: make this file's."""
        if self.in_new_folder and not places.is_remote(self.output):
            try:
                os.makedirs(os.path.dirname(self.output) or ".", exist_ok=True)
            except OSError as error:
                raise AudioError(f"cannot make a folder for {self.output}: {error.strerror or error}") from error


def plan(
    inputs: Iterable[str],
    output: str | None,
    *,
    suffix: str,
    looked_for: frozenset[str],
    overwrite: bool = False,
    skip_existing: bool = False,
    folders: bool = False,
) -> list[Job]:
    """The jobs for `inputs`, in order; a folder stands for all files in it with a suffix among `looked_for`, sorted,
    its tree kept.

    `output` is a file, `"-"`, or a folder (one that exists, or ends with a slash, or must be one because there are
    several files); without it each result lies beside its source under `suffix`. Where results are `folders`, that of
    one file is `output` itself. Raises ParameterError where inputs and output don't fit together.
    """
    given = list(inputs)
    if not given:
        raise ParameterError("nothing to do: name at least one file or folder")
    several = len(given) > 1 or places.is_folder(given[0])
    into_folder = (
        output is not None and output != "-" and (several or output.endswith(("/", os.sep)) or places.is_folder(output))
    )
    if several and output == "-":
        raise ParameterError("standard output takes the result of one file, not of several: -o FOLDER/")
    if several and "-" in given:
        raise ParameterError("standard input cannot stand among other files")
    if given == ["-"] and (output is None or into_folder):
        raise ParameterError("standard input has no name to make another from: -o FILE, or -o - for standard output")
    if into_folder and output is not None and not places.is_remote(output) and os.path.isfile(output):
        raise ParameterError(f"{output} is a file: the results of several need a folder")
    if folders and output == "-":
        raise ParameterError("standard output takes one file, not a folder of them: -o FOLDER/")
    if folders and output is not None and not several:
        into_folder, output = False, os.path.normpath(output)
    jobs: list[Job] = []
    for name in given:
        if places.is_folder(name):
            jobs += _of_folder(name, output, len(given) > 1, suffix, looked_for)
        elif into_folder and output is not None:
            jobs.append(Job(name, places.join(output, _name_of(name, suffix)), in_new_folder=True))
        else:
            jobs.append(Job(name, output if output is not None else _beside(name, suffix)))
    return [_checked(job, overwrite, skip_existing, folders) for job in _without_clashes(jobs)]


def _of_folder(
    folder: str, output: str | None, among_others: bool, suffix: str, looked_for: frozenset[str]
) -> list[Job]:
    remote = places.is_remote(folder)
    within = Path(folder).name if remote else Path(folder).resolve().name
    target = folder if output is None else places.join(output, within if among_others else "")
    found, passed = [], Counter[str]()
    for name in places.files_in(folder):
        extension = Path(name).suffix.lower()
        if extension in looked_for:
            found.append(name)
        elif extension != suffix:
            passed[extension or "without extension"] += 1
    if passed and looked_for == RECORDINGS:
        listed = ", ".join(f"{number} {extension}" for extension, number in sorted(passed.items()))
        warnings.warn(f"{folder}: passed over, as no recordings by their names: {listed}", MotesWarning, stacklevel=3)
    if not found:
        return [Job(folder, "", refused=f"no files in it with one of the extensions {' '.join(sorted(looked_for))}")]
    return [
        Job(places.join(folder, name), places.join(target, str(Path(name).with_suffix(suffix))), in_new_folder=True)
        for name in found
    ]


def _name_of(name: str, suffix: str) -> str:
    """The name alone of what is made of a file; what a web address has behind a question mark is left out."""
    address = places.address_of(name)
    path = Path(name if address is None else address.key)
    return path.with_suffix(suffix).name if path.name else f"sound{suffix}"


def _beside(name: str, suffix: str) -> str:
    """What is made of a file, beside it; of a file on the web, in this folder."""
    address = places.address_of(name)
    if address is not None and not address.is_bucket:
        return _name_of(name, suffix)
    if address is not None and not address.key:  # an empty bucket, or one that nobody may list
        return places.join(name, _name_of(name, suffix))
    return places.text(Path(name).with_suffix(suffix))


def _without_clashes(jobs: list[Job]) -> list[Job]:
    """The first of those that would write the same file keeps it."""
    taken: dict[str, str] = {}
    checked = []
    for job in jobs:
        key = job.output if places.is_remote(job.output) else os.path.normcase(os.path.abspath(job.output))
        first = taken.setdefault(key, job.source) if job.output not in ("", "-") else job.source
        checked.append(
            job if first == job.source else replace(job, refused=f"{job.output} is already the output of {first}")
        )
    return checked


def _checked(job: Job, overwrite: bool, skip_existing: bool, folders: bool) -> Job:
    if job.refused or job.output == "-":
        return job
    if _is_same(job.source, job.output):
        return replace(job, refused="the output would replace the file it is made from")
    if places.is_remote(job.output):
        return _checked_elsewhere(job, overwrite, skip_existing, folders)
    folder = os.path.dirname(job.output) or "."
    if not job.in_new_folder and not os.path.isdir(folder):  # known before an hour of encoding
        return replace(job, refused=f"cannot write {job.output}: there is no folder {folder}")
    if skip_existing and (os.path.isdir if folders else os.path.isfile)(job.output):
        return replace(job, skipped=True)
    if folders:  # those that exist are looked into by who knows what comes into them
        return job
    try:
        refuse_existing(job.output, overwrite)
    except MotesError as error:
        return replace(job, refused=str(error))
    return job


def _is_same(source: str, output: str) -> bool:
    if places.is_remote(source) or places.is_remote(output):
        return places.text(source) == places.text(output)
    return os.path.exists(source) and os.path.exists(output) and os.path.samefile(source, output)


def _checked_elsewhere(job: Job, overwrite: bool, skip_existing: bool, folders: bool) -> Job:
    if folders:
        return replace(job, refused=f"cannot write {job.output}: folders are made on this machine, then motes publish")
    try:
        if skip_existing and places.is_file(job.output):
            return replace(job, skipped=True)
        refuse_existing(job.output, overwrite)
    except MotesError as error:
        return replace(job, refused=str(error))
    return job
