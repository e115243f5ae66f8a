"""Calling a function for many items by the workers of a Ray cluster (Moritz et al., OSDI 2018).

Ray's own retries are off: who was killed is replaced here, so that what is done again can be told so, and an end is
found where it is killed each time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from motes.errors import MissingExtraError, MotesError, MotesWarning
from motes.library.spreading.spread import ClusterError, Lost, Progress, Spread
from motes.version import __version__

if TYPE_CHECKING:
    from motes.library.spreading.cluster_worker import Answer

Item = TypeVar("Item")
# An item whose workers are killed is tried so often.
MOST_TRIES = 5
# Variables that workers take over: where files are and who reads them, limits, and how motes behaves.
_TAKEN = ("AWS_", "MOTES_", "AUDIO_PATH", "IMPULSE_RESPONSE", "S3_BUCKET", "OPENBLAS_NUM_THREADS")
# So long workers have to clean up where they are stopped, before they are killed.
_STOPPING_S = 10.0
# So long a cluster may take to answer before nobody is there.
_ANSWER_S = 5.0


def on_cluster(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    how: Spread,
    progress: Progress = lambda *_: None,
    warm_up: Callable[[], None] | None = None,
    again: Callable[[Item], Item] | None = None,
) -> Iterator[Any]:
    """The results of `function(item)`, in the order of the items; Lost where each of several workers was killed."""
    with connected(how.on) as ray:
        cluster = Cluster(ray, function, how.n_processes if how.n_processes > 1 else 0)
        if warm_up is not None:
            cluster.on_each_machine(warm_up)
        yield from cluster.results(items, progress, again)


@contextlib.contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, connected; what is connected already stays so. ClusterError where nobody is there."""
    if address != "ray" and not address.startswith("ray://"):
        raise ClusterError(f"--on takes ray, or ray://HEAD:10001 for a cluster elsewhere, not {address!r}")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("working on a cluster", "cluster") from error
    if ray.is_initialized():
        yield ray
        return
    try:
        _connect(ray, address)
        yield ray
    finally:
        with _uninterrupted():  # or Python ends in the midst of Ray's threads
            ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if address == "ray":
            _init(ray, options)
        else:
            if not _answers(address):
                raise ConnectionError("nobody answers there")
            ray.init(address, **options)
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        raise ClusterError(f"cannot work on {address}: {text or type(error).__name__}") from None


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """A context whose body goes on to its end where it is interrupted, and is interrupted then; the second time at
    once.
    """
    noted = list[int]()

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        if len(noted) > 1:
            raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGINT, note)
    except ValueError:  # not in the main thread: no interrupts here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if noted:
        raise KeyboardInterrupt


def _init(ray: Any, options: dict[str, Any]) -> None:
    """The cluster of RAY_ADDRESS or that of `ray start` on this machine, else one of this machine alone, which ends
    with us and answers on loopback only.
    """
    given = os.environ.get("RAY_ADDRESS", "")
    # Ray itself would wait for minutes where nobody answers, and Ctrl-C with it; and where it looks for a cluster
    # (`auto`), join one that ends with the command that it belongs to.
    if given and not _answers(given):
        raise ConnectionError(f"nobody answers at {given}, which RAY_ADDRESS names")
    if address := given or _started_here(ray):
        ray.init(address, **options)
    else:
        ray.init("local", include_dashboard=False, _node_ip_address="127.0.0.1", **options)


def _started_here(ray: Any) -> str:
    """The address that `ray start` left on this machine, where that cluster is still there; else nothing."""
    with contextlib.suppress(AttributeError, OSError):  # no part of what Ray promises
        address = ray._private.services.find_bootstrap_address(None)
        return address if address and _answers(address) else ""
    return ""


def _answers(address: str) -> bool:
    """Whether someone takes a connection at HOST:PORT; True where the address is of another form."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return True
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S):
            return True
    except (OSError, OverflowError):
        return False


class Cluster:
    """A connection to Ray and what its workers are to do, `at_once` items at most (0: as many as it has processors)."""

    def __init__(self, ray: Any, function: Callable[[Any], Any], at_once: int = 0) -> None:
        from motes.library.spreading import cluster_worker

        self._ray, self._function, self._given = ray, function, at_once
        taken = {name: value for name, value in os.environ.items() if name.startswith(_TAKEN)}
        stopped = f"motes-stopped-{secrets.token_hex(16)}"
        self._about = cluster_worker.About(__version__, os.getcwd(), taken, stopped)
        self._call = ray.remote(num_cpus=1, max_retries=0)(_call)

    def on_each_machine(self, function: Callable[[], None]) -> None:
        """Call it once on every machine, before any work there."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        machines = [node["NodeID"] for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        calls = [
            self._call.options(scheduling_strategy=NodeAffinitySchedulingStrategy(each, soft=True)).remote(
                self._about, _without_item, function
            )
            for each in machines
        ]
        try:
            for call in calls:
                with contextlib.suppress(*self._killed()):  # the work itself will say so
                    self._value(self._got(call))
        except BaseException:
            self._stop(calls)
            raise

    def results(
        self, items: Sequence[Any], progress: Progress, again: Callable[[Any], Any] | None = None
    ) -> Iterator[Any]:
        """The results in the order of the items; a few more than can be worked on at once are handed out."""
        ray, waiting, running, found = self._ray, list(range(len(items)))[::-1], dict[Any, int](), dict[int, Any]()
        tries, n_done, next_one = [0] * len(items), 0, 0
        at_once = self._given or max(1, int(ray.cluster_resources().get("CPU", 1)))
        ahead = at_once if self._given else 2 * at_once
        try:
            while next_one < len(items):
                while waiting and len(running) < ahead:
                    number = waiting.pop()
                    item = again(items[number]) if tries[number] and again else items[number]
                    running[self._call.remote(self._about, self._function, item)] = number
                    tries[number] += 1
                done, _ = ray.wait(list(running), num_returns=1, timeout=1.0)
                for call in done:
                    number = running.pop(call)
                    try:
                        found[number] = self._value(self._got(call))
                    except self._killed() as error:
                        if tries[number] < MOST_TRIES:
                            waiting.append(number)
                            continue
                        found[number] = Lost(_why_killed(error, tries[number]))
                    n_done += 1
                    progress(n_done / len(items), f"{n_done} of {len(items)}, {at_once} at once")
                while next_one in found:
                    yield found.pop(next_one)
                    next_one += 1
        except BaseException:
            self._stop(list(running))
            raise

    def _got(self, call: Any) -> Answer:
        """The answer of a worker; ClusterError where Ray itself fails, as where a worker has no motes."""
        import ray.exceptions as errors

        try:
            answer: Answer = self._ray.get(call)
        except self._killed():
            raise
        except errors.RayError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise ClusterError(
                f"the workers cannot do it: {lines[-1][:200] if lines else type(error).__name__}"
            ) from None
        return answer

    def _killed(self) -> tuple[type[Exception], ...]:
        """What Ray raises where a worker or its machine is no more."""
        import ray.exceptions as errors

        names = ("WorkerCrashedError", "NodeDiedError", "ObjectLostError", "OutOfMemoryError", "LocalRayletDiedError")
        return tuple(getattr(errors, name) for name in names if hasattr(errors, name))

    def _value(self, answer: Answer) -> Any:
        """What a worker found, its warnings said here; ClusterError where it could not even begin."""
        for text in answer.warnings:
            warnings.warn(text, MotesWarning, stacklevel=2)
        if answer.error is not None:
            raise answer.error if isinstance(answer.error, MotesError) else ClusterError(str(answer.error))
        return answer.value

    def _stop(self, calls: list[Any]) -> None:
        """Have what runs interrupted as by Ctrl-C, so that nothing is left half-written, and what waits not begun. What
        goes on nevertheless ends with the connection.
        """
        from ray.experimental.internal_kv import _internal_kv_del, _internal_kv_put

        with contextlib.suppress(Exception):
            _internal_kv_put(self._about.stopped, b"1")
            _, left = self._ray.wait(calls, num_returns=len(calls), timeout=_STOPPING_S) if calls else ([], [])
            if not left:
                _internal_kv_del(self._about.stopped)


def _call(about: Any, function: Any, item: Any) -> Any:
    """In a worker."""
    from motes.library.spreading.cluster_worker import call

    return call(about, function, item)


def _without_item(function: Callable[[], None]) -> None:
    function()


def _why_killed(error: Exception, n_tries: int) -> str:
    memory = "memory" in type(error).__name__.lower()
    return f"its worker was ended from outside {n_tries} times{', out of memory' if memory else ' (out of memory?)'}"
