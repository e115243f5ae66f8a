"""What the outputs of a decoder's heads mean: the parameters of the splats of a vector. The same lines serve NumPy and
PyTorch, whichever namespace `xp` is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from motes.units import NEPERS_60_DB

# Splats of a partial of its own each, and those that share the partials above between them.
N_SINGLE, N_HIGH = 8, 2
N_GROUPS = N_SINGLE + N_HIGH
N_NOISE = 3
N_PARTIALS = 32
# Gamma shapes: of what rings and ends, and of the three noises (0 for a gaussian).
SHAPE = 2.0
NOISE_SHAPES = (2.0, 1.2, 0.0)
# How far before its onset a vector may sound, of its length: reached at −100 dB.
BEFORE = 0.12
# Standard deviations of a gaussian to that level, and scales of a gamma of shape 2, a little more.
REACH, GAMMA_REACH = 4.8, 18.9
# Outputs by name: how many each has.
OUTPUTS = {
    "delay": 2,
    "theta": 2,
    "swell": 3,
    "middle": 2,
    "end": 2,
    "stiffness": 1,
    "ratio": N_SINGLE,
    "t60_fast": N_GROUPS,
    "t60_slow": N_GROUPS,
    "gain_fast": N_GROUPS,
    "gain_slow": N_GROUPS,
    "gain_middle": N_GROUPS,
    "gain_end": N_GROUPS,
    "high_centre": N_HIGH,
    "high_width": N_HIGH,
    "noise_gain": N_NOISE,
    "noise_centre": N_NOISE,
    "noise_width": N_NOISE,
    "noise_time": 4,
}
N_OUTPUTS = sum(OUTPUTS.values())


class Structure(NamedTuple):
    """Parameters of the splats of n vectors, `(n, …)` each; times in seconds from the onset."""

    f0_hz: Any
    # Of each partial with a splat of its own, to f0.
    ratio: Any
    inharmonicity: Any
    # Of the two parts that ring: onset, and by group the scale of the gamma burst, t60 and gain.
    fast: tuple[Any, Any, Any, Any]
    slow: tuple[Any, Any, Any, Any]
    # Depth, frequency in Hz and phase of the slow part's tremolo, which makes a plateau of a decay.
    swell: tuple[Any, Any, Any]
    # Time, standard deviation and gains of a gaussian in the middle.
    middle: tuple[Any, Any, Any]
    # Time, scale and gains of a gamma that runs backward from the end.
    end: tuple[Any, Any, Any]
    # Of the shared partials' spectrum: centre in Hz and width in octaves.
    high: tuple[Any, Any]
    # Gain, centre in Hz, width in octaves, time of the peak and standard deviation of the noises.
    noise: tuple[Any, Any, Any, Any, Any]


def structure(numbers: Any, outputs: Any, xp: Any) -> Structure:
    """Parameters that outputs of the heads, `(n, N_OUTPUTS)`, stand for beside the numbers, `(n, 16)`."""
    heads = _Heads(numbers, outputs, xp)
    shape, ratio = heads.out["swell"], xp.clip(0.1 * heads.out["ratio"], -0.3, 0.3)
    f0 = 440.0 * xp.exp2((xp.clip(numbers[:, 0:1], -40.0, 150.0) - 69.0) / 12.0)
    depth = 0.9 * shape[:, 0:1] / (1.0 + xp.abs(shape[:, 0:1]))
    pace = xp.exp(xp.clip(0.3 * shape[:, 1:2], -1.0, 1.0)) / (1.25 * heads.length)
    high = f0 * xp.exp2(3.6 + xp.clip(0.7 * heads.out["high_centre"], -3.0, 3.0))
    fast, slow = heads.ringing()
    return Structure(
        f0,
        _whole(1, N_SINGLE, xp, numbers) * xp.exp(ratio * _after_first(xp, numbers)),
        xp.clip(1e-4 * xp.exp(xp.clip(2.0 * heads.out["stiffness"], -12.0, 5.0)), 0.0, 0.01),
        fast,
        slow,
        (depth, pace, 3.1 + shape[:, 2:3]),
        heads.middle(),
        heads.end(),
        (high, 0.5 * heads.around("high_width", -1.5, 2.0, 0.7)),
        heads.noise(),
    )


class _Heads:
    """Outputs by name, beside the lengths and the level that they are relative to."""

    def __init__(self, numbers: Any, outputs: Any, xp: Any) -> None:
        self.xp, self.out, first = xp, {}, 0
        for name, size in OUTPUTS.items():
            self.out[name] = outputs[:, first : first + size]
            first += size
        self.length = xp.exp2(xp.clip(numbers[:, 2:3], -6.0, 5.0))
        self.t60 = xp.exp2(xp.clip(numbers[:, 3:4], -6.0, 6.5))
        self.attack = xp.exp2(xp.clip(numbers[:, 4:5], -10.0, 1.0))
        self.level = xp.clip(numbers[:, 1:2], -150.0, 60.0) + 3.0

    def around(self, name: str, least: float, most: float, scale: float = 1.0) -> Any:
        """e to the output, limited."""
        return self.xp.exp(self.xp.clip(scale * self.out[name], least, most))

    def gain(self, name: str) -> Any:
        """In dB, about the vector's level."""
        return self.level + self.xp.clip(10.0 * self.out[name], -120.0, 24.0)

    def ringing(self) -> tuple[tuple[Any, Any, Any, Any], tuple[Any, Any, Any, Any]]:
        """The fast and the slow part."""
        xp = self.xp
        delay = 0.5 * self.attack * (self.out["delay"] + xp.sqrt(self.out["delay"] ** 2 + 0.1))
        delay = xp.minimum(delay, 0.5 * self.length)
        theta = xp.clip(0.25 * self.attack * self.around("theta", -3.0, 3.0), 1e-4, 0.5)
        theta = xp.minimum(theta, 0.2 * self.length)
        fast = xp.minimum(xp.clip(0.15 * self.around("t60_fast", -3.0, 4.0), 0.004, 20.0), 2.0 * self.length)
        slow = self.around("t60_slow", -3.0, 0.3) / (1.0 / self.t60 + 0.6 / self.length)
        return (
            (delay[:, 0:1], _steeper(theta[:, 0:1], fast, xp), fast, self.gain("gain_fast")),
            (delay[:, 1:2], _steeper(theta[:, 1:2], slow, xp), slow, self.gain("gain_slow")),
        )

    def middle(self) -> tuple[Any, Any, Any]:
        """The gaussian, narrow enough to begin where the vector may."""
        xp, out = self.xp, self.out["middle"]
        at = self.length * xp.clip(0.6 + 0.2 * out[:, 0:1], 0.1, 1.0)
        sigma = self.length * 0.15 * xp.exp(xp.clip(0.5 * out[:, 1:2], -2.0, 1.0))
        return at, xp.minimum(sigma, (at + BEFORE * self.length) / REACH), self.gain("gain_middle")

    def end(self) -> tuple[Any, Any, Any]:
        """What runs backward from the end, to where the vector may begin at most."""
        xp, out = self.xp, self.out["end"]
        release = xp.minimum(0.05 * xp.exp(xp.clip(out[:, 0:1], -5.0, 4.0)), 0.9 * self.length)
        theta = xp.minimum(0.015 * xp.exp(xp.clip(out[:, 1:2], -3.0, 4.0)), (1 + BEFORE) * self.length / GAMMA_REACH)
        theta = xp.minimum(theta, (self.length - release + BEFORE * self.length) / GAMMA_REACH)
        return self.length - release, theta, self.gain("gain_end")

    def noise(self) -> tuple[Any, Any, Any, Any, Any]:
        """At the onset, decaying, sustained."""
        xp, out, length = self.xp, self.out["noise_time"], self.length
        time = xp.exp(xp.clip(out, -4.0, 3.0))
        fast = xp.minimum(0.01 * time[:, 0:1], 0.15 * length)
        slow = xp.minimum(0.15 / (6.9 / self.t60 + 0.5 / length) * time[:, 1:2], 0.25 * length) + 2e-3
        at = length * xp.clip(0.5 + 0.2 * out[:, 2:3], 0.1, 1.0)
        sigma = xp.minimum(0.2 * length * time[:, 3:4], (at + BEFORE * length) / REACH)
        return (
            self.gain("noise_gain"),
            1000.0 * xp.exp2(xp.clip(1.5 * self.out["noise_centre"], -6.0, 4.5)),
            self.around("noise_width", -1.5, 2.0, 0.7),
            (fast * (NOISE_SHAPES[0] - 1), slow * (NOISE_SHAPES[1] - 1), at),
            (fast * NOISE_SHAPES[0] ** 0.5, slow * NOISE_SHAPES[1] ** 0.5, sigma),
        )


def _whole(first: int, last: int, xp: Any, like: Any) -> Any:
    """first … last as a row."""
    row = xp.arange(first, last + 1)[None, :]
    return row + 0.0 * like[:, 0:1]


def _after_first(xp: Any, like: Any) -> Any:
    """1 for partials that may lie apart from whole ratios, 0 for the first, which is the pitch."""
    return xp.clip(_whole(0, N_SINGLE - 1, xp, like), 0.0, 1.0)


def _steeper(theta: Any, t60: Any, xp: Any) -> Any:
    """Scales of bursts, shorter than the decays that they drive."""
    return xp.minimum(theta + 0.0 * t60, 0.3 * t60 / NEPERS_60_DB)
