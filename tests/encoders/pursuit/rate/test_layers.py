"""How bits are shared out between atoms, detail and noise."""

import itertools

import numpy as np
import pytest

from motes.encoders.pursuit.rate.layers import ATOMS_ALONE_KBPS, NOISES, atoms_share


def test_bits_of_atoms_never_fall_as_the_rate_rises():
    kbps = np.arange(ATOMS_ALONE_KBPS, 320, 0.5)
    of_atoms = [atoms_share(each) * each for each in kbps]
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(of_atoms))
    assert max(atoms_share(each) for each in kbps) < 0.5
    # As many as notes are found in as in 24 kbps of atoms alone (docs/perception.md).
    assert atoms_share(48) * 48 == pytest.approx(13.5)


def test_noise_beside_detail_grows_finer_with_the_rate():
    for (low, coarse), (high, fine) in itertools.pairwise(NOISES):
        assert low < high
        assert (fine.n_bands, -fine.step_db, fine.detail) > (coarse.n_bands, -coarse.step_db, coarse.detail)
