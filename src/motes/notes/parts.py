"""Notes of one instrument, and hits of one drum: clusters of sounds that are alike, by Ward's criterion [Ward, 1963].

A cluster is divided where its two halves lie far apart for the number of notes in each: by how much the mean square
distance to the middle falls. Sounds of one instrument have about unit variance in every direction, so that halves of a
cluster that is one come to a bound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
# By how much the mean square distance has to fall, of notes and of hits.
NOTES_APART, HITS_APART = 3.5, 1.0
# The sum of squares falls by this much by chance, however few notes there are.
BY_CHANCE = 40.0
# A part has so many notes, and of the notes of a recording this share; fewer go with the part that is nearest.
FEWEST, LEAST_SHARE = 3, 0.03
# Of more notes than this so many are clustered, and the others go with the nearest part.
MOST = 4000


def parts_of(notes: Reals, hits: Reals, is_pitched: NDArray[np.bool_], n_instruments: int | None = None) -> Ints:
    """The part of each note, from 0 in order of their first notes, `(n,)`.

    `notes` and `hits` are points of the notes with a pitch and of those without, as `motes.notes.timbre` has them.
    Where it is known that `n_instruments` play, notes with a pitch come in so many parts, or as many as there are
    notes.
    """
    part = np.zeros(len(is_pitched), np.int64)
    part[is_pitched] = clusters(notes, NOTES_APART, n_instruments)
    part[~is_pitched] = clusters(hits, HITS_APART) + part[is_pitched].max(initial=-1) + 1
    _, first, which = np.unique(part, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[which.reshape(-1)])


def clusters(points: Reals, apart: float, n_clusters: int | None = None) -> Ints:
    """The cluster of each point, from 0, `(n,)`."""
    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage

    few = points[np.linspace(0, len(points) - 1, min(len(points), MOST)).round().astype(int)]
    tree = linkage(few, "ward")
    if n_clusters is not None:
        found = fcluster(tree, n_clusters, "maxclust") - 1
    else:
        found = _divided(tree, apart, max(FEWEST, LEAST_SHARE * len(few)))
    known = np.unique(found[found >= 0])
    middles = np.stack([few[found == k].mean(axis=0) for k in known])
    if len(few) == len(points) and (found >= 0).all():
        return np.asarray(np.searchsorted(known, found), np.int64)
    nearest = np.argmin(np.square(points[:, None] - middles).sum(axis=2), axis=1)
    if len(few) < len(points):
        return np.asarray(nearest, np.int64)
    return np.where(found >= 0, np.searchsorted(known, found), nearest)


def _divided(tree: Reals, apart: float, fewest: float) -> Ints:
    """Clusters of a tree of `scipy.cluster.hierarchy.linkage` from its root down, −1 for leaves that are in none."""
    n = len(tree) + 1
    sizes = np.concatenate([np.ones(n), tree[:, 3]])
    found, n_found, left = np.full(n, -1), 0, [2 * n - 2]
    while left:
        node = left.pop()
        if node >= n:
            below = tree[node - n, :2].astype(int)
            larger = below[np.argsort(-sizes[below], kind="stable")]
            # The height of Ward's tree is the root of twice the sum of squares by which a division makes less.
            if np.square(tree[node - n, 2]) / 2 - BY_CHANCE > apart * sizes[node]:
                left.extend(larger[: 1 + int(sizes[larger[1]] >= fewest)].tolist())
                continue
        found[_leaves(tree, node)] = n_found
        n_found += 1
    return found


def _leaves(tree: Reals, node: int) -> list[int]:
    n, found, left = len(tree) + 1, [], [node]
    while left:
        each = left.pop()
        if each < n:
            found.append(each)
        else:
            left.extend(tree[each - n, :2].astype(int).tolist())
    return found
