"""The network against its twin and against PyTorch; a frame is of those that it depends on, and of nothing else."""

import numpy as np
import plain_network
import pytest
from event_networks import random_weights

from motes.encoders.siam.layout import LAYOUTS, STREAMING, WHOLE
from motes.encoders.siam.network import Network, silence
from motes.encoders.siam.spectra import CEILING_DB, FLOOR_DB, N_BINS


def levels(n, seed=0):
    random = np.random.default_rng(seed)
    return np.clip(random.normal(-60, 30, (n, 2, N_BINS)), FLOOR_DB, CEILING_DB).astype(np.float32)


def within_silence(x, layout):
    return np.concatenate([silence(layout.past), x, silence(layout.ahead)])


def the_same(a, b):
    return all(one.tobytes() == other.tobytes() for one, other in zip(a, b, strict=True))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_maps_are_those_of_the_definition(layout):
    weights = random_weights(layout)
    seen = within_silence(levels(20), layout)
    maps = Network(weights).maps(seen)
    wanted = plain_network.maps(seen, layout, weights.arrays)
    for mine, plain in zip(maps, wanted, strict=True):
        np.testing.assert_allclose(mine, plain[layout.past : layout.past + 20], atol=1e-4)
        assert mine.std() > 0.01


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_maps_are_those_of_pytorch(layout):
    torch = pytest.importorskip("torch")
    from motes.training.export import folded
    from motes.training.network import EventNetwork
    from motes.training.streaming_network import StreamingNetwork

    torch.manual_seed(1)
    network = {WHOLE: EventNetwork, STREAMING: StreamingNetwork}[layout]()
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_mean"):
                value.normal_(0, 0.3)
            elif name.endswith("running_var"):
                value.uniform_(0.5, 2)
            elif value.dtype.is_floating_point:
                value.add_(torch.randn_like(value) * 0.02)
    network.eval()
    weights = random_weights(layout)
    seen = within_silence(levels(20), layout)
    maps = Network(type(weights)(folded(network.state_dict()), layout, "", "")).maps(seen)
    with torch.no_grad():
        scaled = torch.from_numpy((seen - -60.0) / 20.0).permute(1, 0, 2)[None].float()
        wanted = [part[0].permute(1, 2, 0).numpy()[layout.past :][:20] for part in network(scaled)]
    for mine, other in zip(maps, wanted, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_windows_are_parts_of_the_whole_to_the_bit(layout):
    network, x = Network(random_weights(layout)), levels(50)
    whole = network.maps(within_silence(x, layout))
    seen = within_silence(x, layout)
    for first, n in ((0, 1), (0, 17), (17, 33), (49, 1)):
        part = network.maps(seen[first : first + layout.past + n + layout.ahead])
        assert the_same(part, whole.only(slice(first, first + n)))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_frames_depend_on_no_others(layout):
    network = Network(random_weights(layout))
    x = levels(layout.past + 1 + layout.ahead)
    for outside in (x, levels(len(x), 5)):
        around = np.concatenate([outside[:7], x, outside[:3]])
        assert the_same(network.maps(around).only(slice(7, 8)), network.maps(x))
    changed = x.copy()
    changed[0] -= 3
    assert not the_same(network.maps(changed), network.maps(x))
