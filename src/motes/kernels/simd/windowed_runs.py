"""Runs of a windowed sinusoid, all of it in one go: what a signal holds of it, and adding it, in float32.

Carrier and window are turned on by 16 samples at a time; samples past the run are left out by masks, so that there is
no loop for the rest.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from motes.kernels.simd.atoms import LANES, _data, _multiply_add, _splat

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_WHOLE = ir.IntType(64)
_NUMBERS = ir.Constant(ir.VectorType(_WHOLE, LANES), list(range(LANES)))
_ZEROS = ir.Constant(_VECTOR, [0.0] * LANES)
_FAST = ("fast",)


class _Run:
    """What both intrinsics share: the state of carrier and window, and a block's samples of them."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder = builder
        self.audio, lanes, turns = (_data(context, builder, signature.args[i], args[i]) for i in (0, 3, 4))
        self.place, self.n_samples = args[1], args[2]
        # Carrier (Re, Im), and half of the window's cosine (Re, Im) for 16 samples.
        self.lanes = [builder.load(self.vector(lanes, self.number(LANES * i)), align=4) for i in range(4)]
        first = [builder.load(builder.gep(turns, [self.number(i)])) for i in range(8)]
        self.turns = [cgutils.alloca_once_value(builder, value) for value in first[:4]]
        self.steps = first[4:]
        last = builder.add(self.n_samples, self.number(LANES - 1))
        self.n_blocks = builder.ashr(last, self.number(4))

    def number(self, value: int) -> Any:
        return ir.Constant(_WHOLE, value)

    def vector(self, data: Any, place: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(data, [place]), ir.PointerType(_VECTOR))

    def minus(self, a: Any, b: Any) -> Any:
        return self.builder.fsub(a, b, flags=_FAST)

    def times(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(a, b, flags=_FAST)

    def block(self, index: Any) -> tuple[Any, Any, Any]:
        """Where the block of this number lies in the audio, and its windowed cosine and sine, zero past the run."""
        builder, (c, s, c2, s2) = self.builder, self.lanes
        at = builder.mul(index, self.number(LANES))
        p, q, r, t = (_splat(builder, builder.fptrunc(builder.load(turn), ir.FloatType())) for turn in self.turns)
        window = _multiply_add(builder, r, c2, self.minus(ir.Constant(_VECTOR, [0.5] * LANES), self.times(t, s2)))
        left = builder.sub(self.n_samples, at)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        undefined = ir.Constant(ir.VectorType(_WHOLE, LANES), ir.Undefined)
        many = builder.shuffle_vector(
            builder.insert_element(undefined, left, ir.Constant(ir.IntType(32), 0)), undefined, lanes
        )
        window = builder.select(builder.icmp_signed("<", _NUMBERS, many), window, _ZEROS)
        cosine = self.times(window, self.minus(self.times(p, c), self.times(q, s)))
        sine = self.times(window, _multiply_add(builder, p, s, self.times(q, c)))
        return self.vector(self.audio, builder.add(self.place, at)), cosine, sine

    def turn_on(self) -> None:
        """Carrier and window 16 samples later."""
        builder = self.builder
        for k in (0, 2):
            re, im = builder.load(self.turns[k]), builder.load(self.turns[k + 1])
            step_re, step_im = self.steps[k], self.steps[k + 1]
            builder.store(self.minus(self.times(re, step_re), self.times(im, step_im)), self.turns[k])
            builder.store(_multiply_add(builder, re, step_im, self.times(im, step_re)), self.turns[k + 1])


def _sum(builder: Any, vector: Any) -> Any:
    """Sum of the lanes, in pairs of halves."""
    width, undefined = LANES // 2, ir.Constant(_VECTOR, ir.Undefined)
    while width:
        turn = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [(lane + width) % LANES for lane in range(LANES)])
        vector = builder.fadd(vector, builder.shuffle_vector(vector, undefined, turn), flags=_FAST)
        width //= 2
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


@intrinsic
def correlate_run(typingctx, audio, place, n_samples, lanes, turns):  # type: ignore[no-untyped-def]
    """Σ_i audio[place + i] · w_i · (cos_i, sin_i) over `n_samples` of a windowed sinusoid.

    `lanes` float32 holds 16 samples of e^{iω·j}, Re and Im, and of ½ e^{i·2π/W·j}; `turns` float64 those two at the
    first sample, and by how much they turn in 16 samples, Re and Im each. Up to 15 samples past the run are read.
    """
    signature = types.UniTuple(types.float32, 2)(audio, types.int64, types.int64, lanes, turns)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        run = _Run(context, builder, signature, args)
        sums = [cgutils.alloca_once_value(builder, _ZEROS) for _ in range(2)]
        with cgutils.for_range(builder, run.n_blocks) as loop:
            at, cosine, sine = run.block(loop.index)
            x = builder.load(at, align=4)
            for total, wave in zip(sums, (cosine, sine), strict=True):
                builder.store(_multiply_add(builder, x, wave, builder.load(total)), total)
            run.turn_on()
        found = [_sum(builder, builder.load(total)) for total in sums]
        return context.make_tuple(builder, signature.return_type, found)

    return signature, generate


@intrinsic
def add_run(typingctx, audio, place, n_samples, lanes, turns, re, im):  # type: ignore[no-untyped-def]
    """audio[place + i] += w_i · Re((re + i·im) · (cos_i + i·sin_i)) for the run of `correlate_run`."""
    signature = types.void(audio, types.int64, types.int64, lanes, turns, types.float32, types.float32)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        run = _Run(context, builder, signature, args)
        re, im = _splat(builder, args[5]), _splat(builder, args[6])
        with cgutils.for_range(builder, run.n_blocks) as loop:
            at, cosine, sine = run.block(loop.index)
            sound = run.minus(run.times(re, cosine), run.times(im, sine))
            builder.store(builder.fadd(builder.load(at, align=4), sound, flags=_FAST), at, align=4)
            run.turn_on()
        return context.get_dummy_value()

    return signature, generate
