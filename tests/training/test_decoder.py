"""What training foresees of a decoder's sound is what is rendered."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motes.data.note_analysis import N_CELLS, NoteAnalysis, analyse_note, cells  # noqa: E402
from motes.data.note_vector import numbers_of  # noqa: E402
from motes.kinds.splat.table import Splat, burst  # noqa: E402
from motes.kinds.splat.table import ringing as splat_ringing  # noqa: E402
from motes.kinds.vector.decoder import CURRENT, Decoder  # noqa: E402
from motes.kinds.vector.weights import mlp  # noqa: E402
from motes.training import decoder as training  # noqa: E402
from motes.training.single_notes import tensors  # noqa: E402
from motes.training.variation import varied  # noqa: E402

RATE = 22050


def plucked(f0: float) -> np.ndarray:
    t = np.arange(RATE) / RATE
    return sum(0.2 / k * np.exp(-4 * t) * np.sin(2 * np.pi * k * f0 * t) for k in range(1, 8))


@pytest.fixture(scope="module")
def notes() -> list[NoteAnalysis]:
    return [analyse_note(plucked(f0), RATE, f0) for f0 in (200.0, 300.0, 450.0)]


@pytest.mark.parametrize(("theta", "t60"), [(0.003, 0.5), (0.05, 1.2)])
def test_ringing_is_that_of_splats(theta, t60):
    splat = Splat([0.0], [theta * 2**0.5], [440.0], [440.0], [1e3], [t60], [[0.0]], shape=[2.0])
    since = np.arange(200) / 200
    rung = splat_ringing(splat, 0, np.array([6.907755 / t60]), -theta, 1 / 4000, 4000)[::20, 0]
    foreseen = training.ringing(torch.tensor(since), torch.tensor(theta), torch.tensor(t60)).numpy()
    np.testing.assert_allclose(foreseen, rung, atol=0.02)
    struck = training.gamma(torch.tensor(since), torch.tensor(theta), 2.0).numpy()
    np.testing.assert_allclose(struck, burst(splat, 0, since - theta), atol=1e-4)


def test_training_lowers_the_error_and_its_weights_are_read(notes):
    torch.manual_seed(0)
    columns = tensors(notes * 4)
    model = training.Autoencoder(training.statistics(columns), hidden=16, hidden_encoder=8)

    def error(learned):
        return float(training.errors(model(torch.cat([columns["named"], learned], 1)), columns)[0].detach().mean())

    before = error(model.timbre(columns["features"]))
    training.fit(model, columns, 60, 8, 1e-2, report=lambda line: None)
    weights = {name: value.astype(np.float64) for name, value in training.weights_of(model, columns).items()}
    assert set(weights) == set(Decoder.named(CURRENT).weights)
    with torch.no_grad():
        learned = model.timbre(columns["features"])
    assert error(learned) < 0.8 * before
    normal = (columns["features"].numpy() - weights["feature_mean"]) / weights["feature_deviation"]
    ours = mlp(np.clip(normal, -6, 6), weights, "encoder")
    np.testing.assert_allclose(ours, (learned - learned.mean(0)) / learned.std(0), atol=1e-3)


def test_varied_notes_keep_their_form(notes):
    rng = np.random.default_rng(0)
    for note in notes:
        other = varied(note, rng)
        assert other.partials.shape == note.partials.shape
        assert other.edges_s[-1] / other.length_s == pytest.approx(note.edges_s[-1] / note.length_s)
        assert 0 <= other.noise <= 1


def test_cells_are_as_many_as_trained_on():
    assert len(cells(1.0)) == N_CELLS + 1
    assert len(numbers_of(plucked(200.0), RATE, 200.0)) == 16
