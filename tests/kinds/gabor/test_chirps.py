"""Atoms whose frequency rises: what they sound like, in blocks, files and tables, after edits and in partials."""

import io

import numpy as np
import pytest

from motes.codec import dumps, loads, quantise
from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor
from motes.kinds.drawing import View
from motes.kinds.gabor.drawing import DRAWING
from motes.kinds.gabor.edited import partial_frequencies, partial_numbers
from motes.kinds.gabor.kernel import project_on_chirped, project_on_gabor
from motes.kinds.gabor.table import Gabor
from motes.library.exports.sdif import rows_of, tracks_of
from motes.notes.sharing.explaining import Atoms
from motes.report.tables import scene_of_csv, write_csv
from motes.scene.scene import Scene
from motes.synth.render import render_blocks
from motes.units import erb_rate

RATE, N = 16000, 24000


def chirps(n_channels: int = 1) -> Scene:
    """Some that rise, some that fall, a steady one; partly before 0 and past the end."""
    random, n = np.random.default_rng(7), 10
    window = random.choice([0.032, 0.064, 0.256, 0.1], n)
    rise = np.append(random.uniform(-400, 400, n - 1), 0.0) / window
    shape = n, n_channels
    time = np.sort(random.uniform(0.0, 1.5, n))
    level, phase = random.uniform(0.01, 0.2, shape), random.uniform(-3, 3, shape)
    return Scene(
        RATE, N, n_channels, Gabor(time, window, random.uniform(500, 4000, n), level, phase, chirp_hz_per_s=rise)
    )


def plain(gabor: Gabor, n_samples: int = N) -> np.ndarray:
    """The sum by the definition, `(n_channels, n_samples)`."""
    u = np.arange(n_samples) / RATE - gabor.time_s[:, None]
    w, f, c = (gabor.column(name)[:, None] for name in ("window_s", "frequency_hz", "chirp_hz_per_s"))
    envelope = np.where(np.abs(u) < w / 2, 0.5 + 0.5 * np.cos(2 * np.pi * u / w), 0)
    angle = 2 * np.pi * f * u + np.pi * c * u * u
    return np.stack(
        [
            np.sum(gabor.amplitude[:, k, None] * envelope * np.cos(angle + gabor.phase_rad[:, k, None]), axis=0)
            for k in range(gabor.amplitude.shape[1])
        ]
    )


def apart_db(estimate: np.ndarray, reference: np.ndarray) -> float:
    return 10 * np.log10(np.sum(np.square(estimate - reference)) / np.sum(np.square(reference)) + 1e-20)


def sweep(n: int = 24, start_hz: float = 800.0, rise: float = 2000.0) -> Scene:
    """A sweep as overlapping atoms that each rise as it does, in phase with each other."""
    time = 0.1 + 0.032 * np.arange(n)
    since = time - time[0]
    phase = 2 * np.pi * (start_hz * since + rise / 2 * since**2)
    rows = np.full(n, 0.128), start_hz + rise * since, np.full((n, 1), 0.1), phase[:, None]
    return Scene(RATE, N, 1, Gabor(time, *rows, chirp_hz_per_s=np.full(n, rise)))


@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_render_is_the_formula_whole_in_blocks_and_from_anywhere(n_channels):
    scene = chirps(n_channels)
    expected = plain(scene.gabor)
    assert apart_db(np.atleast_2d(scene.render()), expected) < -110
    for size in (1, 777, 5000) if n_channels == 1 else (3001,):
        n = 400 if size == 1 else N
        blocks = np.concatenate(list(render_blocks(scene.replace(n_samples=n), size)), axis=1)
        assert apart_db(blocks, expected[:, :n]) < -110
    assert apart_db(np.atleast_2d(scene.render(0.4, 0.7)), expected[:, 6400:11200]) < -110


def test_a_file_holds_them_bit_for_bit_and_edited_too():
    scene = quantise(chirps(2))
    for made in (scene, quantise(scene.select([1, 2, 3]).transpose(1.5).select([4]).stretch(1.3).reverse())):
        data = dumps(made)
        loaded = loads(data)
        assert data[8] == 2
        assert dumps(loaded) == data
        assert np.array_equal(loaded.render(), made.render())
        assert loaded.gabor.equals(made.gabor)
    assert np.count_nonzero(scene.gabor.chirp_hz_per_s) >= 5


def test_rounding_moves_a_chirp_by_a_bin_within_its_window():
    before = chirps()
    after = quantise(before).gabor
    swept = (after.chirp_hz_per_s - before.gabor.chirp_hz_per_s) * after.window_s**2
    assert np.max(np.abs(swept)) <= 1.001
    assert quantise(quantise(before)).gabor.equals(after)


def test_files_without_are_what_they_were():
    steady = chirps().gabor.replace(chirp_hz_per_s=None)
    data = dumps(Scene(RATE, N, 1, steady))
    assert data[8] == 1
    assert dumps(Scene(RATE, N, 1, steady.replace(chirp_hz_per_s=np.zeros(len(steady))))) == data


def test_reversing_and_stretching_by_the_formula():
    scene = chirps()
    assert apart_db(scene.reverse().render()[::-1], scene.render()) < -60
    assert scene.reverse().reverse().gabor.equals(scene.gabor) or (
        apart_db(scene.reverse().reverse().render(), scene.render()) < -100
    )
    longer = scene.stretch(2.0).gabor
    np.testing.assert_allclose(longer.chirp_hz_per_s, scene.gabor.chirp_hz_per_s / 2)
    back = scene.stretch(2.0).stretch(0.5)
    assert apart_db(back.render()[:N], scene.render()) < -60


def test_a_sweep_transposed_is_the_sweep_higher():
    """All atoms rise with their partial, so that they stay in step."""
    scene, ratio = sweep(), 2 ** (3 / 12)
    made = scene.transpose(3).render().astype(np.float64)
    numbers = partial_numbers(scene.gabor, RATE)
    assert numbers.min() == numbers.max() == 1
    np.testing.assert_allclose(partial_frequencies(scene.gabor, RATE), scene.gabor.frequency_hz, rtol=0.01)
    middle = slice(int(0.25 * RATE), int(0.65 * RATE))
    t = np.arange(N) / RATE - 0.1
    wave = 2 * np.pi * ratio * (800 * t + 1000 * t * t)
    basis = np.stack([np.cos(wave), np.sin(wave)])[:, middle]
    fitted = np.linalg.lstsq(basis.T, made[middle], rcond=None)[0] @ basis
    assert apart_db(fitted, made[middle]) < -20


def test_a_sweep_stretched_lasts_longer_at_its_frequencies():
    scene = sweep()
    made = scene.stretch(1.5).render().astype(np.float64)
    middle = slice(int(0.4 * RATE), int(0.9 * RATE))
    t = np.arange(len(made)) / RATE - 0.15
    wave = 2 * np.pi * (800 * t + 2000 / 1.5 / 2 * t * t)
    basis = np.stack([np.cos(wave), np.sin(wave)])[:, middle]
    fitted = np.linalg.lstsq(basis.T, made[middle], rcond=None)[0] @ basis
    assert apart_db(fitted, made[middle]) < -15


@pytest.mark.parametrize("n_channels", [1, 2])
def test_tables_hold_them(n_channels):
    scene = chirps(n_channels)
    written = io.BytesIO()
    write_csv(scene, written)
    text = written.getvalue().decode()
    assert "chirp_hz_per_s" in text
    assert scene_of_csv(text).gabor.equals(scene.gabor)


def test_they_are_selected_and_filtered():
    scene = chirps()
    rising = scene.select("chirp_hz_per_s > 0")
    assert 0 < len(rising) == np.count_nonzero(scene.gabor.chirp_hz_per_s > 0)
    whole = rising.only().render() + rising.drop().render()
    assert apart_db(whole, scene.render()) < -110
    low, high = scene.filter(0, 2000), scene.filter(2000.0001, 8000)
    assert apart_db(low.render() + high.render(), scene.render()) < -110


def test_frames_of_sdif_follow_the_sweep():
    tracks = tracks_of(sweep())
    rows = rows_of(tracks, 60, 61)
    assert rows.frequency_hz[0] == pytest.approx(800 + 2000 * (0.3 - 0.1), rel=0.01)
    assert rows.amplitude[0, 0] == pytest.approx(0.2, rel=0.1)


def test_pictures_draw_them_aslant():
    scene = sweep(2)
    (lines,) = DRAWING.primitives(scene.gabor, View(0.0, 1.5, 8000.0, RATE))
    risen = scene.gabor.frequency_hz[:, None] + 2000 * 0.032 * np.array([-1, 1])
    drawn = lines.ends[np.argsort(lines.ends[:, 0, 0])]
    np.testing.assert_allclose(drawn[:, :, 1], erb_rate(risen))


def test_projection_is_the_adjoint_of_rendering():
    """⟨render(a), y⟩ = ⟨a, project(y)⟩, for some that rise and some that do not."""
    rng, n = np.random.default_rng(7), 20
    centre, window, omega = rng.uniform(-100, 3100, n), rng.choice([50.5, 512, 2048.0], n), rng.uniform(0, np.pi, n)
    chirp = rng.uniform(-1e-4, 1e-4, n) * (np.arange(n) % 2)
    a, y = rng.standard_normal(n) + 1j * rng.standard_normal(n), rng.standard_normal(3000)
    signal, re, im = Signal.zeros(1, 3000, 0), np.empty((n, 1)), np.empty((n, 1))
    add_gabor(signal, Sinusoids(centre, window, omega, np.abs(a)[:, None], np.angle(a)[:, None], chirp), 0, n)
    project_on_gabor(Signal.of(y[None], 0), centre, window, omega, re, im)
    project_on_chirped(Signal.of(y[None], 0), centre, window, omega, chirp, re, im)
    assert signal.channels()[0] @ y == pytest.approx(a.real @ re[:, 0] + a.imag @ im[:, 0], rel=1e-9)


def test_a_sweep_is_wholly_its_own_atoms():
    """Least squares find that all of the sound is explained by all of each atom, also of those that overlap."""
    scene = sweep(12)
    atoms = Atoms(scene.gabor, RATE)
    found = atoms.shares(0, np.atleast_2d(scene.render()).astype(np.float64), np.arange(12), np.full(12, 0.5))
    np.testing.assert_allclose(found, 1.0, atol=0.05)


def test_torch_renders_the_formula():
    torch = pytest.importorskip("torch")
    from motes.kinds.gabor.differentiable import render_gabors

    gabor = chirps(2).gabor
    names = "time_s", "window_s", "frequency_hz", "amplitude", "phase_rad", "chirp_hz_per_s"
    given = {name: torch.tensor(np.array(gabor.column(name))) for name in names}
    assert apart_db(render_gabors(given, RATE, N, block=4).numpy(), plain(gabor)) < -60
