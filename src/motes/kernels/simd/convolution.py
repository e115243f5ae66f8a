"""A tile of a convolution's output, some keys × 16 or 32 channels, kept in registers while all its terms are added;
spelled out for LLVM, which would store and load the sums at every term.

Each sum is taken in the order in which terms are listed, whatever the tile: only whether a processor has fused
multiply-adds changes the bits.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(32)
# Multiply-adds may be fused; nothing else may be changed, least of all the order of a sum.
_FUSED = ("contract",)
UNROLLED = 4


class _Tile:
    """Pointers, numbers and the sums of one tile."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder = builder
        self.intp = context.get_value_type(types.intp)
        self.arrays = {
            i: context.make_array(kind)(context, builder, args[i]).data
            for i, kind in enumerate(signature.args)
            if isinstance(kind, types.Array)
        }

    def number(self, value: int) -> Any:
        return ir.Constant(self.intp, value)

    def plus(self, place: Any, offset: int) -> Any:
        return self.builder.add(place, self.number(offset)) if offset else place

    def scalar(self, array: int, place: Any) -> Any:
        return self.builder.load(self.builder.gep(self.arrays[array], [place]))

    def _at(self, array: int, place: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(self.arrays[array], [place]), ir.PointerType(_VECTOR))

    def load(self, array: int, place: Any) -> Any:
        return self.builder.load(self._at(array, place), align=4)

    def store(self, array: int, place: Any, vector: Any) -> None:
        self.builder.store(vector, self._at(array, place), align=4)

    def splat(self, value: Any) -> Any:
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.Constant(_INDEX, 0))
        return self.builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES))

    def add_product(self, value: Any, weights: Any, total: Any) -> None:
        """total += value · weights."""
        product = self.builder.fmul(value, weights, flags=_FUSED)
        self.builder.store(self.builder.fadd(self.builder.load(total), product, flags=_FUSED), total)


def convolution_tile(n_keys: int, n_vectors: int, run: int, key_stride: int, channels: int) -> Any:
    """A function of (x, offsets, rows, weights, out, (base, first, last, column, at)): for n_keys keys from `at` in
    steps of `channels`, and 16 · n_vectors output channels, out[at + key] += Σ_n Σ_j x[base + offsets[n] + j +
    key · key_stride] · weights[rows[n], j, column:], n from `first` to last − 1, j below `run`.
    """
    unrolled = UNROLLED if run % UNROLLED == 0 else run

    @intrinsic
    def tile(typingctx, x, offsets, rows, weights, out, about):  # type: ignore[no-untyped-def]
        signature = types.void(x, offsets, rows, weights, out, types.UniTuple(types.intp, 5))

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            t = _Tile(context, builder, signature, args)
            base, first, last, column, at = (builder.extract_value(args[5], i) for i in range(5))
            places = [(k, v) for k in range(n_keys) for v in range(n_vectors)]
            sums = {place: cgutils.alloca_once(builder, _VECTOR) for place in places}
            for k, v in places:
                builder.store(t.load(4, t.plus(at, k * channels + v * LANES)), sums[k, v])
            with cgutils.for_range(builder, builder.sub(last, first)) as term:
                n = builder.add(first, term.index)
                source = builder.add(base, t.scalar(1, n))
                row = builder.add(column, builder.mul(t.scalar(2, n), t.number(run * channels)))
                with cgutils.for_range(builder, t.number(run // unrolled)) as loop:
                    from_x = builder.add(source, builder.mul(loop.index, t.number(unrolled)))
                    from_row = builder.add(row, builder.mul(loop.index, t.number(unrolled * channels)))
                    for j in range(unrolled):
                        w = [t.load(3, t.plus(from_row, j * channels + v * LANES)) for v in range(n_vectors)]
                        for k in range(n_keys):
                            value = t.splat(t.scalar(0, t.plus(from_x, k * key_stride + j)))
                            for v in range(n_vectors):
                                t.add_product(value, w[v], sums[k, v])
            for k, v in places:
                t.store(4, t.plus(at, k * channels + v * LANES), builder.load(sums[k, v]))
            return context.get_dummy_value()

        return signature, generate

    return tile
