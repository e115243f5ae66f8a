"""Butterflies of the Fourier transform on 16 floats at a time, spelled out for LLVM.

Real and imaginary parts lie in arrays of their own, so that a butterfly is the same arithmetic on whole vectors. LLVM
would vectorise such loops itself only behind checks that twenty pointers do not overlap, and gives up.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16
TILE = LANES * LANES
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(32)
_FAST = ("fast",)
Complex = tuple[Any, Any]


class _Arithmetic:
    """Vectors in memory, and complex numbers as pairs of vectors."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any, n_arrays: int) -> None:
        self.builder = builder
        self.data = [context.make_array(signature.args[i])(context, builder, args[i]).data for i in range(n_arrays)]

    def _at(self, array: int, place: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(self.data[array], [place]), ir.PointerType(_VECTOR))

    def load(self, array: int, place: Any) -> Any:
        return self.builder.load(self._at(array, place), align=4)

    def store(self, array: int, place: Any, vector: Any) -> None:
        self.builder.store(vector, self._at(array, place), align=4)

    def add(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(a, b, flags=_FAST)

    def sub(self, a: Any, b: Any) -> Any:
        return self.builder.fsub(a, b, flags=_FAST)

    def mul(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(a, b, flags=_FAST)

    def plus(self, a: Complex, b: Complex) -> Complex:
        return self.add(a[0], b[0]), self.add(a[1], b[1])

    def minus(self, a: Complex, b: Complex) -> Complex:
        return self.sub(a[0], b[0]), self.sub(a[1], b[1])

    def times(self, a: Complex, b: Complex, sign: int = -1) -> Complex:
        """a·b where sign is −1, a·b* where it is 1."""
        both, cross = (self.sub, self.add) if sign < 0 else (self.add, self.sub)
        re = both(self.mul(a[0], b[0]), self.mul(a[1], b[1]))
        return re, cross(self.mul(a[1], b[0]), self.mul(a[0], b[1]))

    def turned(self, a: Complex, sign: int) -> Complex:
        """a times sign·i."""
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        return (a[1], self.sub(zero, a[0])) if sign < 0 else (self.sub(zero, a[1]), a[0])

    def scaled(self, a: Complex, factor: float) -> Complex:
        constant = ir.Constant(_VECTOR, [factor] * LANES)
        return self.mul(a[0], constant), self.mul(a[1], constant)

    def by_root(self, a: Complex, turns: float, sign: int) -> Complex:
        """a·e^{sign·2πi·turns} with a constant."""
        if turns == 0:
            return a
        angle = 2 * math.pi * turns
        root = ir.Constant(_VECTOR, [math.cos(angle)] * LANES), ir.Constant(_VECTOR, [-math.sin(angle)] * LANES)
        return self.times(a, root, sign)

    def transform(self, x: list[Complex], sign: int) -> list[Complex]:
        """The Fourier transform of two, three or four numbers."""
        if len(x) == 2:
            return [self.plus(x[0], x[1]), self.minus(x[0], x[1])]
        if len(x) == 3:
            both, apart = self.plus(x[1], x[2]), self.scaled(self.turned(self.minus(x[1], x[2]), sign), math.sqrt(0.75))
            middle = self.minus(x[0], self.scaled(both, 0.5))
            return [self.plus(x[0], both), self.plus(middle, apart), self.minus(middle, apart)]
        a, b = self.plus(x[0], x[2]), self.minus(x[0], x[2])
        c, d = self.plus(x[1], x[3]), self.turned(self.minus(x[1], x[3]), sign)
        return [self.plus(a, c), self.plus(b, d), self.minus(a, c), self.minus(b, d)]

    def transposed(self, rows: list[Any]) -> list[Any]:
        """Sixteen vectors as the columns of what they were the rows of."""
        width = LANES // 2
        while width:
            low = [lane if not lane & width else lane - width + LANES for lane in range(LANES)]
            high = [lane + width if not lane & width else lane + LANES for lane in range(LANES)]
            masks = [ir.Constant(ir.VectorType(_INDEX, LANES), mask) for mask in (low, high)]
            for i in range(LANES):
                if not i & width:
                    a, b = rows[i], rows[i + width]
                    rows[i], rows[i + width] = (self.builder.shuffle_vector(a, b, mask) for mask in masks)
            width //= 2
        return rows


def _butterfly(radix: int, sign: int) -> Any:
    """16 butterflies of one stage: down from long transforms to short ones (sign −1), or back up (1)."""

    @intrinsic
    def butterfly(typingctx, re, im, roots, place, step, at):  # type: ignore[no-untyped-def]
        signature = types.void(re, im, roots, types.intp, types.intp, types.intp)

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            v = _Arithmetic(context, builder, signature, args, 3)
            place, step, at = args[3:]
            places = [place]
            for _ in range(radix - 1):
                places.append(builder.add(places[-1], step))
            twiddles = [at]
            for _ in range(2 * radix - 3):
                twiddles.append(builder.add(twiddles[-1], step))
            roots = [(v.load(2, twiddles[2 * i]), v.load(2, twiddles[2 * i + 1])) for i in range(radix - 1)]
            x = [(v.load(0, p), v.load(1, p)) for p in places]
            if sign < 0:
                y = v.transform(x, sign)
                y[1:] = [v.times(value, root) for value, root in zip(y[1:], roots, strict=True)]
            else:
                x[1:] = [v.times(value, root, sign) for value, root in zip(x[1:], roots, strict=True)]
                y = v.transform(x, sign)
            for p, (a, b) in zip(places, y, strict=True):
                v.store(0, p, a)
                v.store(1, p, b)
            return context.get_dummy_value()

        return signature, generate

    return butterfly


def _tile(sign: int) -> Any:
    """The transforms of 16 runs of 16 numbers, whose results lie across the runs (sign −1), or back (1)."""

    @intrinsic
    def tile(typingctx, re, im, place):  # type: ignore[no-untyped-def]
        signature = types.void(re, im, types.intp)

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            v = _Arithmetic(context, builder, signature, args, 2)
            places = [builder.add(args[2], ir.Constant(args[2].type, LANES * i)) for i in range(LANES)]
            parts = [[v.load(part, p) for p in places] for part in (0, 1)]
            if sign < 0:
                parts = [v.transposed(part) for part in parts]
            x = list(zip(*parts, strict=True))
            if sign < 0:
                for j in range(4):
                    y = v.transform(x[j::4], sign)
                    x[j::4] = [v.by_root(y[k], j * k / 16, sign) for k in range(4)]
                for j in range(0, 16, 4):
                    x[j : j + 4] = v.transform(x[j : j + 4], sign)
            else:
                for j in range(0, 16, 4):
                    x[j : j + 4] = v.transform(x[j : j + 4], sign)
                for j in range(4):
                    x[j::4] = v.transform([v.by_root(x[j + 4 * k], j * k / 16, sign) for k in range(4)], sign)
            parts = [list(part) for part in zip(*x, strict=True)]
            if sign > 0:
                parts = [v.transposed(part) for part in parts]
            for array in (0, 1):
                for p, vector in zip(places, parts[array], strict=True):
                    v.store(array, p, vector)
            return context.get_dummy_value()

        return signature, generate

    return tile


def _product(adding: bool) -> Any:
    """(re + i·im)[place:][:16] = (or +=) (a + ib)·(c + id), all from `place`."""

    @intrinsic
    def product(typingctx, re, im, a, b, c, d, place):  # type: ignore[no-untyped-def]
        signature = types.void(re, im, a, b, c, d, types.intp)

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            v, place = _Arithmetic(context, builder, signature, args, 6), args[6]
            first, second, third, fourth = (v.load(array, place) for array in (2, 3, 4, 5))
            result = v.times((first, second), (third, fourth))
            if adding:
                result = v.plus((v.load(0, place), v.load(1, place)), result)
            v.store(0, place, result[0])
            v.store(1, place, result[1])
            return context.get_dummy_value()

        return signature, generate

    return product


def _turned(sign: int) -> Any:
    """out[at:][:16] += (a·cosine + sign·b·sine)[place:][:16]."""

    @intrinsic
    def turned(typingctx, out, at, a, b, cosine, sine, place):  # type: ignore[no-untyped-def]
        signature = types.void(out, types.intp, a, b, cosine, sine, types.intp)

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            arrays = 0, 2, 3, 4, 5
            kinds = types.void(*(signature.args[i] for i in arrays))
            v = _Arithmetic(context, builder, kinds, [args[i] for i in arrays], len(arrays))
            at, place = args[1], args[6]
            a, b, cosine, sine = (v.load(array, place) for array in (1, 2, 3, 4))
            added = v.mul(b, sine)
            signed = added if sign > 0 else builder.fneg(added)
            v.store(0, at, v.add(v.load(0, at), v.add(v.mul(a, cosine), signed)))
            return context.get_dummy_value()

        return signature, generate

    return turned


down2, down3, down4 = (_butterfly(radix, -1) for radix in (2, 3, 4))
up2, up3, up4 = (_butterfly(radix, 1) for radix in (2, 3, 4))
tile_down, tile_up = _tile(-1), _tile(1)
multiply16, multiply_add16 = _product(False), _product(True)
add_turned16, add_turned_back16 = _turned(1), _turned(-1)
