"""How much of an encoder's work is done: its stages, each with the seconds that it takes, and progress by these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from motes.encoders.progress import Progress, Stage, seconds_of

OnProgress = Callable[[Progress], None]
# Takes the part of a stage that is done, 0 … 1, and the number of events so far.
OnPart = Callable[[float, int], None]


class Workload:
    """The stages of an encoder in their order, and the seconds of a processor that each takes, of which only the ratios
    matter: those of one machine (benchmarks/RESULTS.md) serve all.

    A stage that is passed over does not count any more, one that is done again counts once more; the part that is
    reported never falls.
    """

    def __init__(self, stages: Sequence[Stage], progress: OnProgress | None = None) -> None:
        self._left, self._done, self._now = list(stages), list[Stage](), ("", 0.0)
        self._seconds, self.progress = dict(stages), progress
        self._part = self._fraction = 0.0
        self._n_events = 0

    @property
    def seconds(self) -> float:
        """What all stages take, as far as is known."""
        return seconds_of([*self._done, self._now, *self._left])

    @property
    def fraction(self) -> float:
        """The part of all seconds that is done, 0 … 1."""
        if self.seconds > 0:
            done_s = seconds_of(self._done) + self._part * self._now[1]
            self._fraction = max(self._fraction, min(1.0, done_s / self.seconds))
        return self._fraction

    def begin(self, stage: str, reports: bool = True) -> OnPart:
        """A stage begins, and the one before has ended; what is to be called as it goes on. `reports` may be off where
        what is called then could interrupt.
        """
        self._done.append(self._now)
        names = [name for name, _ in self._left]
        if stage in names:
            at = names.index(stage)
            self._now, self._left = self._left[at], self._left[at + 1 :]
        else:
            self._now = stage, self._seconds.get(stage, 0.0)
        self._part = 0.0
        if reports:
            self.report(0.0)
        return self.report

    def report(self, part: float, n_events: int | None = None) -> None:
        """Part of the stage that has begun is done."""
        self.advance(part)
        self._n_events = self._n_events if n_events is None else n_events
        if self.progress is not None:
            self.progress(self.shown(Progress(0.0, self._n_events)))

    def advance(self, part: float) -> None:
        """Part of the stage that has begun is done, which is not reported yet."""
        self._part = min(1.0, max(self._part, part))

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Stages that are to come, by name, take so long, as is known by now."""
        self._left = [(name, seconds.get(name, expected_s)) for name, expected_s in self._left]

    def shown(self, now: Progress) -> Progress:
        """What is reported, with the part of all work that is done."""
        return replace(now, fraction=self.fraction, work_s=self.seconds)
