"""Two runs of sixteen samples through a bank of damped modes, spelled out for LLVM: output and states advance as
whole vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
RUNS = 2
# Samples that one call advances by.
STEP = LANES * RUNS
# Modes of one group: real parts of their states, then imaginary parts.
MODES = 8
_INDEX = ir.IntType(32)
_FAST = ("fast",)


class _Vectors:
    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.context, self.builder, self.signature, self.args = context, builder, signature, args
        self.intp = context.get_value_type(types.intp)

    def data(self, i: int) -> Any:
        return self.context.make_array(self.signature.args[i])(self.context, self.builder, self.args[i]).data

    def _field(self, i: int, name: str) -> tuple[Any, Any]:
        kind = self.signature.args[i]
        index = kind.fields.index(name)
        value = self.builder.extract_value(self.args[i], index)
        if isinstance(kind[index], types.Array):
            value = self.context.make_array(kind[index])(self.context, self.builder, value)
        return kind[index], value

    def field(self, i: int, name: str) -> Any:
        """A field of a NamedTuple: an array's data, or a number."""
        kind, value = self._field(i, name)
        return value.data if isinstance(kind, types.Array) else value

    def length(self, i: int, name: str) -> Any:
        """The first dimension of an array that is such a field."""
        return self.builder.extract_value(self._field(i, name)[1].shape, 0)

    def constant(self, value: int) -> Any:
        return ir.Constant(self.intp, value)

    def place(self, base: Any, offset: int, *terms: tuple[Any, int]) -> Any:
        """base + offset + Σ value·factor."""
        for value, factor in terms:
            base = self.builder.add(base, self.builder.mul(value, self.constant(factor)))
        return self.builder.add(base, self.constant(offset))

    def pointer(self, data: Any, place: Any, lanes: int, element: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(data, [place]), ir.PointerType(ir.VectorType(element, lanes)))

    def load(self, data: Any, place: Any, lanes: int, element: Any = None) -> Any:
        element = element or ir.FloatType()
        return self.builder.load(
            self.pointer(data, place, lanes, element), align=8 if element == ir.DoubleType() else 4
        )

    def store(self, vector: Any, data: Any, place: Any) -> None:
        kind = vector.type
        self.builder.store(
            vector,
            self.pointer(data, place, kind.count, kind.element),
            align=8 if kind.element == ir.DoubleType() else 4,
        )

    def splat(self, value: Any, lanes: int) -> Any:
        undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
        mask = ir.Constant(ir.VectorType(_INDEX, lanes), [0] * lanes)
        return self.builder.shuffle_vector(
            self.builder.insert_element(undefined, value, ir.Constant(_INDEX, 0)), undefined, mask
        )

    def sample(self, x: Any, place: Any, j: int) -> Any:
        return self.builder.load(self.builder.gep(x, [self.place(place, j)]))

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        return self.builder.fadd(self.builder.fmul(a, b, flags=_FAST), c, flags=_FAST)


def _direct_part(v: _Vectors, x: Any, places: list[Any], direct: Any, index: Any, sums: list[Any]) -> None:
    """Adds, for one input, what the samples of each run make of the rest of it; rows from the eighth on have
    nothing in their first half.
    """
    for first, lanes in ((0, LANES), (LANES // 2, LANES // 2)):
        kind = ir.VectorType(ir.FloatType(), lanes)
        parts = [[ir.Constant(kind, [0.0] * lanes)] * 2 for _ in places]
        for j in range(first, first + LANES // 2):
            row = v.load(direct, v.place(v.constant(0), LANES * j + first, (index, LANES * LANES)), lanes)
            for part, place in zip(parts, places, strict=True):
                part[j % 2] = v.multiply_add(v.splat(v.sample(x, place, j), lanes), row, part[j % 2])
        for part, total in zip(parts, sums, strict=True):
            added = v.builder.fadd(*part, flags=_FAST)
            if lanes < LANES:
                mask = ir.Constant(ir.VectorType(_INDEX, LANES), [lanes + i for i in range(lanes)] + list(range(lanes)))
                added = v.builder.shuffle_vector(added, ir.Constant(kind, [0.0] * lanes), mask)
            v.builder.store(v.builder.fadd(v.builder.load(total), added, flags=_FAST), total)


def _injected(v: _Vectors, x: Any, places: list[Any], inject: Any, at: Any, news: list[list[Any]]) -> None:
    """Adds what one input brings to the states of one group during each run."""
    halves = [[v.builder.load(n) for n in new] for new in news]
    for j in range(LANES):
        rows = [v.load(inject, v.place(at, (2 * j + k) * MODES), MODES) for k in (0, 1)]
        for half, place in zip(halves, places, strict=True):
            value = v.splat(v.sample(x, place, j), MODES)
            half[:] = [v.multiply_add(value, row, sum_) for row, sum_ in zip(rows, half, strict=True)]
    for half, new in zip(halves, news, strict=True):
        for vector, n in zip(half, new, strict=True):
            v.builder.store(vector, n)


def _stepped(v: _Vectors, state: list[Any], power: list[Any], new: list[Any]) -> list[Any]:
    """State times power plus what is new, in double precision."""
    double = ir.VectorType(ir.DoubleType(), MODES)
    re, im = (v.builder.fpext(v.builder.load(n), double) for n in new)
    re = v.multiply_add(
        power[0], state[0], v.builder.fsub(re, v.builder.fmul(power[1], state[1], flags=_FAST), flags=_FAST)
    )
    return [re, v.multiply_add(power[0], state[1], v.multiply_add(power[1], state[0], im))]


def _read(v: _Vectors, states: list[list[Any]], read: Any, at: Any, sums: list[Any]) -> None:
    """Adds what the states of one group at the beginning of each run sound like during it."""
    narrow = ir.VectorType(ir.FloatType(), MODES)
    parts = [
        [v.builder.load(total), ir.Constant(ir.VectorType(ir.FloatType(), LANES), [0.0] * LANES)] for total in sums
    ]
    for k in (0, 1):
        singles = [v.builder.fptrunc(state[k], narrow) for state in states]
        for m in range(MODES):
            row = v.load(read, v.place(at, (k * MODES + m) * LANES), LANES)
            for part, single in zip(parts, singles, strict=True):
                value = v.builder.extract_element(single, ir.Constant(_INDEX, m))
                part[m % 2] = v.multiply_add(v.splat(value, LANES), row, part[m % 2])
    for part, total in zip(parts, sums, strict=True):
        v.builder.store(v.builder.fadd(*part, flags=_FAST), total)


@intrinsic
def advance(typingctx, inputs, place, tables, state, y, to):  # type: ignore[no-untyped-def]
    """y[to:][:32] from the inputs at `place` and the states, which then stand 32 samples later. Two runs of 16 at once
    share what has to be loaded.
    """
    signature = types.void(inputs, types.intp, tables, state, y, types.intp)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        v = _Vectors(context, builder, signature, args)
        x, lag, n_inputs = (v.field(0, name) for name in ("samples", "lag", "n_inputs"))
        direct, inject, read, power = (v.field(2, name) for name in ("direct", "inject", "read", "power"))
        state, y, place, to, n_groups = v.data(3), v.data(4), args[1], args[5], v.length(2, "power")
        zeros = [ir.Constant(ir.VectorType(ir.FloatType(), n), [0.0] * n) for n in (LANES, MODES)]
        sums = [cgutils.alloca_once(builder, zeros[0].type) for _ in range(RUNS)]
        news = [[cgutils.alloca_once(builder, zeros[1].type) for _ in range(2)] for _ in range(RUNS)]
        for total in sums:
            builder.store(zeros[0], total)

        def places(index: Any) -> list[Any]:
            first = builder.sub(place, builder.mul(index, lag))
            return [v.place(first, LANES * run) for run in range(RUNS)]

        with cgutils.for_range(builder, n_inputs) as loop:
            _direct_part(v, x, places(loop.index), direct, loop.index, sums)
        with cgutils.for_range(builder, n_groups) as group:
            for new in news:
                for n in new:
                    builder.store(zeros[1], n)
            with cgutils.for_range(builder, n_inputs) as loop:
                at = v.place(
                    v.constant(0), 0, (builder.add(builder.mul(loop.index, n_groups), group.index), LANES * 2 * MODES)
                )
                _injected(v, x, places(loop.index), inject, at, news)
            at = v.place(v.constant(0), 0, (group.index, 2 * MODES))
            powers = [v.load(power, v.place(at, MODES * k), MODES, ir.DoubleType()) for k in (0, 1)]
            states = [[v.load(state, v.place(at, MODES * k), MODES, ir.DoubleType()) for k in (0, 1)]]
            for new in news:
                states.append(_stepped(v, states[-1], powers, new))
            _read(v, states[:-1], read, v.place(v.constant(0), 0, (group.index, 2 * MODES * LANES)), sums)
            for k in (0, 1):
                v.store(states[-1][k], state, v.place(at, MODES * k))
        for run, total in enumerate(sums):
            v.store(builder.load(total), y, v.place(to, LANES * run))
        return context.get_dummy_value()

    return signature, generate
