"""What answers amount to, against the formulas, and what is no file of answers."""

from __future__ import annotations

import json
import math

import pytest

from motes.cli import main
from motes.errors import ParameterError
from motes.report.listening.answers import FORMAT, score


def answers(listener="Ann", right=(), scores=None, test="t", name="a.mote", reference="x.wav"):
    return {
        "format": FORMAT,
        "test": test,
        "listener": listener,
        "reference": reference,
        "abx": [{"name": name, "x": "a", "answer": "a" if good else "b", "correct": good} for good in right],
        "mushra": [
            {"name": key, "role": "reference" if key == "reference" else "copy", "place": i, "score": x}
            for i, (key, x) in enumerate((scores or {}).items())
        ],
    }


def saved(folder, *all_answers):
    paths = []
    for i, each in enumerate(all_answers):
        paths.append(folder / f"answers{i}.json")
        paths[-1].write_text(each if isinstance(each, str) else json.dumps(each))
    return paths


def test_abx_is_binomial(tmp_path):
    (found,) = score(saved(tmp_path, answers(right=[True] * 9 + [False]), answers("Bob", right=[True, False]))).abx
    assert (found.name, found.n_trials, found.n_right) == ("a.mote", 12, 10)
    assert found.probability == pytest.approx(sum(math.comb(12, k) for k in (10, 11, 12)) / 2**12)

    def tail(share, ks):
        return sum(math.comb(12, k) * share**k * (1 - share) ** (12 - k) for k in ks)

    assert tail(found.low, range(10, 13)) == pytest.approx(0.025, rel=1e-3)  # Clopper and Pearson
    assert tail(found.high, range(11)) == pytest.approx(0.025, rel=1e-3)


def test_mushra_is_mean_and_students_interval(tmp_path):
    given = [{"reference": 100, "a.mote": x, "anchor 3.5 kHz": 20} for x in (70, 80, 90)]
    found = score(saved(tmp_path, *(answers(f"L{i}", scores=each) for i, each in enumerate(given))))
    assert [each.name for each in found.mushra] == ["reference", "a.mote", "anchor 3.5 kHz"]
    middle = found.mushra[1]
    half = 4.302653 * 10 / math.sqrt(3)  # Student's t, two degrees of freedom
    assert (middle.mean, middle.low, middle.n) == (80, pytest.approx(80 - half, abs=1e-3), 3)
    assert middle.high == 100  # never beyond the scale
    alone = score(saved(tmp_path, answers(scores={"a.mote": 50}))).mushra[0]
    assert (alone.mean, alone.low, alone.high, alone.n) == (50, None, None, 1)


def test_post_screening_leaves_out_who_cannot_tell(tmp_path):
    good = {"reference": 95, "a.mote": 60, "anchor 7 kHz": 40}
    found = score(
        saved(
            tmp_path,
            answers("Ann", scores=good),
            answers("Bob", scores=good | {"reference": 80}),
            answers("Cid", scores=good | {"anchor 7 kHz": 95}),
        )
    )
    assert found.left_out == {
        "Bob": "gave the hidden reference 80, less than 90",
        "Cid": "gave the anchor 7 kHz 95, more than 90",
    }
    assert {each.n for each in found.mushra} == {1}
    assert found.n_listeners == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "holds no answers"),
        (json.dumps({"format": FORMAT}), "lacks a part of its answers"),
        (json.dumps(answers(scores={"a": 101})), "cannot have given"),
        (json.dumps(answers() | {"abx": [{"name": "a", "correct": "yes"}]}), "cannot have given"),
        (json.dumps(answers() | {"mushra": [3]}), "lacks a part"),
    ],
)
def test_what_is_no_file_of_answers(tmp_path, text, message, capsys):
    (path,) = saved(tmp_path, text)
    with pytest.raises(ParameterError, match=message):
        score([path])
    assert main(["listen", "--score", str(path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_answers_to_several_pages(tmp_path):
    """Names then begin with the recording's, and one bad score of the reference in seven is forgiven."""
    given = {"reference": 95, "a.mote": 60}
    pages = [answers(scores=given, right=[True], test=f"t{i}", reference=f"x{i}.wav") for i in range(7)]
    pages[0]["mushra"][0]["score"] = 50
    found = score(saved(tmp_path, *pages))
    assert not found.left_out
    assert {each.name for each in found.abx} == {f"x{i}.wav: a.mote" for i in range(7)}
    assert {each.name: each.mean for each in found.mushra}["x0.wav: reference"] == 50
    assert "Ann" in score(saved(tmp_path, *pages[:6])).left_out


def test_what_cannot_be_counted(tmp_path):
    with pytest.raises(ParameterError, match=r"answers0\.json and .*answers1\.json hold the same answers"):
        score(saved(tmp_path, answers(), answers()))
    with pytest.raises(ParameterError, match=r"cannot read .*: No such file"):
        score([tmp_path / "none.json"])
    with pytest.raises(ParameterError, match="there are no answers"):
        score([])


def test_the_command_prints_a_table(tmp_path, capsys):
    paths = saved(tmp_path, *(answers(f"L{i}", [True] * 5, {"reference": 100, "a.mote": 70 + i}) for i in range(2)))
    assert main(["listen", "--score", *map(str, paths)]) == 0
    text = capsys.readouterr().out
    assert "2 listeners" in text
    assert "10/10    1.00     0.69 … 1.00         0.0010" in text
    assert "needs more" not in text
    assert main(["listen", "--score", *map(str, paths), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["abx"][0]["n_right"] == 10
    assert main(["listen", "--score"]) == 2
