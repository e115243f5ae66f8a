"""Long convolutions: every method against the best exact one, and what its approximation costs in quality.

    python benchmarks/bench_convolve.py                # all parts, a quarter of an hour
    python benchmarks/bench_convolve.py exact modal    # exact modal single banks mixtures rooms late ranking gradients

Wall time, the best of several runs, on one thread (set OMP_NUM_THREADS=1); compare by ratio within a run. SciPy's
figures are taken in the same process on the same float32 arrays. Signals are 10 s of music at 44.1 kHz unless said
otherwise. Real rooms are those of `impulse_responses/` in the folder that MOTES_SHARED names; their parts are left out
where it is absent.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.signal import fftconvolve, oaconvolve

from convolve_families import (
    RATE,
    Array,
    decay_db,
    decaying_noise,
    fitted,
    log_spectral_distance_db,
    moved_sources,
    music,
    octave_energies_db,
    real_rooms,
    resonances,
    snr_db,
    t30_s,
)
from motes.convolve import (
    Bank,
    Exact,
    Modal,
    PartitionedKernel,
    Ranking,
    ShiftedRanking,
    Stream,
    estimate_convolution,
    find_modes,
    plan,
)
from motes.errors import ParameterError

LENGTHS_S = (0.5, 2.0, 6.0, 10.0)


def best_ms(function: Callable[[], object], seconds: float = 0.5, least: int = 3) -> float:
    """Milliseconds of the quickest of at least `least` runs."""
    best, end, runs = float("inf"), time.perf_counter() + seconds, 0
    while runs < least or time.perf_counter() < end:
        before = time.perf_counter()
        function()
        best, runs = min(best, time.perf_counter() - before), runs + 1
    return best * 1000


def row(*cells: object, widths: tuple[int, ...] = ()) -> None:
    """One line of a Markdown table."""
    print("| " + " | ".join(f"{c:.3g}" if isinstance(c, float) else str(c) for c in cells) + " |", flush=True)


def head(title: str, *names: str) -> None:
    print(f"\n### {title}\n")
    row(*names)
    row(*["---"] * len(names))


def scipy_ms(x: Array, h: Array) -> float:
    """The better of SciPy's two."""
    return min(best_ms(lambda: fftconvolve(x, h)), best_ms(lambda: oaconvolve(x, h)))


def exact() -> None:
    head(
        "Exact, one kernel, ms",
        "signal, samples",
        "kernel, taps",
        "SciPy, the better of two",
        "once",
        "reused",
        "×, once",
        "×, reused",
        "SNR, dB",
    )
    tasks = [
        (1, 1),
        (64, 64),
        (1000, 64),
        (RATE, 16),
        (RATE, 512),
        (RATE, RATE // 2),
        (10 * RATE, 64),
        (10 * RATE, 1000),
    ]
    tasks += [(10 * RATE, round(s * RATE)) for s in LENGTHS_S] + [
        (RATE, 10 * RATE),
        (60 * RATE, 2 * RATE),
        (441000, 65536),
        (500009, 131071),
    ]
    for n, n_taps in tasks:
        x, h = music(n / RATE)[:n], decaying_noise(1, n_taps)[0]
        engine = Exact(h)
        usual, once, reused = (
            scipy_ms(x, h),
            best_ms(lambda h=h, x=x: Exact(h, uses_once=True)(x)),
            best_ms(lambda e=engine, x=x: e(x)),
        )
        row(
            n,
            n_taps,
            usual,
            once,
            reused,
            usual / once,
            usual / reused,
            snr_db(engine(x), fftconvolve(x.astype(float), h.astype(float))),
        )
    head(
        "Exact, one signal to many kernels, ms",
        "kernels",
        "seconds",
        "SciPy",
        "once",
        "reused",
        "×, once",
        "×, reused",
        "set-up",
        "spectra, MB",
    )
    for n_kernels, seconds in ((16, 0.5), (16, 2.0), (16, 10.0), (64, 0.5), (64, 2.0), (256, 0.5)):
        x, h = music(10), decaying_noise(n_kernels, round(seconds * RATE))
        engine = Exact(h, n_samples=len(x))
        setup = best_ms(lambda e=engine, x=x: e.prepare(len(x)), 0, 1)
        usual = min(best_ms(lambda h=h, x=x, f=f: f(x[None], h, axes=1), 0, 2) for f in (fftconvolve, oaconvolve))
        once, reused = (
            best_ms(lambda h=h, x=x: Exact(h, uses_once=True)(x), 0, 2),
            best_ms(lambda e=engine, x=x: e(x), 0, 2),
        )
        row(n_kernels, seconds, usual, once, reused, usual / once, usual / reused, setup, engine.memory_bytes / 1e6)


def modal() -> None:
    first = ("modes", "T60, s", "kernel, taps", "signal, s", "SciPy", "exact, reused")
    names = (*first, "modal", "× exact", "× SciPy", "found in", "kernel, dB", "SNR, dB")
    head("Damped modes as a recurrence, to −100 dB, ms", *names)
    short, long = (0.2, 0.8), (0.3, 3.0)
    tasks = [(8, short, 65536, 10), (8, long, 65536, 10), (8, short, 65536, 60), (8, (1.0, 5.0), 6 * RATE, 10)]
    for n_modes, t60, n_taps, seconds in [*tasks, *((n, short, 65536, 10) for n in (2, 16, 32))]:
        x, h = music(seconds), resonances(1, n_taps, n_modes, t60_s=t60)[0]
        found_ms = best_ms(lambda h=h: find_modes(h, -100), 0, 2)
        ringing, engine = Modal(find_modes(h, -100)), Exact(h)
        usual, reused, took = scipy_ms(x, h), best_ms(lambda e=engine, x=x: e(x)), best_ms(lambda r=ringing, x=x: r(x))
        snr = snr_db(ringing(x), fftconvolve(x.astype(float), h.astype(float)))
        cut = f"{t60[0]:g}–{t60[1]:g}{', cut off' if ringing.cut else ''}"
        row(
            len(ringing.modes.poles),
            cut,
            n_taps,
            seconds,
            usual,
            reused,
            took,
            reused / took,
            usual / took,
            found_ms,
            ringing.error_db,
            snr,
        )


def families(seconds: float) -> dict[str, Array]:
    """One kernel of each kind."""
    n = round(seconds * RATE)
    kinds = {"resonance, 8 modes": resonances(1, n)[0], "decaying noise": decaying_noise(1, n)[0]}
    if seconds <= 2:
        kinds["simulated room"] = moved_sources(1, seconds, 0.5)[0]
    rooms = [h for h in real_rooms().values() if len(h) >= n * 0.8]
    return kinds | ({"real room": fitted([rooms[len(rooms) // 2]], n)[0]} if rooms else {})


def singles(h: Array) -> list[tuple[str, float, float, Callable[[Array], Array] | None, float]]:
    """Name, set-up in ms, error told, the method, MB kept, for each approximation of one kernel."""
    made = []
    for asked in (-20.0, -40.0, -60.0):
        before = time.perf_counter()
        lowered = PartitionedKernel(h, asked)
        setup, kept = (time.perf_counter() - before) * 1e3, (lowered.rows.nbytes + lowered.shapes.nbytes) / 1e6
        made.append(
            (
                f"partition SVD, rank {lowered.rank}",
                setup,
                lowered.error_db,
                lowered if lowered.rank <= 40 else None,
                kept,
            )
        )
        before = time.perf_counter()
        try:
            ringing = Modal(find_modes(h, asked), tail_db=asked - 10)
        except ParameterError:
            continue
        made.append(
            (
                f"modal, {len(ringing.modes.poles)} modes",
                (time.perf_counter() - before) * 1e3,
                ringing.error_db,
                ringing,
                0.0,
            )
        )
    made.append(("sketch, ½ length, 1 draw", 0.0, -3.0, lambda x: estimate_convolution(x, h, 2), 0.0))
    made.append(("sketch, ½ length, 50 draws", 0.0, -20.0, lambda x: estimate_convolution(x, h, 2, 50), 0.0))
    return made


def single() -> None:
    first = ("kernel", "seconds", "method", "ms", "× exact", "set-up, ms")
    names = (*first, "MB", "kernel, dB", "SNR, dB", "LSD, dB", "decay, dB", "T30 − true, %", "auto picks")
    head("One kernel, each approximation", *names)
    for seconds in LENGTHS_S:
        x = music(10)
        for name, h in families(seconds).items():
            engine = Exact(h)
            reference, took = engine(x), best_ms(lambda e=engine, x=x: e(x))
            picked = plan(h, error_db=-40).method
            row(name, seconds, "exact", took, 1.0, 0.0, engine.memory_bytes / 1e6, -120, 120, 0, 0, 0, picked)
            for method, setup, told, apply, kept in singles(h):
                if apply is None:
                    row(name, seconds, method, "not run: hopeless", "", setup, kept, told, "", "", "", "", "")
                    continue
                y, impulse = apply(x), apply(np.eye(1, 2, dtype=np.float32)[0])[: len(h)]
                down = decay_db(h) > -40
                decay = float(np.abs(decay_db(impulse) - decay_db(h))[down].max())
                ms = best_ms(lambda a=apply, x=x: a(x), 0, 2)
                t30 = 100 * (t30_s(impulse) / t30_s(h) - 1)
                row(
                    name,
                    seconds,
                    method,
                    ms,
                    took / ms,
                    setup,
                    kept,
                    told,
                    snr_db(y, reference),
                    log_spectral_distance_db(y, reference),
                    decay,
                    t30,
                    "",
                )


def bank_families() -> list[tuple[str, Array]]:
    places = ((16, 0.5, 0.5), (64, 0.5, 0.5), (256, 0.5, 0.5), (256, 0.5, 0.1), (256, 2.0, 0.5), (4096, 0.5, 0.5))
    made = [
        (f"moved source, {path:g} m, {seconds:g} s", moved_sources(k, seconds, path)) for k, seconds, path in places
    ]
    made += [(f"one body struck in {k} places, 0.5 s", resonances(k, RATE // 2)) for k in (16, 256, 4096)]
    made += [(f"decaying noise, {k}, 0.5 s", decaying_noise(k, RATE // 2)) for k in (16, 256)]
    if rooms := real_rooms():
        made.append((f"real rooms, {len(rooms)}, 2 s", fitted(list(rooms.values()), 2 * RATE)))
    return made


def banks() -> None:
    names = (
        "bank",
        "kernels",
        "rank",
        "error, dB",
        "set-up, s",
        "kept, MB (exact)",
        "exact, ms",
        "low rank, ms",
        "×",
        "SNR, dB",
    )
    head("Banks to −40 dB: 2 s of one signal through every kernel", *names)
    x = music(2)
    for name, kernels in bank_families():
        before = time.perf_counter()
        bank = Bank(kernels, error_db=-40, n_samples=len(x))
        setup = time.perf_counter() - before
        full = Exact(kernels, n_samples=len(x))
        exact_ms, low_ms = best_ms(lambda f=full: f(x), 0, 2), best_ms(lambda b=bank: b(x), 0, 2)
        sizes = (
            f"{(bank.memory_bytes + bank.basis.nbytes + bank.weights.nbytes) / 1e6:.0f} "
            f"({(full.memory_bytes + kernels.nbytes) / 1e6:.0f})"
        )
        row(
            name,
            len(kernels),
            bank.rank,
            bank.error_db,
            setup,
            sizes,
            exact_ms,
            low_ms,
            exact_ms / low_ms,
            snr_db(bank(x), full(x)),
        )


def mixtures() -> None:
    names = ("bank", "kernels", "rank", "task", "exact, ms", "low rank, ms", "×")
    head("Mixtures of a bank to −40 dB, 2 s of music; exact: kernels or signals are mixed, whichever are fewer", *names)
    rng = np.random.default_rng(0)
    for name, kernels in bank_families():
        low, full = Bank(kernels, error_db=-40, n_samples=2 * RATE), Bank(kernels, n_samples=2 * RATE)
        x = music(2)
        for n_mixtures in (1, 16, 256) if len(kernels) <= 256 else (256,):
            sources = np.stack([np.roll(x, 997 * m) for m in range(n_mixtures)])
            weights = rng.dirichlet(np.full(len(kernels), 0.3), n_mixtures).astype(np.float32)
            a, b = (best_ms(lambda w=weights, m=m, x=x: m.mix(x, w), 0, 3) for m in (full, low))
            row(name, len(kernels), low.rank, f"1 source heard in {n_mixtures} ways", a, b, a / b)
            a, b = (best_ms(lambda w=weights, m=m, s=sources: m.bus(s, w), 0, 3) for m in (full, low))
            row(name, len(kernels), low.rank, f"{n_mixtures} sources, one bus", a, b, a / b)


def rooms() -> None:
    kernels = real_rooms()
    if not kernels:
        return
    head(
        "Real rooms: rank for an error of the worst kernel",
        "taps",
        "rooms",
        "−1 dB",
        "−3 dB",
        "−10 dB",
        "−20 dB",
        "−40 dB",
    )
    for seconds in (0.05, 0.5, 2.0):
        bank = Bank(fitted(list(kernels.values()), round(seconds * RATE)), error_db=-40)
        row(
            round(seconds * RATE),
            len(kernels),
            *(int((bank.rank_errors_db > d).sum()) for d in (-1, -3, -10, -20, -40)),
        )


def late() -> None:
    first = ("room", "asked, dB", "told, dB", "SNR, dB", "products left")
    names = (*first, "push, ns/sample", "all bands", "uniform", "T30 − true, %", "worst octave, dB")
    head("Streams, blocks of 256, without the high bands of late partitions", *names)
    x = music(4)
    found = real_rooms()
    chosen = {
        name: found[name]
        for name in ("musikvereinsaal L", "st_nicolaes_church L", "parking_garage L", "masonic_lodge L")
        if name in found
    }
    for name, h in (chosen | {"decaying noise": decaying_noise(1, 3 * RATE)[0]}).items():
        full, impulse = Stream(h), np.zeros(len(h) + 256, np.float32)
        impulse[0] = 1
        reference = Exact(h)(x)[: len(x)]
        all_ns, flat_ns = (best_ms(lambda s=s: s.push(x), 0, 3) / len(x) * 1e6 for s in (full, Stream(h, uniform=True)))
        for asked in (-20.0, -40.0, -60.0):
            stream = Stream(h, error_db=asked)
            heard = stream.push(impulse)[256:]
            y = Stream(h, error_db=asked).push(np.pad(x, (0, 256)))[256:]
            octave = float(np.abs(octave_energies_db(heard) - octave_energies_db(h)).max())
            ns = best_ms(lambda s=stream: s.push(x), 0, 3) / len(x) * 1e6
            share = stream.work_per_sample / full.work_per_sample
            row(
                name,
                asked,
                stream.error_db,
                snr_db(y, reference),
                share,
                ns,
                all_ns,
                flat_ns,
                100 * (t30_s(heard) / t30_s(h) - 1),
                octave,
            )


def gabor_atoms(n_atoms: int, n: int) -> Array:
    """Unit-norm windowed sinusoids of all places, lengths and pitches."""
    rng, t = np.random.default_rng(0), np.arange(n)
    atoms = np.zeros((n_atoms, n), np.float32)
    for atom in atoms:
        window = 2 ** rng.integers(9, 14)
        at = rng.integers(0, n - window + 1)
        tone = np.cos(2 * np.pi * rng.uniform(50, 8000) / RATE * t[:window] + rng.uniform(0, 2 * np.pi))
        atom[at : at + window] = np.hanning(window) * tone
    return (atoms / np.linalg.norm(atoms, axis=1, keepdims=True)).astype(np.float32)


def queries(kind: str, atoms: Array, count: int) -> list[Array]:
    """Music, or a planted atom in noise that is 10 or 20 dB louder than it."""
    rng, n = np.random.default_rng(5), atoms.shape[1]
    if kind == "music":
        x = music(10)
        return [x[i : i + n] for i in rng.integers(0, len(x) - n, count)]
    louder = 10 ** (float(kind.split()[-2]) / 20)
    noises = rng.standard_normal((count, n)).astype(np.float32)
    return [
        a / np.linalg.norm(a) + louder * e / np.linalg.norm(e)
        for a, e in zip(atoms[rng.integers(0, len(atoms), count)], noises, strict=True)
    ]


def ranking() -> None:
    first = ("atoms", "sound", "numbers per atom", "computed", "exact, ms")
    names = (*first, "sketch, ms", "×", "best in top 16, %", "best is first, %", "16 agree, %", "set-up, s")
    head("Ranking 4096 atoms of 16384 samples", *names)
    n, k = 16384, 4096
    for name, atoms in (
        ("Gabor atoms", gabor_atoms(k, n)),
        ("decaying noise", decaying_noise(k, n)),
        ("one body", resonances(k, n, 64)),
    ):
        for n_dimensions, n_rescored in ((512, 64), (1024, 64), (2048, 128)):
            before = time.perf_counter()
            index = Ranking(atoms, n_dimensions)
            setup = time.perf_counter() - before
            for kind in ("music", "atom, noise 10 dB", "atom, noise 20 dB"):
                sounds, hits, first, agree = queries(kind, atoms, 60), 0, 0, 0.0
                for x in sounds:
                    true = np.argsort(-np.abs(atoms @ x))[:16]
                    found = index.rank(x, 16, n_rescored)[0]
                    hits, first = hits + int(true[0] in found), first + int(true[0] == found[0])
                    agree += len(set(true) & set(found)) / 16
                usual = best_ms(lambda a=atoms, x=sounds[0]: np.argpartition(np.abs(a @ x), k - 16), 0.2)
                took = best_ms(lambda i=index, x=sounds[0], r=n_rescored: i.rank(x, 16, r), 0.2)
                share = [round(100 * value / len(sounds), 1) for value in (hits, first, agree)]
                row(name, kind, n_dimensions, n_rescored, usual, took, usual / took, *share, setup)
    shifted()


def shifted() -> None:
    names = ("atoms", "numbers per atom", "exact, ms", "sketch, ms", "×", "best in top 16, %")
    head("The same at any shift: 1024 atoms of 16384 samples planted in 32768, noise 10 dB louder", *names)
    n, k, rng = 16384, 1024, np.random.default_rng(1)
    for name, atoms in (("Gabor atoms", gabor_atoms(k, n)), ("decaying noise", decaying_noise(k, n))):
        turned = np.ascontiguousarray(atoms[:, ::-1])
        engine = Exact(turned, n_samples=2 * n)
        for n_dimensions in (1024, 4096):
            index, hits = ShiftedRanking(atoms, n_dimensions), 0
            for atom in rng.integers(0, k, 12):
                x = rng.standard_normal(2 * n).astype(np.float32)
                x[777 : 777 + n] += atoms[atom] / np.linalg.norm(atoms[atom]) * np.linalg.norm(x) * 10**-0.5
                true = int(np.abs(engine(x)).max(1).argmax())
                hits += int(true in index.rank(x, 16, 64)[0])
            usual, took = (
                best_ms(lambda e=engine, x=x: np.abs(e(x)).max(1), 0, 2),
                best_ms(lambda i=index, x=x: i.rank(x, 16, 64), 0, 2),
            )
            row(name, n_dimensions, usual, took, usual / took, round(100 * hits / 12, 1))


def gradients() -> None:
    import torch

    from motes.convolve.differentiable import bank_tensors, bus, convolve

    torch.set_num_threads(1)
    names = ("task", "ours, forward", "and backward", "torch.fft, forward", "and backward", "×, both ways")
    head("With gradients for all inputs, PyTorch, float32, ms", *names)

    def usual(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        from scipy.fft import next_fast_len

        size = x.shape[-1] + h.shape[-1] - 1
        padded = next_fast_len(size, real=True)
        return torch.fft.irfft(torch.fft.rfft(x, padded) * torch.fft.rfft(h, padded), padded)[..., :size]

    def both(function: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> tuple[float, float]:
        leaves = [t.clone().requires_grad_() for t in inputs]
        with torch.no_grad():
            forward = best_ms(lambda: function(*inputs), 0.3)
        return forward, best_ms(lambda: function(*leaves).square().mean().backward(), 0.3)

    for seconds in LENGTHS_S:
        x, h = torch.from_numpy(music(10)), torch.from_numpy(decaying_noise(1, round(seconds * RATE))[0])
        ours, theirs = both(convolve, x, h), both(usual, x, h)
        row(f"10 s with a kernel of {seconds:g} s", *ours, *theirs, theirs[1] / ours[1])
    kernels = moved_sources(256, 0.5, 0.1)
    basis, spread = bank_tensors(Bank(kernels, error_db=-40))
    x, weights, whole = torch.randn(64, RATE), torch.rand(64, 256), torch.from_numpy(kernels)
    ours, theirs = (
        both(lambda x, w: bus(x, w, basis, spread), x, weights),
        both(lambda x, w: usual(x, w @ whole).sum(0), x, weights),
    )
    row(f"64 sources of 1 s, 256 rooms of 0.5 s as {len(basis)}", *ours, *theirs, theirs[1] / ours[1])


PARTS = {f.__name__: f for f in (exact, modal, single, banks, mixtures, rooms, late, ranking, gradients)}


def main() -> None:
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
