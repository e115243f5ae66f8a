"""Windowed sinusoids that overlap: their inner products, and least squares by conjugate gradients on them.

A sinusoid is g(u) = ½(1 + cos 2π(u − centre)/window) · e^{iω(u − centre)} within half a window of its centre. Sums over
samples are taken as integrals, which differ by nothing that matters from windows of some dozen samples on.
"""

import math

import numpy as np

from motes.kernels._jit import inner, jit

# Pairs whose inner product is a smaller part of their energies are left out, and those further apart in frequency than
# so many times the sum of both bandwidths 1/window.
SMALLEST, BANDWIDTHS = 1e-3, 4.0


@inner
def _inner_product(centre_a, window_a, omega_a, centre_b, window_b, omega_b):
    """∫ conj(g_a)·g_b over where both are: nine terms e^{iκu}, since a Hann window is three."""
    first = max(centre_a - 0.5 * window_a, centre_b - 0.5 * window_b)
    last = min(centre_a + 0.5 * window_a, centre_b + 0.5 * window_b)
    middle, half = 0.5 * (first + last), 0.5 * (last - first)
    turn_a, turn_b, delta = 2.0 * math.pi / window_a, 2.0 * math.pi / window_b, omega_b - omega_a
    from_a, from_b = middle - centre_a, middle - centre_b
    total = 0j
    for p in range(-1, 2):
        for q in range(-1, 2):
            kappa = delta + p * turn_a + q * turn_b
            x = kappa * half
            size = 2.0 * half if abs(x) < 1e-6 else 2.0 * math.sin(x) / kappa
            size *= (0.5 if p == 0 else 0.25) * (0.5 if q == 0 else 0.25)
            angle = p * turn_a * from_a + q * turn_b * from_b
            total += size * complex(math.cos(angle), math.sin(angle))
    angle = omega_b * from_b - omega_a * from_a
    return total * complex(math.cos(angle), math.sin(angle))


@inner
def _summed_product(centre_a, window_a, omega_a, chirp_a, centre_b, window_b, omega_b, chirp_b):
    """∑ conj(g_a)·g_b of sinusoids whose frequency rises, sample by sample."""
    first = math.floor(max(centre_a - 0.5 * window_a, centre_b - 0.5 * window_b)) + 1
    end = math.ceil(min(centre_a + 0.5 * window_a, centre_b + 0.5 * window_b))
    turn_a, turn_b, total = 2.0 * math.pi / window_a, 2.0 * math.pi / window_b, 0j
    for sample in range(first, end):
        a, b = sample - centre_a, sample - centre_b
        size = (0.5 + 0.5 * math.cos(turn_a * a)) * (0.5 + 0.5 * math.cos(turn_b * b))
        angle = (omega_b + 0.5 * chirp_b * b) * b - (omega_a + 0.5 * chirp_a * a) * a
        total += size * complex(math.cos(angle), math.sin(angle))
    return total


@inner
def _overlap(a, b, centre, window, omega, chirp):
    """Whether a pair can have an inner product that counts."""
    if abs(centre[b] - centre[a]) >= 0.5 * (window[a] + window[b]):
        return False
    bandwidth = 2.0 * math.pi * BANDWIDTHS * (1.0 / window[a] + 1.0 / window[b])
    if len(chirp):
        bandwidth += 0.5 * (abs(chirp[a]) * window[a] + abs(chirp[b]) * window[b])
    return abs(omega[b] - omega[a]) < bandwidth


@jit
def overlapping_pairs(centre, window, omega, chirp, first, second, products):
    """Pairs a < b of sinusoids in order of their centres whose inner product counts, written to `first`, `second` and
    `products` (complex) as far as these reach; returns how many there are. `chirp` in rad/sample² is empty where no
    frequency rises.
    """
    n, longest, found = len(centre), 0.0, 0
    for i in range(n):
        longest = max(longest, window[i])
    for a in range(n):
        for b in range(a + 1, n):
            if centre[b] - centre[a] >= 0.5 * (window[a] + longest):
                break
            if not _overlap(a, b, centre, window, omega, chirp):
                continue
            if len(chirp) and (chirp[a] != 0.0 or chirp[b] != 0.0):
                product = _summed_product(
                    centre[a], window[a], omega[a], chirp[a], centre[b], window[b], omega[b], chirp[b]
                )
            else:
                product = _inner_product(centre[a], window[a], omega[a], centre[b], window[b], omega[b])
            if abs(product) < SMALLEST * 0.375 * math.sqrt(window[a] * window[b]):
                continue
            if found < len(first):
                first[found], second[found], products[found] = a, b, product
            found += 1
    return found


@jit
def solve_least_squares(chosen, local, matrix, right, start, damping, n_steps):
    """Unknowns x of the events `chosen` that minimise xᴴNx − 2·Re(xᴴ·right) + damping · Σ N_ii·|x_i − start_i|², by
    at most `n_steps` of conjugate gradients with N's diagonal as preconditioner.

    N is of all events: `matrix` is (first, columns, values, diagonal), row i's other elements
    `values[first[i]:first[i + 1]]`, Hermitian. `local` `(n_events,)` says where in `chosen` an event is, −1 elsewhere.
    """
    n = len(chosen)
    x, residual, search = start.copy(), np.empty(n, np.complex128), np.empty(n, np.complex128)
    product = np.empty(n, np.complex128)
    _multiply(chosen, local, matrix, x, 0.0, product)
    rho = 0.0
    for i in range(n):
        scale = matrix[3][chosen[i]]
        residual[i] = right[i] - product[i]
        search[i] = residual[i] / scale
        rho += (np.conj(residual[i]) * search[i]).real
    begun = rho
    for _ in range(n_steps):
        if rho <= 1e-10 * begun or rho <= 0.0:
            break
        _multiply(chosen, local, matrix, search, damping, product)
        curvature = 0.0
        for i in range(n):
            curvature += (np.conj(search[i]) * product[i]).real
        step, before, rho = rho / curvature, rho, 0.0
        for i in range(n):
            x[i] += step * search[i]
            residual[i] -= step * product[i]
            rho += abs(residual[i]) ** 2 / matrix[3][chosen[i]]
        for i in range(n):
            search[i] = residual[i] / matrix[3][chosen[i]] + rho / before * search[i]
    return x


@inner
def _multiply(chosen, local, matrix, x, damping, out):
    """(N + damping · diagonal) x."""
    first, columns, values, diagonal = matrix
    for i in range(len(chosen)):
        event = chosen[i]
        total = (1.0 + damping) * diagonal[event] * x[i]
        for k in range(first[event], first[event + 1]):
            j = local[columns[k]]
            if j >= 0:
                total += values[k] * x[j]
        out[i] = total
