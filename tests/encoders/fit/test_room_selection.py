"""The room of a fit: a planted one is found among others and the events are as wet as they were; dry recordings
stay dry.
"""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kind_examples import tensors  # noqa: E402

from motes.audio import write_audio  # noqa: E402
from motes.encoders.fit import SplatOptions, encode  # noqa: E402
from motes.encoders.fit.objective import Objective  # noqa: E402
from motes.encoders.fit.parameterisation import parameterisation_of  # noqa: E402
from motes.encoders.fit.reverberation import Mixture, ReverberantParameterisation  # noqa: E402
from motes.encoders.fit.room_selection import RoomSelection  # noqa: E402
from motes.encoders.fit.state import RoomTrial, Stage, State  # noqa: E402
from motes.errors import MotesWarning, ParameterError  # noqa: E402
from motes.events.room import Room  # noqa: E402
from motes.kinds.gabor.table import Gabor  # noqa: E402
from motes.kinds.splat.table import Splat  # noqa: E402
from motes.metrics.signal import spectral_convergence  # noqa: E402
from motes.scene.scene import Scene  # noqa: E402

RATE, N = 8000, 10000
WETNESS = np.array([0.5, 0.35, 0.4])


@pytest.fixture(autouse=True)
def no_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("IMPULSE_RESPONSE_PATH", raising=False)
    monkeypatch.chdir(tmp_path)


def planted(room=None, n_channels=1):
    """Three struck notes far apart, in a room."""
    sent = {} if room is None else {"room_id": np.ones(3, np.int64), "wetness": WETNESS}
    hz = np.array([440.0, 1234.5, 700.3])
    table = Splat(
        time_s=np.array([0.1, 0.25, 0.5]),
        width_s=np.full(3, 0.008),
        f0_hz=hz,
        centre_hz=hz,
        width_octaves=np.full(3, 0.5),
        t60_s=np.array([0.3, 0.15, 0.2]),
        gain_db=np.full((3, n_channels), -12.0),
        n_partials=np.ones(3, np.int64),
        **sent,
    )
    return Scene(RATE, N, n_channels, splat=table, rooms=() if room is None else (room,))


def fitted(audio, room, iterations=200, **others):
    # How wet events are shows in magnitudes; the ear, in the default loss too, follows in more steps than these.
    others = {"loss": "convergence:1"} | others
    options = SplatOptions(
        events=3, iterations=iterations, learning_rate=0.05, control_every=0, patience=0, room=room, **others
    )
    return encode(audio, options, sample_rate_hz=RATE)


def wetness_error(scene):
    order = [int(np.argmin(np.abs(scene.splat.f0_hz - hz))) for hz in planted().splat.f0_hz]
    return np.abs(scene.splat.wetness[order] - WETNESS).max()


def test_a_planted_room_is_found_among_synthetic_ones_and_it_is_said_that_they_are():
    audio = planted(Room.synthetic(0.6)).render()
    with pytest.warns(
        MotesWarning,
        match=r"IMPULSE_RESPONSE_PATH is not set: .* synthetic rooms whose RT60 is 0\.3, 0\.6, 1\.2, 2\.4, 4\.8 s",
    ):
        found = fitted(audio, "auto")
    assert [room.name for room in found.rooms] == ["synthetic:0.6"]
    assert wetness_error(found) < 0.1
    dry = fitted(audio, "none")
    assert dry.rooms == ()
    assert not dry.splat.room_id.any()
    assert spectral_convergence(found.render(), audio) < 0.75 * spectral_convergence(dry.render(), audio)
    assert found.metadata.options["room"] == "auto: synthetic:0.6"


def test_of_a_folder_of_many_rooms_the_right_one_is_found(monkeypatch, tmp_path):
    """Ten recorded responses: more than a mixture holds."""
    for i, rt60_s in enumerate((0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)):
        response = Room.synthetic(rt60_s, seed=50 + i).kernels(RATE, 1)
        write_audio(str(tmp_path / f"{i}.wav"), iter([0.5 * response / np.abs(response).max()]), RATE, 1)
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(tmp_path))
    audio = planted(Room.synthetic(0.8, seed=54)).render()
    found = fitted(audio, "auto")
    assert [room.name for room in found.rooms] == ["4.wav"]
    assert wetness_error(found) < 0.1


def test_what_was_dry_stays_dry():
    audio = planted().render()
    with pytest.warns(MotesWarning):
        found = fitted(audio, "auto")
    assert found.rooms == ()
    assert not found.splat.wetness.any()
    assert found.metadata.options["room"] == "auto: none"
    assert spectral_convergence(found.render(), audio) < 0.1


def test_a_room_that_is_named_is_taken():
    audio = planted(Room.synthetic(1.2)).render()
    assert [room.name for room in fitted(audio, "synthetic:0.7", 20).rooms] == ["synthetic:0.7"]
    with pytest.raises(ParameterError, match="hall"):
        fitted(audio, "hall")
    with pytest.raises(ParameterError, match="room"):
        SplatOptions(room="")


@pytest.mark.filterwarnings("ignore::motes.errors.MotesWarning")
def test_a_fit_that_is_stopped_goes_on_to_the_same_bits(tmp_path):
    audio = planted(Room.synthetic(1.2)).render()
    whole = fitted(audio, "auto", 30)
    assert whole.rooms
    for stop_at in (2, 9, 14, 20):  # dry, in the mixture, tried in one room, in one room
        kept = str(tmp_path / f"{stop_at}.npz")

        def interrupt(now, stop_at=stop_at):
            if now.iteration == stop_at:
                raise KeyboardInterrupt

        options = SplatOptions(
            events=3,
            iterations=30,
            learning_rate=0.05,
            control_every=0,
            patience=0,
            room="auto",
            loss="convergence:1",
            checkpoint=kept,
        )
        part = encode(audio, options, sample_rate_hz=RATE, progress=interrupt)
        assert part.metadata.stop_reason == "cancelled"
        assert bool(part.rooms) == (stop_at > 16)
        after = fitted(audio, "auto", 30, checkpoint=kept, resume=True)
        assert after.splat.equals(whole.splat)
        assert after.rooms[0].equals(whole.rooms[0])


@pytest.mark.filterwarnings("ignore::motes.errors.MotesWarning")
def test_a_fit_does_not_go_on_with_other_rooms(monkeypatch, tmp_path):
    audio, kept = planted().render(), str(tmp_path / "fit.npz")
    fitted(audio, "auto", 3, checkpoint=kept)
    (tmp_path / "rooms").mkdir()
    write_audio(str(tmp_path / "rooms" / "hall.wav"), iter([Room.synthetic(0.5).kernels(RATE, 1) * 0.5]), RATE, 1)
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(tmp_path / "rooms"))
    with pytest.raises(ParameterError, match="not those that this fit began with"):
        fitted(audio, "auto", 6, checkpoint=kept, resume=True)


@pytest.mark.filterwarnings("ignore::motes.errors.MotesWarning")
def test_all_stretches_are_in_one_room():
    audio = np.tile(planted(Room.synthetic(1.2)).render(), 2)
    options = SplatOptions(events=8, iterations=40, stretch_s=1.0, room="auto", learning_rate=0.05)
    found = encode(audio, options, sample_rate_hz=RATE)
    assert len(found.rooms) == 1
    late = found.splat.time_s > 1.2
    assert late.any()
    assert found.splat.room_id[late].any()


def test_no_impulse_response_in_a_folder_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPULSE_RESPONSE_PATH", str(tmp_path))
    with pytest.warns(MotesWarning, match="no impulse response"):
        assert fitted(planted().render(), "auto", 3).rooms == ()


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("kind", ["splat", "gabor"])
def test_the_mix_of_a_fit_is_what_the_scene_renders(kind, n_channels):
    room, gain = Room.synthetic(0.9), np.linspace(0.2, 0.1, n_channels)
    scene = planted(room, n_channels).replace(rooms=(room,))
    if kind == "gabor":
        table = Gabor(
            time_s=np.array([0.2, 0.5]),
            window_s=np.array([0.1, 0.3]),
            frequency_hz=np.array([440.0, 1000.0]),
            amplitude=np.tile(gain, (2, 1)),
            phase_rad=np.linspace(0, 1, 2 * n_channels).reshape(2, -1),
            room_id=np.ones(2, np.int64),
            wetness=np.array([0.2, 0.9]),
        )
        scene = Scene(RATE, N, n_channels, gabor=table, rooms=(room,))
    inner = parameterisation_of(kind, RATE, n_channels)
    reverberant = ReverberantParameterisation(inner)
    reverberant.mixture = Mixture([room], RATE, n_channels, N)
    reverberant.spectrum = reverberant.mixture.spectrum(torch.ones(1))
    mix = reverberant.render(tensors(scene.table(kind)), N).numpy()
    wanted = np.atleast_2d(scene.render())
    assert np.abs(mix - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_slopes_of_wetness_and_weights_are_those_of_differences():
    rooms = (Room.synthetic(0.3), Room.synthetic(1.2), Room.synthetic(0.6))
    inner = parameterisation_of("splat", RATE, 1)
    reverberant = ReverberantParameterisation(inner)
    selection = RoomSelection(rooms, reverberant, is_open=True)
    selection.enter(N)
    audio = torch.from_numpy(planted(rooms[1]).render())[None]
    objective = Objective(reverberant, audio, torch.zeros(1, N), (("convergence", 1.0),))
    columns = tensors(planted().splat) | {"wetness": torch.tensor([0.2, 0.3, 0.6], dtype=torch.float64)}
    anchor = reverberant.anchored(columns)
    trial = RoomTrial(n_dry_steps=1).among(torch.arange(3), Stage.ROOM_TRIAL)
    state = replace(State.at(reverberant.at_rest(len(anchor)), anchor), room=trial)
    theta = state.theta.requires_grad_()
    weights = selection.use(state)
    by_theta, by_weights = torch.autograd.grad(objective.value(theta, state.anchor), [theta, weights])
    (wetness,) = reverberant.coordinates.places(["wetness"])

    def value(event=None, room=None, by=0.0):
        moved, logits = torch.zeros_like(theta), torch.zeros(3, dtype=torch.float64)
        if event is not None:
            moved[event, wetness] = by
        if room is not None:
            logits[room] = by
        selection.use(replace(state, room=replace(trial, logits=logits)))
        with torch.no_grad():
            return float(objective.value(moved, state.anchor))

    for i in range(3):
        step = 1e-2
        assert float(by_theta[i, wetness]) == pytest.approx(
            (value(event=i, by=step) - value(event=i, by=-step)) / (2 * step), rel=0.03, abs=2e-4
        )
        assert float(by_weights[i]) == pytest.approx(
            (value(room=i, by=step) - value(room=i, by=-step)) / (2 * step), rel=0.03, abs=2e-4
        )
