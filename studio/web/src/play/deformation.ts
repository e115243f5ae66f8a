// How an instrument is changed while it is played; `motes.events.deformation` has the same formulas.

export interface Deformation {
  damping: number;
  brightness: number;
  transpose: number;
  inharmonicity: number;
  position: number;
  spread: number;
  send: number;
}

export type Name = keyof Deformation;

export const NEUTRAL: Readonly<Deformation> = {
  damping: 1,
  brightness: 0,
  transpose: 0,
  inharmonicity: 0,
  position: 0,
  spread: 0,
  send: 0,
};

export interface Range {
  low: number;
  high: number;
  step: number;
  label: string;
  unit: string;
  meaning: string;
}

// What hands can reach; damping is on a logarithmic scale.
export const RANGES: Readonly<Record<Name, Range>> = {
  damping: { low: 0.125, high: 16, step: 0.01, label: "Damping", unit: "×", meaning: "decay times divided by it" },
  brightness: { low: -12, high: 12, step: 0.1, label: "Brightness", unit: "dB/oct", meaning: "per octave above 1 kHz" },
  transpose: { low: -24, high: 24, step: 0.1, label: "Transposition", unit: "semitones", meaning: "of all modes" },
  inharmonicity: {
    low: -0.5,
    high: 0.5,
    step: 0.01,
    label: "Inharmonicity",
    unit: "",
    meaning: "modes spread apart about 1 kHz, or drawn together",
  },
  position: {
    low: 0,
    high: 1,
    step: 0.01,
    label: "Position",
    unit: "",
    meaning: "a comb over the modes that a strike excites",
  },
  spread: { low: 0, high: 1, step: 0.01, label: "Spread", unit: "", meaning: "modes to the left and the right" },
  send: { low: 0, high: 1, step: 0.01, label: "Room", unit: "", meaning: "how much goes into the room" },
};

export const NAMES = Object.keys(NEUTRAL) as Name[];

const PIVOT_HZ = 1000;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
// As Python bounds them.
const T60_RANGE_S = [1e-5, 1e4];
export const NEPERS_60_DB = Math.log(1000);

const within = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

// One deformation on top of another, into a third.
export function combine(into: Deformation, one: Deformation, other: Deformation): void {
  into.damping = one.damping * other.damping;
  into.brightness = within(one.brightness + other.brightness, -60, 60);
  into.transpose = one.transpose + other.transpose;
  into.inharmonicity = within(one.inharmonicity + other.inharmonicity, -0.9, 2);
  into.position = within(one.position + other.position, 0, 1);
  into.spread = within(one.spread + other.spread, 0, 1);
  into.send = within(one.send + other.send, 0, 1);
}

export const ratioOf = (semitones: number): number => 2 ** (semitones / 12);

export function frequencyOf(hz: number, transpose: number, inharmonicity: number): number {
  const stretched = inharmonicity && hz > 0 ? PIVOT_HZ * (hz / PIVOT_HZ) ** (1 + inharmonicity) : hz;
  return stretched * ratioOf(transpose);
}

export const decayOf = (t60S: number, damping: number, rateHz: number): number =>
  NEPERS_60_DB / (within(t60S / damping, T60_RANGE_S[0], T60_RANGE_S[1]) * rateHz);

export const brightnessOf = (hz: number, decibels: number): number =>
  10 ** ((decibels * Math.log2(Math.max(hz, 1) / PIVOT_HZ)) / 20);

// What a strike at a position injects into a mode: a comb that leaves the lowest as it is.
export const combOf = (hz: number, rootHz: number, position: number): number =>
  rootHz > 0 ? Math.cos(Math.PI * position * (hz / rootHz - 1)) : 1;

// Gain of a mode on the left, or on the right.
export function sideOf(mode: number, isRight: boolean, spread: number): number {
  const place = 2 * (((mode + 1) * GOLDEN) % 1) - 1;
  const angle = (Math.PI / 4) * (1 + spread * place);
  return Math.SQRT2 * (isRight ? Math.sin(angle) : Math.cos(angle));
}
