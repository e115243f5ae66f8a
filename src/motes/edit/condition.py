"""Conditions on events as text: `frequency_hz > 200 and time_s < 3`. A subset of Python's expressions: `and`, `or` and
`not` between comparisons, chained or not, of what `+ - * /` make of numbers and columns, with parentheses.

A pitch such as C4, F#3 or Bb2 is the number that MIDI has for it, 60 for C4. There are no calls, attributes, indices or
strings. A word is a value of a column of words, such as `gabor` in `kind == gabor`. Python's parser finds the structure
of a condition, in which `x` stands for every name and number: nothing of the text is ever run.
"""

from __future__ import annotations

import ast
import difflib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.notes import pitch_of

MAX_CHARACTERS = 4000
# Of parentheses, signs and `not` within each other.
MAX_DEPTH = 50
# Columns that a message names.
MOST_NAMED = 16

# Values of each column by name: an array, a word that holds for all events, or None where these events have no such
# column.
Columns = Mapping[str, NDArray[Any] | str | None]

_TOKEN = re.compile(
    r"\s*(?:(?P<pitch>[A-G][#b]?-?\d{1,2}(?!\w))|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|==|!=|[-+*/()<>]))",
    re.ASCII,
)
_Operator = tuple[str, Callable[[Any, Any], Any]]
_OPERATORS: dict[type[ast.AST], _Operator] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.And: ("and", np.logical_and),
    ast.Or: ("or", np.logical_or),
}
_INFIX = [sign for sign, _ in _OPERATORS.values()]
_COMPARING = _INFIX[:6]
_RESERVED = ("and", "or", "not")
_HINTS = {"=": "write == to compare", "&": "write 'and'", "|": "write 'or'", "!": "write 'not'"}
_HINTS |= {".": "there are no attributes", "'": "quotes are not needed", '"': "quotes are not needed"}
_NUMBER, _CONDITION, _WORD = "a number", "a condition", "a word"


class _Token(NamedTuple):
    text: str
    at: int
    kind: str  # pitch, number, name, sign or end


@dataclass(frozen=True)
class _Term:
    """Part of a condition: `what` it gives (a number, a condition or a word), where it stands, and its value; None
    where a column is missing.
    """

    what: str
    at: int
    value: Callable[[Columns], Any]
    # Of a column or a word.
    name: str = ""
    is_column: bool = False


class Expression:
    """A parsed condition; `evaluate` it for one table of events after another."""

    def __init__(self, text: str, columns: Sequence[str], words: Mapping[str, Sequence[str]] | None = None) -> None:
        """Parse `text`, which may use `columns`, and for columns of words those in `words`; ParameterError says
        where a mistake is.
        """
        self.text = text
        parser = _Parser(text, columns, words or {})
        self._root = parser.parse()
        # The columns that it asks for.
        self.names = frozenset(token.text for token in parser.tokens if token.text in columns)

    def evaluate(self, columns: Columns, n_events: int) -> NDArray[np.bool_]:
        """Which of `n_events` events fulfil it, `(n_events,)`; a comparison with a column that is None is false."""
        with np.errstate(all="ignore"):  # dividing by zero gives infinities and NaN, which compare as they do
            return np.array(np.broadcast_to(self._root.value(columns), n_events), dtype=np.bool_)


class _Parser:
    """Text → tokens, whose order is checked → Python's syntax tree of them → terms, whose types are checked."""

    def __init__(self, text: str, columns: Sequence[str], words: Mapping[str, Sequence[str]]) -> None:
        if len(text) > MAX_CHARACTERS:
            raise ParameterError(f"a condition has at most {MAX_CHARACTERS} characters, not {len(text)}")
        self.text, self.columns, self.words = text, tuple(columns), words
        self.tokens = self._tokens()

    def parse(self) -> _Term:
        """The whole text as one condition."""
        if len(self.tokens) == 1:
            raise ParameterError("the condition is empty: write one such as 'frequency_hz > 200'")
        self._check_turns()
        structure = [token.text if token.kind == "sign" else "x" for token in self.tokens[:-1]]
        starts = accumulate((len(part) + 1 for part in structure), initial=0)
        self.token_at = dict(zip(starts, self.tokens, strict=True))
        try:
            term = self._term(ast.parse(" ".join(structure), mode="eval").body)
        except (RecursionError, MemoryError):  # of Python's parser, where what calls this is deep itself
            raise ParameterError("the condition has too many parts") from None
        if term.what != _CONDITION:
            self._fail(f"{term.what} is not a condition: compare it, as in 'frequency_hz > 200'", term.at)
        return term

    def _fail(self, what: str, at: int) -> NoReturn:
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
                hint = _HINTS.get(self.text[at])
                self._fail(f"{self.text[at]!r} has no meaning here{f': {hint}' if hint else ''}", at)
            kind = str(found.lastgroup)
            text = found[kind]
            tokens.append(_Token(text, found.start(kind), "sign" if text in _RESERVED else kind))
            at = found.end()
        return [*tokens, _Token("the end", end, "end")]

    def _check_turns(self) -> None:
        """Refuses what is not operand, operator, operand … with known names, and parentheses that do not match or are
        too many within each other.
        """
        waiting: list[_Token] = []  # parentheses, signs and `not` for the end of what they are of
        operand_is_due, before = True, "("
        for i, token in enumerate(self.tokens):
            if operand_is_due:
                starts_negation = token.text == "not" and before in ("(", *_RESERVED)
                operand_is_due = token.text in ("(", "-", "+") or starts_negation
                if operand_is_due:
                    waiting.append(token)
                else:
                    self._check_operand(i)
            elif token.text in _INFIX:
                operand_is_due = True
            else:
                self._close(waiting, token)
            if len(waiting) > MAX_DEPTH:
                what = f"more than {MAX_DEPTH} parentheses, signs or 'not' within each other"
                self._fail(what, self.tokens[i + 1].at)
            ended = ("-", "+") if not operand_is_due else ("not",) if token.text in ("and", "or") else ()
            while waiting and waiting[-1].text in ended:
                waiting.pop()
            before = token.text

    def _close(self, waiting: list[_Token], token: _Token) -> None:
        """Take the last parenthesis from those that wait; refuses what neither continues nor ends a condition."""
        opening = next((one for one in reversed(waiting) if one.text == "("), None)
        if opening is None:
            if token.kind != "end":
                self._fail(f"{token.text!r} is not expected", token.at)
        elif token.kind == "end":
            self._fail("this '(' is never closed", opening.at)
        elif token.text != ")":
            self._fail(f"{token.text!r} stands where ')' or an operator should be", token.at)
        else:
            del waiting[waiting.index(opening) :]

    def _check_operand(self, i: int) -> None:
        """Refuses a token that is no number, column, or word beside a comparison."""
        token = self.tokens[i]
        if token.kind == "end":
            self._fail("a number or a column is missing", token.at)
        if token.kind == "sign":
            self._fail(f"{token.text!r} stands where a number or a column should be", token.at)
        if token.kind == "name" and token.text not in self.columns:
            beside = (self.tokens[i - 1].text if i else "", self.tokens[i + 1].text)
            if not any(sign in _COMPARING for sign in beside) or not any(one.text in self.words for one in self.tokens):
                self._fail_unknown(token.text, token.at)

    def _fail_unknown(self, name: str, at: int) -> NoReturn:
        near = difflib.get_close_matches(name, self.columns, 1)
        more = len(self.columns) - MOST_NAMED
        named = f"there are: {', '.join(self.columns[:MOST_NAMED])}" + (f" and {more} others" if more > 0 else "")
        self._fail(f"there is no column {name[:40]!r}, {f'did you mean {near[0]}?' if near else named}", at)

    def _term(self, node: ast.expr) -> _Term:
        match node:
            case ast.BoolOp(op=op, values=values):
                steps = [_OPERATORS[type(op)]] * (len(values) - 1)
                return self._row([self._term(value) for value in values], steps, _CONDITION)
            case ast.UnaryOp(operand=operand):
                return self._prefixed(self.token_at[node.col_offset], self._term(operand))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._comparison(
                    [self._term(one) for one in (left, *others)], [_OPERATORS[type(op)] for op in ops]
                )
            case ast.BinOp():
                steps, right = [], []
                while isinstance(node, ast.BinOp):  # step by step: rows may be longer than recursion is deep
                    steps.append(_OPERATORS[type(node.op)])
                    right.append(node.right)
                    node = node.left
                return self._row([self._term(one) for one in (node, *reversed(right))], steps[::-1], _NUMBER)
            case ast.Name():
                return self._operand(self.token_at[node.col_offset])
        raise AssertionError(f"{type(node).__name__} in a condition")

    def _operand(self, token: _Token) -> _Term:
        text = token.text
        if token.kind in ("number", "pitch"):
            number = float(text) if token.kind == "number" else pitch_of(text)
            return _Term(_NUMBER, token.at, lambda _: number)
        if text in self.columns:
            what = _WORD if text in self.words else _NUMBER
            return _Term(what, token.at, lambda columns: columns[text], text, is_column=True)
        return _Term(_WORD, token.at, lambda _: text, text)

    def _prefixed(self, token: _Token, term: _Term) -> _Term:
        wanted = _CONDITION if token.text == "not" else _NUMBER
        if term.what != wanted:
            self._fail(f"'{token.text}' wants {wanted}, and this is {term.what}", term.at)
        if token.text == "+":
            return term
        change = np.logical_not if token.text == "not" else operator.neg

        def value(columns: Columns) -> Any:
            operand = term.value(columns)
            return None if operand is None else change(operand)

        return _Term(wanted, token.at, value)

    def _row(self, terms: list[_Term], steps: list[_Operator], wanted: str) -> _Term:
        """Terms of one type with operators between them, from left to right."""
        for term, (sign, _) in zip(terms, (steps[0], *steps), strict=True):
            if term.what != wanted:
                self._fail(f"'{sign}' wants {wanted} on both sides, and this is {term.what}", term.at)

        def value(columns: Columns) -> Any:
            result, *others = (term.value(columns) for term in terms)
            for (_, apply), other in zip(steps, others, strict=True):
                result = None if result is None or other is None else apply(result, other)
            return result

        return _Term(wanted, terms[0].at, value)

    def _comparison(self, terms: list[_Term], steps: list[_Operator]) -> _Term:
        if any(term.what == _WORD for term in terms):
            self._check_words(terms, steps[0][0])
        for term in terms:
            if term.what == _CONDITION:
                self._fail("a condition cannot be compared: join conditions with 'and' or 'or'", term.at)

        def value(columns: Columns) -> Any:
            values = [term.value(columns) for term in terms]
            if any(one is None for one in values):
                return False
            masks = [compare(*pair) for (_, compare), pair in zip(steps, pairwise(values), strict=True)]
            return np.logical_and.reduce(np.broadcast_arrays(*masks))

        return _Term(_CONDITION, terms[0].at, value)

    def _check_words(self, terms: list[_Term], sign: str) -> None:
        """Refuses all but `column == word` and `column != word`, in either order, where the column knows the word."""
        columns = [term for term in terms if term.what == _WORD and term.is_column]
        if not columns:
            unknown = next(term for term in terms if term.what == _WORD)
            self._fail_unknown(unknown.name, unknown.at)
        others, column = [term for term in terms if term not in columns] or terms, columns[0].name
        word, words = others[0], self.words[column]
        if len(terms) != 2 or len(columns) != 1 or word.what != _WORD or sign not in ("==", "!="):
            self._fail(f"{column} is a word: compare it as in '{column} == {next(iter(words), 'gabor')}'", word.at)
        if word.name not in words:
            self._fail(f"{column} is never {word.name!r}, it is one of: {', '.join(words)}", word.at)
