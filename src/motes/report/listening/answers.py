"""What the answers to a listening test amount to, with intervals of confidence.

ABX: how many trials were right, the exact interval of the share (Clopper & Pearson 1934), and how probable as many
are by guessing alone (binomial, one-sided). MUSHRA: mean and interval (Student's t) over listeners, after the
post-screening of ITU-R BS.1534-3: who gave the hidden reference less than 90 in more than 15 % of comparisons is left
out, and so is who gave the anchor of 7 kHz more than 90 in more than 15 %.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from motes.errors import ParameterError

FORMAT = "motes listening test 1"
CONFIDENCE = 0.95
SCREENED_SCORE, SCREENED_SHARE = 90.0, 0.15
_SCREENED_ANCHOR = "anchor 7 kHz"


@dataclass(frozen=True)
class AbxResult:
    """Of a copy: trials answered and right, the interval of the share, and the probability by guessing."""

    name: str
    n_trials: int
    n_right: int
    low: float
    high: float
    probability: float


@dataclass(frozen=True)
class MushraResult:
    """Of a stimulus: mean score 0 … 100, its interval (None of one listener alone), and how many comparisons."""

    name: str
    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Results:
    """Of all answers; `left_out` names the listeners that post-screening took out, and why."""

    n_listeners: int
    abx: list[AbxResult] = field(default_factory=list)
    mushra: list[MushraResult] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def score(paths: Sequence[str | os.PathLike[str]]) -> Results:
    """Results of files of answers, to one page or to several; ParameterError, one line, for what is no such file or is
    given twice. Of several pages, names are `reference: copy`, and post-screening counts all comparisons of a listener.
    """
    if not paths:
        raise ParameterError("there are no answers to score: name the files that the page let its listeners download")
    answers = [read_answers(path) for path in paths]
    for i, each in enumerate(answers):
        if each in answers[:i]:
            first = os.fspath(paths[answers.index(each)])
            raise ParameterError(f"{first} and {os.fspath(paths[i])} hold the same answers: each once")
    several = len({each["test"] for each in answers}) > 1
    for each in answers:
        for one in [*each["abx"], *each["mushra"]]:
            one["shown"] = f"{each['reference']}: {one['name']}" if several else one["name"]
    listeners = {each["listener"]: _mushra_of(answers, each["listener"]) for each in answers}
    left_out = {name: why for name, given in listeners.items() if (why := _fault(given))}
    kept = [given for name, given in listeners.items() if name not in left_out]
    return Results(len(listeners), _abx(answers), _mushra(kept), left_out)


def lines(results: Results) -> list[str]:
    """The results as a table of text."""
    text = [f"{results.n_listeners} listener{'s' if results.n_listeners != 1 else ''}"]
    text += [f"left out of MUSHRA: {name} {why} (post-screening, BS.1534-3)" for name, why in results.left_out.items()]
    if results.abx:
        text += ["", f"{'ABX':<28} {'right':>9} {'share':>7} {'95 % interval':>15} {'p by guessing':>14}"]
    for each in results.abx:
        share, interval = each.n_right / each.n_trials, f"{each.low:.2f} … {each.high:.2f}"
        right = f"{each.n_right}/{each.n_trials}"
        text.append(f"{each.name:<28} {right:>9} {share:>7.2f} {interval:>15} {each.probability:>14.4f}")
    if results.mushra:
        text += ["", f"{'MUSHRA':<28} {'listeners':>9} {'mean':>7} {'95 % interval':>15}"]
    for one in results.mushra:
        interval = "needs more" if one.low is None else f"{one.low:.1f} … {one.high:.1f}"
        text.append(f"{one.name:<28} {one.n:>9} {one.mean:>7.1f} {interval:>15}")
    return text


def read_answers(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The answers in a file, checked."""
    shown = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as handle:
            found = json.load(handle)
    except OSError as error:
        raise ParameterError(f"cannot read {shown}: {error.strerror}") from error
    except ValueError as error:
        raise ParameterError(f"{shown} is no JSON: answers are what the page lets its listener download") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ParameterError(f"{shown} holds no answers of a listening test (format {FORMAT!r})")
    try:
        good = all(isinstance(found[key], str) for key in ("listener", "test", "reference"))
        good &= all(isinstance(t["name"], str) and isinstance(t["correct"], bool) for t in found["abx"])
        good &= all(
            isinstance(s["name"], str) and isinstance(s["role"], str) and 0 <= s["score"] <= 100
            for s in found["mushra"]
        )
    except (KeyError, TypeError) as error:
        raise ParameterError(f"{shown} lacks a part of its answers: {error}") from error
    if not good:
        raise ParameterError(f"{shown} holds answers that the page cannot have given")
    return found


def _abx(answers: list[dict[str, Any]]) -> list[AbxResult]:
    from scipy.stats import binomtest

    trials: dict[str, list[bool]] = defaultdict(list)
    for each in answers:
        for trial in each["abx"]:
            trials[trial["shown"]].append(trial["correct"])
    found = []
    for name, right in sorted(trials.items()):
        test = binomtest(sum(right), len(right), 0.5, "greater")
        interval = binomtest(sum(right), len(right), 0.5).proportion_ci(CONFIDENCE, "exact")
        shares = (float(interval.low), float(interval.high), float(test.pvalue))
        found.append(AbxResult(name, len(right), sum(right), *shares))
    return found


def _mushra_of(answers: list[dict[str, Any]], listener: str) -> list[dict[str, Any]]:
    """All scores that a listener gave."""
    return [one for each in answers if each["listener"] == listener for one in each["mushra"]]


def _fault(given: list[dict[str, Any]]) -> str:
    """Why post-screening leaves a listener out, "" where it does not."""
    hidden = [one["score"] for one in given if one["role"] == "reference"]
    anchor = [one["score"] for one in given if one["name"] == _SCREENED_ANCHOR]
    if np.sum(np.array(hidden) < SCREENED_SCORE) > SCREENED_SHARE * len(hidden):
        return f"gave the hidden reference {min(hidden):g}, less than {SCREENED_SCORE:g}"
    if np.sum(np.array(anchor) > SCREENED_SCORE) > SCREENED_SHARE * len(anchor):
        return f"gave the {_SCREENED_ANCHOR} {max(anchor):g}, more than {SCREENED_SCORE:g}"
    return ""


def _mushra(listeners: list[list[dict[str, Any]]]) -> list[MushraResult]:
    """Over listeners; what one gave to the same sound more than once counts as its mean."""
    from scipy.stats import t

    together: dict[str, list[float]] = defaultdict(list)
    for given in listeners:
        for name in dict.fromkeys(one["shown"] for one in given):
            together[name].append(float(np.mean([one["score"] for one in given if one["shown"] == name])))
    found = []
    for name, means in together.items():
        mean, n = float(np.mean(means)), len(means)
        if n > 1:
            half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.std(means, ddof=1) / n**0.5)
            found.append(MushraResult(name, mean, max(0.0, mean - half), min(100.0, mean + half), n))
        else:
            found.append(MushraResult(name, mean, None, None, n))
    return sorted(found, key=lambda result: -result.mean)
