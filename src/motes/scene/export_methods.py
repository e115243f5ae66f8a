"""What scenes can of tables and pictures: one line each, imported when called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motes.arguments import checked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    File = str | os.PathLike[str]


def _scene(one: Any) -> Any:
    """What is a scene: the class of scenes is built on this one, so that types cannot say so."""
    return one


class ExportMethods:
    """The events of a scene as tables and as pictures."""

    @checked
    def to_csv(self, path: File, *, overwrite: bool = True) -> Path:
        """Write the events as a table, a line each, which `motes.from_csv` reads back; returns the path."""
        return self._export("csv", path, overwrite)

    @checked
    def to_json(self, path: File, *, overwrite: bool = True) -> Path:
        """Write the events as one JSON object, a list for each column; returns the path."""
        return self._export("json", path, overwrite)

    @checked
    def to_parquet(self, path: File, *, overwrite: bool = True) -> Path:
        """Write the events as a Parquet table, a row each; returns the path."""
        return self._export("parquet", path, overwrite)

    def _export(self, to: str, path: File, overwrite: bool) -> Path:
        from motes.report.tables import write_table

        return write_table(_scene(self), to, path, overwrite)

    def to_pandas(self) -> Any:
        """The events as a pandas DataFrame, a row each."""
        from motes.report.tables import to_pandas

        return to_pandas(_scene(self))

    @checked
    def plot(self, start_s: float = 0.0, end_s: float | None = None) -> Figure:
        """The events over their spectrogram, as a figure of matplotlib: at most 30 s from `start_s`."""
        from motes.report.pictures.picture import scene_figure

        return scene_figure(_scene(self), start_s, end_s)

    def _repr_html_(self) -> str:
        """What a notebook shows: a picture and the audio."""
        from motes.report.pictures.picture import scene_html

        return scene_html(_scene(self))
