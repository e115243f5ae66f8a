"""Parameterisations of all kinds that have one: coordinates 0 give back an event, and say where and how loud it is."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motes.encoders.fit.parameterisation import parameterisation_of  # noqa: E402
from motes.encoders.fit.reverberation import ReverberantParameterisation  # noqa: E402
from motes.errors import ParameterError  # noqa: E402
from motes.kinds.parameterisation import Atoms, Features, Layout  # noqa: E402

RATE, N = 16000, 16000
KINDS = ("splat", "gabor")


def atoms(n_channels=2):
    amplitude = np.outer([0.1, 0.05, 0.2], np.linspace(1.0, 0.5, n_channels))
    return Atoms(
        np.array([0.2, 0.5, 0.7]), np.array([0.1, 0.2, 0.05]), np.array([440.0, 1000.0, 3000.0]), amplitude, amplitude
    )


def made(kind, reverberant=False, features=None):
    parameterisation = parameterisation_of(kind, RATE, 2, features)
    return ReverberantParameterisation(parameterisation) if reverberant else parameterisation


@pytest.mark.parametrize("reverberant", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_coordinates_of_0_give_back_the_events(kind, reverberant):
    parameterisation = made(kind, reverberant)
    anchor = parameterisation.of_atoms(atoms())
    rest = parameterisation.at_rest(3)
    columns = parameterisation.columns(rest, anchor)
    again = parameterisation.columns(rest, parameterisation.anchored(columns))
    assert columns.keys() == again.keys()
    for name, values in columns.items():
        assert torch.allclose(values.double(), again[name].double(), rtol=1e-9, atol=1e-9), name
    assert rest.shape == (3, len(parameterisation.paces()))


@pytest.mark.parametrize("kind", KINDS)
def test_extent_and_energy_are_those_of_the_atoms(kind):
    parameterisation = made(kind)
    columns = parameterisation.columns(parameterisation.at_rest(3), parameterisation.of_atoms(atoms()))
    extent = parameterisation.extent(columns)
    assert np.allclose(extent.time_s, atoms().time_s)
    assert np.allclose(extent.frequency_hz, atoms().frequency_hz)
    assert np.array_equal(np.argsort(extent.width_s), np.argsort(atoms().window_s))
    energy = parameterisation.energy(columns).numpy()
    for i in range(3):
        sound = parameterisation.render({name: value[i : i + 1] for name, value in columns.items()}, N)
        assert energy[i] == pytest.approx(float(sound.square().sum()), rel=0.5)
        assert energy[i] == pytest.approx(atoms().energy(RATE)[i], rel=0.5)


def test_features_that_are_not_fitted_do_not_move():
    still, moving = made("splat"), made("splat", reverberant=True, features=Features(gamma=True, noise=True))
    for name in ("shape", "noise"):
        assert not still.paces()[still.coordinates[name]].any()
        assert moving.paces()[moving.coordinates[name]].all()
    assert moving.paces()[moving.coordinates["wetness"]].item() == 3.0


@pytest.mark.parametrize("reverberant", [False, True])
def test_a_splat_within_anothers_first_partial_takes_over_its_timbre(reverberant):
    parameterisation = made("splat", reverberant)
    columns = parameterisation.columns(parameterisation.at_rest(3), parameterisation.of_atoms(atoms()))
    columns["inharmonicity"] = columns["inharmonicity"] * torch.tensor([1.0, 5.0, 1.0], dtype=torch.float64)
    new = parameterisation.of_atoms(atoms())
    found = parameterisation.anchors.split(parameterisation.with_timbre(new, columns))
    plain = parameterisation.anchors.split(new)
    assert torch.allclose(found["inharmonicity"], columns["inharmonicity"])
    for name in ("time_s", "f0_hz", "level", *(["wetness"] if reverberant else [])):
        assert torch.equal(found[name], plain[name])


def test_a_kind_without_a_parameterisation_is_said_to_have_none():
    with pytest.raises(ParameterError, match="'texture' cannot be fitted by gradients, only splat and gabor"):
        parameterisation_of("texture", RATE, 1)


def test_a_layout_finds_its_columns_by_name():
    layout = Layout((("time", False), ("gain", True), ("wetness", False)), 2)
    values = torch.arange(8.0).reshape(2, 4)
    parts = layout.split(values)
    assert layout.n_columns == 4
    assert parts["time"].tolist() == [0, 4]
    assert parts["gain"].tolist() == [[1, 2], [5, 6]]
    assert layout.without("gain", values).tolist() == [[0, 3], [4, 7]]
    assert layout.places(["wetness", "time"]) == [3, 0]
