"""Packets of waveforms and of learned events in plain Python, for reading."""

from __future__ import annotations

from collections.abc import Callable

from range_coder import Decoder, unzigzag

ORDERS, PARTS = 3, 16
# Columns of an event after its amplitudes and which of them are turned over.
LAST = ("length", "model", "frequency_ratio", "low", "high", "backward", "group")


def first_slots(n_columns: int) -> list[int]:
    """The 64 slots that each column begins with."""
    return [1 << 31] * (64 * n_columns)


def read_waveforms(varint: Callable[[], int], rest: Callable[[], bytes]) -> tuple[int, int, dict[int, list[int]]]:
    """The number of the model, the sample rate, and the samples of each waveform by its number."""
    model, rate, length, n = (varint() for _ in range(4))
    numbers, last = [], -1
    for _ in range(n):
        last += varint() + 1
        numbers.append(last)
    orders = [varint() for _ in range(n)]
    coder, found = Decoder(rest(), first_slots(ORDERS * PARTS), []), {}
    for number, order in zip(numbers, orders, strict=True):
        values = [
            unzigzag(coder.number(64 * (order * PARTS + i * PARTS // length), 0)) for i in range(length)
        ]
        for _ in range(order):
            for i in range(1, length):
                values[i] += values[i - 1]
        found[number] = values
    return model, rate, found


def read_events(
    varint: Callable[[], int], rest: Callable[[], bytes], packet_samples: int, n_channels: int
) -> list[dict[str, object]]:
    """The events of a packet: whole numbers by name, and for each channel its amplitude (None: silent) and whether it
    is turned over.
    """
    number, n_events, is_fine, base = varint(), varint(), varint(), unzigzag(varint())
    coder, events = Decoder(rest(), first_slots(5 + len(LAST)), []), []
    time, length = number * packet_samples * 64, 0
    for _ in range(n_events):
        time += unzigzag(coder.number(0, 0)) * (1 if is_fine else 64)
        event: dict[str, object] = {"time": time, "waveform": coder.number(64, 0)}
        first = coder.number(128, 0)
        others = [first + unzigzag(coder.number(192, 0)) for _ in range(1, n_channels)]
        event["amplitude"] = [value + base - 1 if value else None for value in (first, *others)]
        event["inverted"] = [coder.number(256, 0) for _ in range(n_channels)]
        last = {name: coder.number(64 * (5 + k), 0) for k, name in enumerate(LAST)}
        length += unzigzag(last["length"])
        last |= {"length": length, "frequency_ratio": unzigzag(last["frequency_ratio"])}
        events.append(event | last)
    return events
