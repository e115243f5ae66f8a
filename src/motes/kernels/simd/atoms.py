"""Vector operations that the hot loops are made of, spelled out for LLVM.

Rows of the cross-Gram are 5–40 values long: too short for LLVM's own loop vectoriser, which takes 27 ns for five of
them where this takes 3. Subtracting and finding the new maximum in one go, on whole aligned blocks, spares the
processor from waiting for its own half-overlapping stores.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(32)
_FAST = ("fast",)
_UNDEFINED = ir.Constant(_VECTOR, ir.Undefined)


def _data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return context.make_array(array_type)(context, builder, array).data


def _field(context: Any, builder: Any, tuple_type: Any, value: Any, name: str) -> Any:
    """A field of a NamedTuple: an array's data, or a number."""
    index = tuple_type.fields.index(name)
    field_type, field = tuple_type[index], builder.extract_value(value, index)
    return _data(context, builder, field_type, field) if isinstance(field_type, types.Array) else field


def _vector_at(builder: Any, data: Any, place: Any) -> Any:
    return builder.bitcast(builder.gep(data, [place]), ir.PointerType(_VECTOR))


def _splat(builder: Any, value: Any) -> Any:
    lanes = ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES)
    return builder.shuffle_vector(builder.insert_element(_UNDEFINED, value, ir.Constant(_INDEX, 0)), _UNDEFINED, lanes)


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(builder.fmul(a, b, flags=_FAST), c, flags=_FAST)


def _largest(builder: Any, vector: Any) -> Any:
    width = LANES // 2
    while width:
        turn = ir.Constant(ir.VectorType(_INDEX, LANES), [(lane + width) % LANES for lane in range(LANES)])
        other = builder.shuffle_vector(vector, _UNDEFINED, turn)
        vector = builder.select(builder.fcmp_ordered(">", vector, other, flags=_FAST), vector, other)
        width //= 2
    return builder.extract_element(vector, ir.Constant(_INDEX, 0))


@intrinsic
def subtract16(typingctx, coefficients, place, gram, start, atom, lanes):  # type: ignore[no-untyped-def]
    """For each channel, (re + i·im)[place:][:16] −= (x + iy) · (gram.re + i·gram.im)[start:][:16], re and im those of
    the coefficients and x + iy the atom's turned amplitude; returns the largest of the 16 new weights[place:][:16] ·
    (re² + im²), all channels together, of those whose bit of `lanes` is set, or 0.
    """
    signature = types.float32(coefficients, types.intp, gram, types.intp, atom, types.intp)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        _, place, _, start, _, lanes = args

        def fields(argument: int, *names: str) -> list[Any]:
            return [_field(context, builder, signature.args[argument], args[argument], name) for name in names]

        re, im, weights, n_channels, channel_stride = fields(0, "re", "im", "weights", "n_channels", "channel_stride")
        gram_re, gram_im = fields(2, "re", "im")
        xs, ys = fields(4, "turned_re", "turned_im")
        u = builder.load(_vector_at(builder, gram_re, start), align=4)
        v = builder.load(_vector_at(builder, gram_im, start), align=4)
        energy = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES))
        with cgutils.for_range(builder, n_channels) as loop:
            at = builder.add(place, builder.mul(loop.index, channel_stride))
            to_re, to_im = _vector_at(builder, re, at), _vector_at(builder, im, at)
            x = _splat(builder, builder.fneg(builder.load(builder.gep(xs, [loop.index]))))
            y = _splat(builder, builder.load(builder.gep(ys, [loop.index])))
            a = _multiply_add(builder, y, v, _multiply_add(builder, x, u, builder.load(to_re, align=4)))
            b = _multiply_add(builder, builder.fneg(y), u, _multiply_add(builder, x, v, builder.load(to_im, align=4)))
            builder.store(a, to_re, align=4)
            builder.store(b, to_im, align=4)
            builder.store(_multiply_add(builder, a, a, _multiply_add(builder, b, b, builder.load(energy))), energy)
        weight = builder.load(_vector_at(builder, weights, place), align=4)
        weighted = builder.fmul(weight, builder.load(energy), flags=_FAST)
        counted = builder.bitcast(builder.trunc(lanes, ir.IntType(LANES)), ir.VectorType(ir.IntType(1), LANES))
        return _largest(builder, builder.select(counted, weighted, ir.Constant(_VECTOR, [0.0] * LANES)))

    return signature, generate


@intrinsic
def largest16(typingctx, values, place):  # type: ignore[no-untyped-def]
    """Largest of values[place : place+16]."""
    signature = types.float32(values, types.intp)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        values, place = args
        return _largest(
            builder,
            builder.load(_vector_at(builder, _data(context, builder, signature.args[0], values), place), align=4),
        )

    return signature, generate


_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)


def _splat_double(builder: Any, value: Any) -> Any:
    undefined, lanes = ir.Constant(_DOUBLES, ir.Undefined), ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES)
    return builder.shuffle_vector(builder.insert_element(undefined, value, ir.Constant(_INDEX, 0)), undefined, lanes)


@intrinsic
def add_windowed16(typingctx, audio, place, oscillator, n_channels, channel_stride):  # type: ignore[no-untyped-def]
    """audio[place:][:16] += (½ + ½ Re(v·lanes_v)) · Re(amplitude · z·lanes_z) for each channel, all float64, z and v
    the oscillator's turns of carrier and window and lanes_z and lanes_v the first 16 powers of their steps.
    """
    signature = types.void(audio, types.intp, oscillator, types.intp, types.intp)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        audio, place, oscillator, n_channels, channel_stride = args
        audio = _data(context, builder, signature.args[0], audio)
        lanes, turns, amp_re, amp_im = (
            _field(context, builder, signature.args[2], oscillator, name)
            for name in ("lanes", "turns", "amplitude_re", "amplitude_im")
        )

        def doubles(data: Any, at: Any) -> Any:
            return builder.bitcast(builder.gep(data, [at]), ir.PointerType(_DOUBLES))

        def constant(value: int) -> Any:
            return ir.Constant(place.type, value)

        z_re, z_im, v_re, v_im = (builder.load(doubles(lanes, constant(LANES * i)), align=8) for i in range(4))
        p, q, r, s = (_splat_double(builder, builder.load(builder.gep(turns, [constant(i)]))) for i in range(4))
        half = ir.Constant(_DOUBLES, [0.5] * LANES)
        cosine = _multiply_add(builder, p, z_re, builder.fneg(builder.fmul(q, z_im, flags=_FAST)))
        sine = _multiply_add(builder, p, z_im, builder.fmul(q, z_re, flags=_FAST))
        window = _multiply_add(
            builder, half, _multiply_add(builder, r, v_re, builder.fneg(builder.fmul(s, v_im, flags=_FAST))), half
        )
        cosine, sine = builder.fmul(cosine, window, flags=_FAST), builder.fmul(sine, window, flags=_FAST)
        with cgutils.for_range(builder, n_channels) as loop:
            to = doubles(audio, builder.add(place, builder.mul(loop.index, channel_stride)))
            x = _splat_double(builder, builder.load(builder.gep(amp_re, [loop.index])))
            y = _splat_double(builder, builder.fneg(builder.load(builder.gep(amp_im, [loop.index]))))
            builder.store(
                _multiply_add(builder, x, cosine, _multiply_add(builder, y, sine, builder.load(to, align=8))),
                to,
                align=8,
            )
        return context.get_dummy_value()

    return signature, generate
