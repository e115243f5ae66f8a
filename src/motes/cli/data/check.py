"""motes data check."""

from __future__ import annotations

from motes.cli.console import print_json
from motes.cli.many import Json
from motes.data.dataset_check import DataReport, check_data

_LAYOUTS = {
    "musicnet": "MusicNet",
    "labelled": "recordings and labels laid out as MusicNet",
    "recordings": "recordings without labels",
    "midi": "MIDI files",
    "nothing": "nothing",
}


def check(folder: str | None = None, *, json: Json = False) -> int:
    """Say whether a folder is MusicNet, what is missing or damaged in it, and which labels make no sense.

    Every file is opened, and the end of every recording decoded. The exit status is 1 where something is wrong.

    Parameters
    ----------
    folder
        MusicNet, its train_data, a set laid out so, or any folder of recordings; without it, that of AUDIO_PATH.
    """
    report = check_data(folder)
    if json:
        print_json(report.to_dict())
    else:
        print("\n".join(_lines(report)))
    return 0 if report.is_ok else 1


def _lines(report: DataReport) -> list[str]:
    hours = report.duration_s / 3600
    lines = [
        f"{report.folder}: {_LAYOUTS[report.layout]}",
        (
            f"{report.n_recordings} recordings, {hours:.2f} h, {report.n_labelled} of them with labels "
            f"({report.n_notes} notes)"
        ),
    ]
    lines += [f"{'error' if problem.is_error else 'note'}: {problem}" for problem in report.problems]
    n_errors = sum(problem.is_error for problem in report.problems)
    return [*lines, f"{n_errors} errors" if n_errors else "ok"]
