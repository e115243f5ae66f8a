"""motes mosaic."""

from __future__ import annotations

from typing import Any

from motes.audio import RECORDINGS
from motes.cli.console import UsageError, output_name
from motes.cli.corpus.catalogue import Jobs
from motes.cli.many import MOTES, Force, Json, Many, Output, shown
from motes.errors import ParameterError


def mosaic(  # noqa: PLR0913 (a parameter is a flag)
    target: str,
    *,
    catalogue: str,
    output: Output = None,
    variety: float = 0.0,
    seed: int = 0,
    where: str | None = None,
    jobs: Jobs = 1,
    on: str = "",
    force: Force = False,
    json: Json = False,
) -> int:
    """Make the notes of a recording of the sounds of a catalogue that are most like them.

    Each is moved, transposed, and made as long and as loud as the note that it stands for.

    Parameters
    ----------
    target
        A recording, or a .mote file; `-` is a .mote file on standard input.
    catalogue
        The folder of the catalogue.
    output
        A .mote file, or `-` for standard output.
    variety
        0 takes the nearest sound, more draws among the near ones, the more freely the higher; not the one just before.
    seed
        Which chance.
    where
        Which sounds may be used: a condition in SQL, as in "file like 'piano%' and length_s > 0.1".
    jobs
        How many processes work at once.
    on
        Work on a cluster: ray, or ray://head:10001.
    """
    from motes.library.mosaic import Mosaic
    from motes.library.spreading import spread_of

    if output_name(output) is None:
        raise UsageError("-o is needed: a .mote file")
    try:
        work = Mosaic(catalogue, variety, seed, where, spread_of(jobs, on), force)
    except ParameterError as error:
        raise UsageError(str(error)) from error
    files = Many(force=force, json=json)
    todo = files.plan((target,), output, "a .mote file", ".mote", RECORDINGS | MOTES)
    return files.do(todo, work, "making a mosaic of", _account)


def _account(report: dict[str, Any]) -> str:
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    left = f", {report['n_left_out']} left out: nothing in the catalogue is like them" if report["n_left_out"] else ""
    made = f"{report['n_notes']} notes of {report['n_sounds']} sounds in {report['n_files']} files{left}"
    return f"{where}: {made}, {report['seconds']:.2f} s in {report['elapsed_s']:.1f} s"
