"""Conditions on events as text, `frequency_hz > 200 and time_s < 3`: a small grammar of our own, parsed here and never
handed to Python.

    either     = both {"or" both}
    both       = negation {"and" negation}
    negation   = {"not"} comparison
    comparison = sum {("<" | "<=" | ">" | ">=" | "==" | "!=") sum}      chained as in Python: 200 < frequency_hz <= 400
    sum        = product {("+" | "-") product}
    product    = sign {("*" | "/") sign}
    sign       = {"-" | "+"} (number | column | word | "(" either ")")

There are no calls, attributes, indices or strings. A word is a value of a column of words, such as `gabor` in `kind ==
gabor`.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError

MAX_CHARACTERS = 4000
# Of parentheses, signs and `not` within each other.
MAX_DEPTH = 50
# Columns that a message names.
MOST_NAMED = 16

# Values of each column by name: an array, a word that holds for all events, or None where these events have no such
# column.
Columns = Mapping[str, NDArray[Any] | str | None]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|==|!=|[-+*/()<>]))",
    re.ASCII,
)
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_RESERVED = ("and", "or", "not")
_NUMBER, _CONDITION, _WORD = "a number", "a condition", "a word"


@dataclass(frozen=True)
class _Token:
    text: str
    at: int
    kind: str


@dataclass(frozen=True)
class _Node:
    """Part of a condition: `what` it gives (a number, a condition or a word), where it stands, the operators
    between its operands.
    """

    what: str
    at: int
    operators: tuple[str, ...]
    operands: tuple[Any, ...]


class Expression:
    """A parsed condition; `evaluate` it for one table of events after another."""

    def __init__(self, text: str, columns: Sequence[str], words: Mapping[str, Sequence[str]] | None = None) -> None:
        """Parse `text`, which may use `columns`, and for columns of words those in `words`; ParameterError tells
        the spot of a mistake.
        """
        parser = _Parser(text, columns, words or {})
        self.text = text
        self._root = parser.parse()

    def evaluate(self, columns: Columns, n_events: int) -> NDArray[np.bool_]:
        """Which of `n_events` events fulfil it, `(n_events,)`; a comparison with a column that is None is false."""
        with np.errstate(all="ignore"):  # dividing by zero gives infinities and NaN, which compare as they do
            return np.array(np.broadcast_to(_value(self._root, columns), n_events), dtype=np.bool_)


def _value(node: _Node, columns: Columns) -> Any:
    """Number, mask or word of a node; None where a column is missing."""
    if node.operators == ("column",):
        return columns[node.operands[0]]
    if node.operators == ("literal",):
        return node.operands[0]
    if node.operators == ("not",):
        return np.logical_not(_value(node.operands[0], columns))
    if node.what == _CONDITION and node.operators[0] in ("and", "or"):
        combine = np.logical_and if node.operators[0] == "and" else np.logical_or
        result = _value(node.operands[0], columns)
        for operand in node.operands[1:]:
            result = combine(result, _value(operand, columns))
        return result
    values = [_value(operand, columns) for operand in node.operands]
    if any(value is None for value in values):
        return False if node.what == _CONDITION else None
    if node.operators == ("negative",):
        return -values[0]
    if node.what == _CONDITION:
        pairs = zip(node.operators, values, values[1:], strict=False)
        return np.logical_and.reduce(np.broadcast_arrays(*[_COMPARISONS[sign](a, b) for sign, a, b in pairs]))
    result = values[0]
    for sign, value in zip(node.operators, values[1:], strict=True):
        result = _ARITHMETIC[sign](result, value)
    return result


class _Parser:
    """Recursive descent, at most `MAX_DEPTH` deep."""

    def __init__(self, text: str, columns: Sequence[str], words: Mapping[str, Sequence[str]]) -> None:
        self.text, self.columns, self.words = text, tuple(columns), words
        if len(text) > MAX_CHARACTERS:
            raise ParameterError(f"a condition has at most {MAX_CHARACTERS} characters, not {len(text)}")
        self.tokens = self._tokens()
        self.place = self.depth = 0

    def parse(self) -> _Node:
        """The whole text as one condition."""
        if self.tokens[0].kind == "end":
            raise ParameterError("the condition is empty: write one such as 'frequency_hz > 200'")
        node = self._either()
        token = self.tokens[self.place]
        if token.kind != "end":
            hint = " (write ==)" if token.text == "=" else ""
            self._fail(f"{token.text!r} is not expected{hint}", token.at)
        if node.what != _CONDITION:
            self._fail(f"{node.what} is not a condition: compare it, as in 'frequency_hz > 200'", node.at)
        return node

    def _fail(self, what: str, at: int) -> Any:
        start, end = max(0, at - 30), at + 30
        before, after = "…" if start else "", "…" if end < len(self.text) else ""
        shown = " ".join(f"{before}{self.text[start:at]}►{self.text[at:end]}{after}".split())
        raise ParameterError(f"{what} (column {at + 1}): {''.join(c if c.isprintable() else '?' for c in shown)}")

    def _tokens(self) -> list[_Token]:
        tokens, at, end = [], 0, len(self.text.rstrip())
        while at < end:
            found = _TOKEN.match(self.text, at, end)
            if not found:
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                self._fail(self._strange(self.text[at]), at)
            assert found is not None
            kind = str(found.lastgroup)
            tokens.append(_Token(found[kind], found.start(kind), kind))
            at = found.end()
        return [*tokens, _Token("the end", end, "end")]

    def _strange(self, character: str) -> str:
        hints = {
            "=": "write == to compare",
            "&": "write 'and'",
            "|": "write 'or'",
            "!": "write 'not'",
            ".": "there are no attributes",
        }
        hint = hints.get(character, "quotes are not needed" if character in "'\"" else "")
        return f"{character!r} has no meaning here" + (f": {hint}" if hint else "")

    def _next(self, *texts: str) -> _Token | None:
        """The next token if it is one of these operators, and go on."""
        token = self.tokens[self.place]
        if token.kind in ("sign", "name") and token.text in texts:
            self.place += 1
            return token
        return None

    def _deeper(self, parse: Callable[[], _Node]) -> _Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._fail(
                f"more than {MAX_DEPTH} parentheses, signs or 'not' within each other", self.tokens[self.place].at
            )
        node = parse()
        self.depth -= 1
        return node

    def _row(self, operand: Callable[[], _Node], signs: tuple[str, ...], takes: str, gives: str) -> _Node:
        """Operands of type `takes` with `signs` between them."""
        first = operand()
        operands, operators = [first], []
        while token := self._next(*signs):
            operators.append(token.text)
            operands.append(operand())
        if not operators:
            return first
        for node in operands:
            if node.what != takes:
                self._fail(f"'{operators[0]}' wants {takes} on both sides, and this is {node.what}", node.at)
        return _Node(gives, first.at, tuple(operators), tuple(operands))

    def _either(self) -> _Node:
        return self._row(self._both, ("or",), _CONDITION, _CONDITION)

    def _both(self) -> _Node:
        return self._row(self._negation, ("and",), _CONDITION, _CONDITION)

    def _negation(self) -> _Node:
        if not (token := self._next("not")):
            return self._comparison()
        node = self._deeper(self._negation)
        if node.what != _CONDITION:
            self._fail(f"'not' wants a condition, and this is {node.what}", node.at)
        return _Node(_CONDITION, token.at, ("not",), (node,))

    def _comparison(self) -> _Node:
        first = self._sum()
        operands, operators = [first], []
        while token := self._next(*_COMPARISONS):
            operators.append(token.text)
            operands.append(self._sum())
        if not operators:
            return first
        if any(node.what == _WORD for node in operands):
            self._check_words(operands, operators)
        for node in operands:
            if node.what == _CONDITION:
                self._fail("a condition cannot be compared: join conditions with 'and' or 'or'", node.at)
        return _Node(_CONDITION, first.at, tuple(operators), tuple(operands))

    def _check_words(self, operands: list[_Node], operators: list[str]) -> None:
        """`column == word` or `column != word`, in either order, and the column knows the word."""
        columns = [node for node in operands if node.what == _WORD and node.operators == ("column",)]
        others = [node for node in operands if node not in columns]
        if len(operands) != 2 or len(columns) != 1 or others[0].what != _WORD or operators[0] not in ("==", "!="):
            column = columns[0].operands[0] if columns else next(iter(self.words), "kind")
            node = others[0] if others and columns else operands[0]
            self._unknown(node) if not columns else self._fail(
                f"{column} is a word: compare it as in '{column} == {self._example(column)}'", node.at
            )
        column, word = columns[0].operands[0], others[0].operands[0]
        if word not in self.words[column]:
            self._fail(f"{column} is never {word!r}, it is one of: {', '.join(self.words[column])}", others[0].at)

    def _example(self, column: str) -> str:
        return next(iter(self.words.get(column, ())), "gabor")

    def _unknown(self, node: _Node) -> Any:
        name = str(node.operands[0])
        near = difflib.get_close_matches(name, self.columns, 1)
        hint = f"did you mean {near[0]}?" if near else self._named()
        return self._fail(f"there is no column {name[:40]!r}, {hint}", node.at)

    def _named(self) -> str:
        more = len(self.columns) - MOST_NAMED
        return f"there are: {', '.join(self.columns[:MOST_NAMED])}" + (f" and {more} others" if more > 0 else "")

    def _sum(self) -> _Node:
        return self._row(self._product, ("+", "-"), _NUMBER, _NUMBER)

    def _product(self) -> _Node:
        return self._row(self._sign, ("*", "/"), _NUMBER, _NUMBER)

    def _sign(self) -> _Node:
        if not (token := self._next("-", "+")):
            return self._primary()
        node = self._deeper(self._sign)
        if node.what != _NUMBER:
            self._fail(f"'{token.text}' wants a number, and this is {node.what}", node.at)
        return _Node(_NUMBER, token.at, ("negative",), (node,)) if token.text == "-" else node

    def _primary(self) -> _Node:
        token = self.tokens[self.place]
        self.place += token.kind != "end"
        if token.kind == "number":
            return _Node(_NUMBER, token.at, ("literal",), (float(token.text),))
        if token.kind == "name" and token.text not in _RESERVED:
            return self._name(token)
        if token.text == "(":
            return self._parenthesis(token)
        missing = (
            "a number or a column is missing"
            if token.kind == "end"
            else f"{token.text!r} stands where a number or a column should be"
        )
        return self._fail(missing, token.at)

    def _parenthesis(self, opening: _Token) -> _Node:
        node = self._deeper(self._either)
        if not self._next(")"):
            token = self.tokens[self.place]
            what = (
                "this '(' is never closed"
                if token.kind == "end"
                else f"{token.text!r} stands where ')' or an operator should be"
            )
            self._fail(what, opening.at if token.kind == "end" else token.at)
        return node

    def _name(self, token: _Token) -> _Node:
        if token.text in self.columns:
            return _Node(_WORD if token.text in self.words else _NUMBER, token.at, ("column",), (token.text,))
        node = _Node(_WORD, token.at, ("literal",), (token.text,))
        beside = [self.tokens[i].text for i in (self.place - 2, self.place) if 0 <= i < len(self.tokens)]
        compared = any(sign in _COMPARISONS for sign in beside)
        if not compared or not any(other.text in self.words for other in self.tokens):
            self._unknown(node)
        return node
