"""Events as points of a plane, alike ones near each other."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from motes.events.event_table import Array

# Parameters that do not tell how an event sounds, and phases beside them.
_INAUDIBLE = {"time_s", "seed", "clock_s", "into_s", "since_s", "turn_s", "instrument_id", "model_id"}
_INAUDIBLE |= {"sureness", "part", "n_events"}  # of notes
_FEWEST = 12  # points that t-SNE can make something of
_NAMED, _LEAST_R = 2, 0.5  # parameters that an axis is called by


def scaled(name: str, values: Array) -> Array:
    """Values as the ear spaces them: logarithms of frequencies, lengths and amplitudes."""
    if name.endswith(("_hz", "amplitude")) or name in ("duration_s", "window_s", "t60_s", "frequency_ratio", "n_atoms"):
        return np.log(np.maximum(values, 1e-6))
    return values


class Features(NamedTuple):
    """A row for each item, `(n_items, n_names)`, and which parameter each column is."""

    rows: Array
    names: list[str]


class Plane(NamedTuple):
    """`points` `(n, 2)` in 0 … 1 and the method; `edges` `(2, 2)` are what 0 and 1 of either axis are by the method:
    for PCA in standard deviations of a parameter.
    """

    points: Array
    method: str
    edges: Array


def features(sorts: dict[str, dict[str, Any]], n_items: int) -> Features:
    """All parameters that tell how items sound, each with mean 0 and variance 1, 0 where a sort lacks them."""
    names = list(
        dict.fromkeys(
            name
            for sort in sorts.values()
            for name, *_ in sort["params"]
            if name not in _INAUDIBLE and "phase" not in name
        )
    )
    rows = np.full((n_items, len(names)), np.nan)
    for sort in sorts.values():
        for (name, *_), values in zip(sort["params"], sort["values"], strict=True):
            if name in names:
                rows[sort["items"], names.index(name)] = scaled(name, np.asarray(values, np.float64))
    for column in rows.T:
        known = ~np.isnan(column)
        if known.any():
            spread = column[known].std()
            column[known] = (column[known] - column[known].mean()) / (spread if spread > 1e-9 else 1.0)
    return Features(np.nan_to_num(rows), names)


def methods() -> list[str]:
    """The methods that there are, the quickest first: t-SNE with openTSNE (`pip install 'motes[report]'`)."""
    return ["PCA", *(["t-SNE"] if find_spec("openTSNE") else [])]


def plane(points: Array, method: str = "") -> Plane:
    """Points `(n, n_parameters)` in a plane: by PCA where `method` says so, where openTSNE is not installed or where
    there are too few points, else by t-SNE.

    Always the same for the same points. van der Maaten & Hinton: "Visualizing data using t-SNE", JMLR 9 (2008).
    """
    if method != "PCA" and len(points) >= _FEWEST:
        try:
            return _within(_tsne(points), "t-SNE")
        except ImportError:
            pass
    return _within(_pca(points), "PCA")


def correlated(found: Features, flat: Array) -> list[list[tuple[str, float]]]:
    """For both axes of points `(n, 2)`, the parameters that rise or fall along it most, with Pearson's r."""
    if len(flat) < 3:  # through two points there is always a line
        return [[], []]
    columns, axes = (values - values.mean(axis=0) for values in (found.rows, flat))
    size = np.linalg.norm(columns, axis=0)[:, None] * np.linalg.norm(axes, axis=0)[None, :]
    r = np.where(size > 1e-12, columns.T @ axes / np.maximum(size, 1e-12), 0.0)
    return [
        [(found.names[i], float(axis[i])) for i in np.argsort(-np.abs(axis), kind="stable")[:_NAMED] if _says(axis[i])]
        for axis in r.T
    ]


def _says(r: float) -> bool:
    return bool(abs(r) >= _LEAST_R)


def _tsne(points: Array) -> Array:
    from openTSNE import TSNE

    jittered = points + 1e-6 * np.random.default_rng(0).standard_normal(
        points.shape
    )  # equal points would have no neighbours of their own
    made = TSNE(
        perplexity=min(30, len(points) / 4), initialization="pca", random_state=0, n_jobs=1, verbose=False, n_iter=500
    ).fit(jittered)
    return np.asarray(made, np.float64)


def _pca(points: Array) -> Array:
    """The first two principal components, the sign of each such that its largest entry is positive."""
    if len(points) == 0 or points.shape[1] == 0:
        return np.zeros((len(points), 2))
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    axes = axes[:2] * np.sign(np.take_along_axis(axes[:2], np.abs(axes[:2]).argmax(axis=1)[:, None], axis=1))
    flat = np.zeros((len(points), 2))
    flat[:, : len(axes)] = points @ axes.T
    return flat


def _within(flat: Array, method: str) -> Plane:
    """Each axis stretched to 0 … 1."""
    if not len(flat):
        return Plane(flat, method, np.zeros((2, 2)))
    low, high = flat.min(axis=0), flat.max(axis=0)
    return Plane((flat - low) / np.where(high - low > 1e-12, high - low, 1.0), method, np.stack([low, high], axis=1))
