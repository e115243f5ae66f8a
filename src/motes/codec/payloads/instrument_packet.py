"""One packet of an instrument: a model as whole numbers ◀▶ payload. The only place where instruments are rounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.coding.integers import decode_numbers, encode_numbers, unzigzags, zigzags
from motes.coding.varints import Reader, varints, zigzag
from motes.errors import FormatError, ParameterError
from motes.events.instrument import MAX_CONTROLS, MAX_MODES, MAX_TAPS, MAX_WEIGHTS, T60_RANGE_S, Instrument
from motes.events.packet import MAX_PAYLOAD

Ints = NDArray[np.int64]
# Units of frequency per cycle per sample: over ten seconds of 44.1 kHz, less than a hundredth of a radian.
FREQUENCY_UNITS = 1 << 28
# Decay times per doubling.
T60_STEPS = 256
MIXING_UNITS = 1 << 12
DIRECT_UNITS = 1 << 15
GAIN_UNITS = 1 << 10
PAD_UNITS = 255
# The step of the weights moves by a fourth of a doubling.
STEPS_PER_DOUBLING = 4
MAX_STEP = 400
MAX_NUMBER = 4095
# Of an instrument that does not say how finely, rounding may add this part of each weight's energy, on average.
DEFAULT_NOISE = 1e-5
_LIMIT = 1 << 40


def default_step(instrument: Instrument) -> int:
    """The step of an instrument that does not name one: error 50 dB below the controls' energy."""
    power = np.abs(instrument.weights) ** 2 * instrument.energy()
    n = np.count_nonzero(power)
    if not n:
        return 0
    return int(
        np.clip(
            np.floor(STEPS_PER_DOUBLING * np.log2(np.sqrt(6 * DEFAULT_NOISE * power.sum() / n))), -MAX_STEP, MAX_STEP
        )
    )


def step_for(instrument: Instrument, noise_energy: float, strikes_power: NDArray[np.float64]) -> int:
    """The coarsest step whose rounding adds about `noise_energy` when controls are struck with squared amplitudes
    of these sums, `(n_controls,)`.
    """
    n = float(np.sum(np.count_nonzero(instrument.weights, axis=1) * strikes_power))
    if n <= 0 or noise_energy <= 0:
        return default_step(instrument)
    return int(np.clip(np.floor(STEPS_PER_DOUBLING * np.log2(np.sqrt(6 * noise_energy / n))), -MAX_STEP, MAX_STEP))


def _unit(instrument: Instrument, step: int) -> NDArray[np.float64]:
    """What one step of a weight is, for each mode: errors of one step then have one energy."""
    unit: NDArray[np.float64] = 2.0 ** (step / STEPS_PER_DOUBLING) / np.sqrt(np.maximum(instrument.energy(), 1e-12))
    return unit


def rounded(instrument: Instrument) -> Instrument:
    """The instrument as a file holds it; doing it again changes nothing."""
    rate, step = instrument.sample_rate_hz, default_step(instrument) if instrument.step is None else instrument.step
    frequency = np.rint(instrument.frequency_hz / rate * FREQUENCY_UNITS) * rate / FREQUENCY_UNITS
    t60 = np.clip(np.rint(np.log2(instrument.t60_s) * T60_STEPS), *_t60_range())
    mono = instrument.n_channels == 1  # of one channel the mixing is part of the weights
    grid = replace(
        instrument,
        frequency_hz=np.minimum(frequency, 1e6),
        t60_s=np.exp2(t60 / T60_STEPS),
        weights=instrument.weights * instrument.mixing if mono else instrument.weights,
        mixing=np.ones_like(instrument.mixing) if mono else _round(instrument.mixing, MIXING_UNITS),
        direct=_round(instrument.direct, DIRECT_UNITS),
        direct_gain=_round(instrument.direct_gain, GAIN_UNITS) * bool(instrument.n_taps),
        pad=np.rint(instrument.pad * PAD_UNITS) / PAD_UNITS,
        step=step,
    )
    unit = _unit(grid, step)
    return replace(grid, weights=unit * (np.rint(grid.weights.real / unit) + 1j * np.rint(grid.weights.imag / unit)))


def _round(values: NDArray[Any], units: int) -> NDArray[Any]:
    scaled = values * units
    whole = np.rint(scaled.real) + 1j * np.rint(scaled.imag) if np.iscomplexobj(scaled) else np.rint(scaled)
    return whole / units


def _t60_range() -> tuple[int, int]:
    low, high = (np.log2(t60) * T60_STEPS for t60 in T60_RANGE_S)
    return int(np.ceil(low)), int(np.floor(high))


def _pair(values: NDArray[np.complex128]) -> Ints:
    return np.stack([np.rint(values.real), np.rint(values.imag)], axis=-1).astype(np.int64).reshape(-1)


def encode_instrument(instrument: Instrument, number: int) -> bytes:
    """The payload of a scene's instrument with this number; it is rounded if it is not yet."""
    it = rounded(instrument)
    assert it.step is not None
    unit = _unit(it, it.step)
    frequency = np.rint(it.frequency_hz / it.sample_rate_hz * FREQUENCY_UNITS).astype(np.int64)
    t60 = np.rint(np.log2(it.t60_s) * T60_STEPS).astype(np.int64)
    parts = [
        (0, zigzags(np.diff(frequency, prepend=0))),
        (1, zigzags(np.diff(t60, prepend=0))),
        (2, zigzags(_pair(it.mixing * MIXING_UNITS)) if it.n_channels > 1 else np.empty(0, np.int64)),
        (3, zigzags(np.rint(it.direct * DIRECT_UNITS).astype(np.int64).reshape(-1))),
        (4, zigzags(np.rint(it.direct_gain * GAIN_UNITS).astype(np.int64)) if it.n_taps else np.empty(0, np.int64)),
        (5, np.rint(it.pad * PAD_UNITS).astype(np.int64).reshape(-1)),
    ]
    control, mode = np.nonzero(it.weights)
    gaps = np.diff(control * it.n_modes + mode, prepend=-1) - 1
    weight = zigzags(_pair(it.weights[control, mode] / unit[mode])).reshape(-1, 2)
    values = np.concatenate([v for _, v in parts] + [np.column_stack([gaps, weight]).reshape(-1)])
    columns = np.concatenate([np.full(len(v), c) for c, v in parts] + [np.tile([6, 7, 7], len(gaps))])
    head = (number, it.n_modes, it.n_controls, it.n_taps, zigzag(it.step), len(gaps))
    payload = varints(*head) + encode_numbers(values.astype(np.int64), columns.astype(np.int64))
    return payload + bytes(max(0, -(-len(values) // 8) - len(payload)))


class _Numbers(NamedTuple):
    """The columns of an instrument as whole numbers, those with a sign as they are; `place` of each weight in the
    matrix, its parts `(n, 2)`.
    """

    frequency: Ints
    t60: Ints
    mixing: Ints
    direct: Ints
    gain: Ints
    pad: Ints
    place: Ints
    weight: Ints


def decode_instrument(reader: Reader, sample_rate_hz: int, n_channels: int) -> tuple[int, Instrument]:
    """The inverse: number and instrument; FormatError, which names the packet, where it makes no sense."""
    number = reader.varint(MAX_NUMBER)
    n_modes, n_controls, n_taps = reader.varint(MAX_MODES), reader.varint(MAX_CONTROLS), reader.varint(MAX_TAPS)
    step, n_weights = reader.zigzag(2 * MAX_STEP), reader.varint(8 * MAX_PAYLOAD)
    mixing = 2 * n_channels * n_modes if n_channels > 1 else 0
    sizes = [n_modes, n_modes, mixing, n_channels * n_taps, n_controls if n_taps else 0, 2 * n_controls, 3 * n_weights]
    if sum(sizes) > 8 * len(reader) or n_weights > n_modes * n_controls or n_modes * n_controls > MAX_WEIGHTS:
        raise FormatError(f"{reader.name}: {n_modes} modes and {n_weights} weights in {len(reader)} bytes cannot be")
    columns = np.concatenate([np.full(n, c) for c, n in enumerate(sizes[:6])] + [np.tile([6, 7, 7], n_weights)]).astype(
        np.int64
    )
    values = decode_numbers(reader.rest(), columns)
    if values.max(initial=0) > _LIMIT:
        raise FormatError(f"{reader.name}: a number is out of range")
    frequency, t60, mix, direct, gain, pad, weight = np.split(values, np.cumsum(sizes)[:-1])
    place = np.cumsum(weight[::3] + 1) - 1
    if n_weights and place[-1] >= n_modes * n_controls:
        raise FormatError(f"{reader.name}: a weight lies outside the matrix")
    numbers = _Numbers(
        np.cumsum(unzigzags(frequency)),
        np.cumsum(unzigzags(t60)),
        unzigzags(mix),
        unzigzags(direct),
        unzigzags(gain),
        pad,
        place,
        unzigzags(weight.reshape(-1, 3)[:, 1:]),
    )
    try:
        return number, _made(numbers, sample_rate_hz, n_channels, n_controls, step)
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None


def _made(numbers: _Numbers, rate: int, n_channels: int, n_controls: int, step: int) -> Instrument:
    t60, mix, n_modes = numbers.t60, numbers.mixing, len(numbers.frequency)
    low, high = _t60_range()
    if t60.size and not low <= t60.min() <= t60.max() <= high:
        raise ParameterError("a decay time is out of range")
    mixing = (
        (mix[::2] + 1j * mix[1::2]).reshape(n_channels, n_modes) / MIXING_UNITS
        if n_channels > 1
        else np.ones((1, n_modes))
    )
    plain = Instrument(
        rate,
        numbers.frequency * rate / FREQUENCY_UNITS,
        np.exp2(t60 / T60_STEPS),
        np.zeros((n_controls, n_modes), np.complex128),
        mixing.astype(np.complex128),
        numbers.direct.reshape(n_channels, -1) / DIRECT_UNITS,
        numbers.gain / GAIN_UNITS if len(numbers.gain) else np.zeros(n_controls),
        numbers.pad.reshape(-1, 2) / PAD_UNITS,
        step,
    )
    weights = np.zeros(n_controls * n_modes, np.complex128)
    weights[numbers.place] = numbers.weight[:, 0] + 1j * numbers.weight[:, 1]
    return replace(plain, weights=weights.reshape(n_controls, n_modes) * _unit(plain, step))
