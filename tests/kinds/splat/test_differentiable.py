"""Splats and atoms in PyTorch against their definitions, and their gradients against finite differences."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kind_examples import N_SAMPLES, RATE, gabor, splat  # noqa: E402
from plain_envelope import accumulate_plain  # noqa: E402

from motes.errors import ParameterError  # noqa: E402
from motes.kernels.envelope import accumulate, accumulate_adjoint  # noqa: E402
from motes.kinds.gabor.differentiable import render_gabors  # noqa: E402
from motes.kinds.gabor.oracle import render_gabor_oracle  # noqa: E402
from motes.kinds.splat.differentiable import render_splats  # noqa: E402
from motes.kinds.splat.oracle import render_splat_oracle  # noqa: E402

EXACT = {"block": 4, "floor_db": -100.0, "inaudible": 0.0}
MOVED = (
    "time_s",
    "width_s",
    "f0_hz",
    "centre_hz",
    "width_octaves",
    "t60_s",
    "gain_db",
    "shape",
    "phase_rad",
    "glide_per_s",
    "inharmonicity",
    "rolloff_db",
    "damping_slope",
    "cutoff_start_hz",
    "cutoff_end_hz",
    "crossfade_s",
    "tremolo",
    "vibrato_cents",
    "modulation_hz",
    "modulation_rad",
    "noise",
)


def columns(table):
    return {p.name: torch.tensor(np.array(table.column(p.name))) for p in table.PARAMS}


def relative(estimate, reference):
    return np.sqrt(np.sum((estimate - reference) ** 2) / np.sum(reference**2))


@pytest.mark.parametrize("n_channels", [1, 2])
def test_torch_renders_what_is_defined(n_channels):
    table = splat(n_channels)
    oracle = render_splat_oracle(table, RATE, N_SAMPLES, n_channels)
    assert relative(render_splats(columns(table), RATE, N_SAMPLES, **EXACT).numpy(), oracle) < 1e-4
    assert relative(render_splats(columns(table), RATE, N_SAMPLES).numpy(), oracle) < 1e-2


@pytest.mark.parametrize("event", range(7))
def test_each_splat_by_itself(event):
    table = splat(1).take(np.array([event]))
    oracle = render_splat_oracle(table, RATE, N_SAMPLES, 1)
    assert relative(render_splats(columns(table), RATE, N_SAMPLES, **EXACT).numpy(), oracle) < 1e-4


def test_events_that_begin_before_or_end_after():
    table = splat(1).moved(np.linspace(-0.6, 1.2, 7))
    oracle = render_splat_oracle(table, RATE, N_SAMPLES, 1)
    assert relative(render_splats(columns(table), RATE, N_SAMPLES, **EXACT).numpy(), oracle) < 1e-4


@pytest.mark.parametrize("name", MOVED)
def test_slopes_are_those_of_finite_differences(name):
    """Of the definition, in each parameter of each example event."""
    table = splat(1)
    random = np.random.default_rng(0)
    weight = random.normal(size=(1, N_SAMPLES))
    for edge in (np.concatenate([table.start_s, table.end_s]) * RATE).astype(int):
        weight[:, max(0, edge - 1) : max(0, edge + 2)] = 0.0  # where an event is cut off at −100 dB, by whole samples
    given = columns(table)
    given[name] = given[name].double().requires_grad_()
    (render_splats(given, RATE, N_SAMPLES, **EXACT) * torch.from_numpy(weight).float()).sum().backward()
    slope = given[name].grad.numpy().reshape(-1)
    for event in range(7):
        value = np.array(table.column(name), np.float64)
        if (name == "shape" and value[event] == 0) or (name == "noise" and value[event] in (0, 1)):
            continue  # a choice of envelope; the ends of the range
        step = 1e-5 * max(abs(float(value[event].flat[0])), 1e-2) if name != "time_s" else 1e-7
        sides = []
        for sign in (1, -1):
            moved = value.copy()
            moved[event] += sign * step
            param = next(p for p in table.PARAMS if p.name == name)
            moved = moved.clip(param.low, param.high)
            sides.append(
                (
                    moved[event].flat[0],
                    np.sum(weight * render_splat_oracle(table.replace(**{name: moved}), RATE, N_SAMPLES, 1)),
                )
            )
        expected = (sides[0][1] - sides[1][1]) / (sides[0][0] - sides[1][0])
        scale = np.abs(slope).max()
        assert slope[event] == pytest.approx(expected, rel=2e-2, abs=2e-3 * scale + 1e-6), (name, event)


def test_silence_and_nothing():
    table = splat(1)
    assert not render_splats(columns(table.take(slice(0, 0))), RATE, 1000).any()
    silent = render_splats(columns(table.amplified(np.zeros(7))), RATE, N_SAMPLES)
    assert silent.shape == (1, N_SAMPLES)
    assert not silent.any()


def test_backward_events_are_refused():
    table = splat(1).mirrored(np.ones(7, np.bool_), 1.0)
    with pytest.raises(ParameterError, match="backward"):
        render_splats(columns(table), RATE, 100)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_atoms_in_torch_are_those_defined(n_channels):
    table = gabor(n_channels)
    oracle = render_gabor_oracle(table, RATE, N_SAMPLES, n_channels)
    given = {
        name: torch.tensor(np.array(table.column(name)), requires_grad=True)
        for name in ("time_s", "window_s", "frequency_hz", "amplitude", "phase_rad")
    }
    audio = render_gabors(given, RATE, N_SAMPLES, block=4)
    assert relative(audio.detach().numpy(), oracle) < 1e-4
    weight = np.random.default_rng(1).normal(size=(n_channels, N_SAMPLES))
    (audio * torch.from_numpy(weight).float()).sum().backward()
    for name, value in given.items():
        step = {"time_s": 1e-7, "window_s": 1e-6, "frequency_hz": 1e-3, "amplitude": 1e-5, "phase_rad": 1e-5}[name]
        moved = [table.replace(**{name: table.column(name) + side * step}) for side in (1, -1)]
        rise = np.sum(
            weight
            * (
                render_gabor_oracle(moved[0], RATE, N_SAMPLES, n_channels)
                - render_gabor_oracle(moved[1], RATE, N_SAMPLES, n_channels)
            )
        )
        assert float(value.grad.sum()) == pytest.approx(
            rise / (2 * step), rel=2e-2, abs=1e-3 * float(value.grad.abs().sum())
        )


def test_the_recurrence_and_its_adjoint():
    random = np.random.default_rng(2)
    entering, factor = random.normal(size=(5, 7)).astype(np.float32), random.uniform(0.2, 0.99, 5).astype(np.float32)
    fresh = np.array([True, False, False, True, False])
    factor[1:3], factor[4] = factor[0], factor[3]  # rows of one envelope share it
    out = np.empty_like(entering)
    accumulate(entering, factor, fresh, out)
    assert np.allclose(out, accumulate_plain(entering, factor, fresh), atol=1e-6)
    weight = random.normal(size=out.shape).astype(np.float32)
    by_entering, by_factor = np.empty_like(entering), np.empty_like(factor)
    accumulate_adjoint(weight, out, factor, fresh, by_entering, by_factor)
    for place in ((0, 0), (2, 3), (4, 6)):
        moved = entering.astype(np.float64)
        moved[place] += 1e-4
        rise = (
            np.sum(weight * (accumulate_plain(moved, factor, fresh) - accumulate_plain(entering, factor, fresh))) / 1e-4
        )
        assert by_entering[place] == pytest.approx(rise, rel=1e-3, abs=1e-4)
    for row in range(5):
        moved = factor.astype(np.float64)
        moved[row] += 1e-5
        rise = (
            np.sum(weight * (accumulate_plain(entering, moved, fresh) - accumulate_plain(entering, factor, fresh)))
            / 1e-5
        )
        assert by_factor[row] == pytest.approx(rise, rel=1e-2, abs=1e-3)
