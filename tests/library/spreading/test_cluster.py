"""Coming to a cluster and leaving it, and being stopped in a worker, without Ray: a module in its place."""

import contextlib
import os
import signal
import socket
import sys
import time
import types

import pytest

from motes.library.spreading import ClusterError, connected, spread_of
from motes.library.spreading.cluster import _answers, _uninterrupted
from motes.library.spreading.cluster_worker import About, call
from motes.version import __version__


@pytest.fixture
def fake_ray(monkeypatch):
    """A Ray that notes where it was asked to go, and what the cluster knows by key."""
    ray = types.ModuleType("ray")
    ray.asked, ray.known, ray.left = [], {}, "127.0.0.1:1"
    ray.is_initialized = lambda: False
    ray.init = lambda address, **_: ray.asked.append(address)
    ray.shutdown = lambda: ray.asked.append("shutdown")
    services = types.SimpleNamespace(find_bootstrap_address=lambda _: ray.left)
    ray._private = types.SimpleNamespace(services=services)
    values = types.ModuleType("ray.experimental.internal_kv")
    values._internal_kv_get = ray.known.get
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.experimental", types.ModuleType("ray.experimental"))
    monkeypatch.setitem(sys.modules, "ray.experimental.internal_kv", values)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return ray


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_cluster_that_is_gone_is_not_waited_for(fake_ray):
    fake_ray.left = f"127.0.0.1:{closed_port()}"
    with connected(spread_of(1, "ray")):
        pass
    assert fake_ray.asked == ["local", "shutdown"]


def test_a_cluster_that_is_there_is_joined(fake_ray):
    with socket.create_server(("127.0.0.1", 0)) as server:
        fake_ray.left = f"127.0.0.1:{server.getsockname()[1]}"
        with connected(spread_of(1, "ray")):
            pass
    assert fake_ray.asked == [fake_ray.left, "shutdown"]


@pytest.mark.parametrize("of", ["RAY_ADDRESS", "--on"])
def test_where_nobody_answers_is_said_at_once(fake_ray, monkeypatch, of):
    address = f"127.0.0.1:{closed_port()}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    where = "ray" if of == "RAY_ADDRESS" else f"ray://{address}"
    with (
        pytest.raises(ClusterError, match=rf"cannot work on {where}: nobody answers") as raised,
        connected(spread_of(1, where)),
    ):
        pass
    assert address in str(raised.value)
    assert fake_ray.asked == ["shutdown"]


def test_addresses_of_other_forms_are_left_to_ray():
    assert _answers("auto")
    assert _answers("local")


def test_leaving_a_cluster_is_not_interrupted(fake_ray):
    def shutdown():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        fake_ray.asked.append("all of it")

    fake_ray.shutdown = shutdown
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), connected(spread_of(1, "ray")):
        pass
    assert fake_ray.asked[-1] == "all of it"
    assert signal.getsignal(signal.SIGINT) is before


def test_who_interrupts_twice_leaves_at_once():
    went_on = []
    with contextlib.suppress(KeyboardInterrupt), _uninterrupted():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        went_on.append(True)
    assert not went_on


def work(known):
    known["key"] = b"1"
    for _ in range(2000):
        time.sleep(0.01)
    return "done"


def test_a_worker_stops_once_the_cluster_knows_the_key(fake_ray, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    about = About(__version__, str(tmp_path), {}, "key")
    assert call(about, lambda item: 2 * item, 21).value == 42
    before = signal.getsignal(signal.SIGINT)
    assert str(call(about, work, fake_ray.known).error) == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    assert str(call(about, pytest.fail, "begun").error) == "interrupted"  # it is known already
