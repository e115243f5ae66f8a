"""What commands that make files of files share: the options for many files, and one line about each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from cyclopts import Parameter

from motes import places
from motes.audio import OUTPUT_FORMATS
from motes.cli.console import (
    UsageError,
    announce_compilation,
    output_name,
    print_json,
    progress_bar,
    refuse_terminal,
    say,
    tell,
)
from motes.errors import ParameterError
from motes.library.batch import Outcome, Work, run
from motes.library.plan import Job, plan

Scenes = Annotated[str, Parameter(help=".mote files or folders; `-` is standard input.")]
Output = Annotated[str | None, Parameter(name=["--output", "-o"], allow_leading_hyphen=True)]
Force = Annotated[bool, Parameter(help="Replace files that exist.")]
Json = Annotated[bool, Parameter(help="Report on standard output, one line of JSON per file.")]


@dataclass(frozen=True)
class Many:
    """How files are worked on, and where the account goes."""

    jobs: Annotated[
        int, Parameter(name=["--jobs", "-j"], help="How many files to work on at once, each in a process of its own.")
    ] = 1
    skip_existing: Annotated[bool, Parameter(help="Leave out what has been made already: resumes a folder.")] = False
    force: Force = False
    json: Json = False

    def plan(
        self,
        inputs: tuple[str, ...],
        output: str | None,
        what: str,
        suffix: str,
        looked_for: frozenset[str],
        *,
        folders: bool = False,
    ) -> list[Job]:
        """The jobs that make a file, or a folder, with this suffix of each input; `what` they make is not written to a
        terminal.
        """
        if output_name(output) == "-":
            refuse_terminal(what)
            if self.json:
                raise UsageError("--json and -o - both want standard output")
        _refuse_one_for_several(inputs, output)
        jobs = planned(
            inputs,
            output,
            suffix=suffix,
            looked_for=looked_for,
            overwrite=self.force,
            skip_existing=self.skip_existing,
            folders=folders,
        )
        return [_without_recording(job) for job in jobs] if looked_for is MOTES else jobs

    def do(
        self, todo: list[Job], work: Work, doing: str, account: Callable[[dict[str, Any]], str], on: str = ""
    ) -> int:
        """Do the jobs, on a cluster if one is named, say one line about each, and return the exit status."""
        announce_compilation()
        return do_all(todo, work, doing, account, n_processes=self.jobs, as_json=self.json, on=on)


@dataclass(frozen=True)
class Stretch:
    """Which part of a scene."""

    start: Annotated[float | None, Parameter(help="From here, in seconds.")] = None
    end: Annotated[float | None, Parameter(help="Up to here, in seconds.")] = None


Part = Annotated[Stretch, Parameter(name="*")]
WHOLE = Stretch()
Files = Annotated[Many, Parameter(name="*")]
ONE_BY_ONE = Many()
MOTES = frozenset({".mote"})
# Names that say that a file is meant.
_TABLES = (".csv", ".json", ".parquet", ".png", ".svg", ".mid", ".jams", ".sdif")
_FILES = frozenset({".mote", *_TABLES, *OUTPUT_FORMATS})


def _refuse_one_for_several(inputs: tuple[str, ...], output: str | None) -> None:
    """The name of a file where a folder is needed: nobody wants a folder called one.mote."""
    several = len(inputs) > 1 or any(map(places.is_folder, inputs))
    if not several or output is None or output == "-" or output.endswith(("/", os.sep)) or os.path.exists(output):
        return
    if os.path.splitext(output)[1].lower() in _FILES:
        what = f"{len(inputs)} files" if len(inputs) > 1 else "a folder"
        raise UsageError(f"-o {output} is one file, and {what} cannot become one: -o FOLDER/")


def _without_recording(job: Job) -> Job:
    """The job, refused if what it is made from is a recording by its name."""
    if os.path.splitext(job.source)[1].lower() not in OUTPUT_FORMATS:
        return job
    return replace(job, refused=f"{job.source} is a recording, not a .mote file: motes encode turns it into one")


def planned(inputs: tuple[str, ...], output: str | None, **options: Any) -> list[Job]:
    """The jobs; inputs and output that do not fit together are a mistake of the command line."""
    try:
        return plan(inputs, output, **options)
    except ParameterError as error:
        raise UsageError(str(error)) from error


def do_all(
    jobs: list[Job],
    work: Work,
    doing: str,
    account: Callable[[dict[str, Any]], str],
    *,
    n_processes: int,
    as_json: bool,
    on: str = "",
) -> int:
    """Do the jobs, say one line about each, and return the exit status."""
    if n_processes < 1:
        raise UsageError(f"-j must be at least 1, not {n_processes}")
    counts = {"done": 0, "skipped": 0, "failed": 0}
    what = f"{doing} {shown(jobs[0].source)}" if len(jobs) == 1 else f"{doing} {len(jobs)} files"
    with progress_bar(what) as progress:
        for outcome in run(jobs, work, n_processes, progress, on):
            counts[outcome.status] += 1
            _report(outcome, account, as_json)
    if len(jobs) > 1:
        tell(", ".join(f"{number} {status}" for status, number in counts.items() if number))
    return 1 if counts["failed"] else 0


def shown(path: str, stream: str = "standard input") -> str:
    """A path as the user reads it."""
    return stream if path == "-" else path


def _report(outcome: Outcome, account: Callable[[dict[str, Any]], str], as_json: bool) -> None:
    job = outcome.job
    if outcome.status == "failed":
        say(outcome.reason if job.source in outcome.reason else f"{shown(job.source)}: {outcome.reason}")
    elif not as_json:
        tell(account(outcome.report) if outcome.status == "done" else f"{job.source}: skipped, {job.output} exists")
    if as_json:
        print_json(
            {"source": job.source, "output": job.output, "status": outcome.status, "reason": outcome.reason}
            | outcome.report
        )
