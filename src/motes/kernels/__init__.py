"""The hot loops that belong to no kind of event, in numba; each has a plain NumPy twin in tests/oracles."""
