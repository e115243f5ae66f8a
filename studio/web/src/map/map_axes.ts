// What stands along the axes of a map: the plane in which alike items lie near each other, or two quantities.

import { frequencyTicks, heightOf, niceStep, spokenHz, steps, type Band } from "../draw/axis.ts";
import { number, titled } from "../state/words.ts";
import { pitchOf, spokenDb, spokenSeconds, type MapItems } from "./items.ts";

export interface Tick {
  at: number; // 0 … 1 along the axis
  text: string;
}

export interface Axis {
  titles: string[]; // the longest first: the first that there is room for is shown
  places: number[]; // of each item, 0 … 1
  ticks: (most: number) => Tick[];
}

type Quantity = "time" | "length" | "frequency" | "level";

export const AXES = {
  alike: "Likeness",
  "time-frequency": "Time and frequency",
  "frequency-length": "Frequency and length",
  "frequency-level": "Frequency and level",
  "length-level": "Length and level",
} as const;
export type AxesName = keyof typeof AXES;

export function axesOf(items: MapItems, name: AxesName): [Axis, Axis] {
  if (name === "alike") return [ofPlane(items, 0), ofPlane(items, 1)];
  return name.split("-").map((quantity) => QUANTITIES[quantity as Quantity](items)) as [Axis, Axis];
}

// Components are sums of parameters, each in units of its standard deviation; t-SNE has no unit.
function ofPlane(items: MapItems, axis: 0 | 1): Axis {
  const isPca = items.method === "PCA";
  const [low, high] = items.edges[axis];
  const named = items.along[axis].map(([name, r]) => `${titled(name)} ${r > 0 ? "+" : "−"}${Math.abs(r).toFixed(2)}`);
  const begin = isPca ? `component ${axis + 1}` : `t-SNE ${axis + 1}`;
  const unit = isPca ? `${begin}, standard deviations` : `${begin}, no unit`;
  const titles = named.map((_, k) => `${unit}; r of ${named.slice(0, named.length - k).join(", ")}`);
  return {
    titles: [
      ...titles,
      ...named.slice(0, 1).map((word) => `${begin}${isPca ? ", SD" : ""}; r of ${word}`),
      unit,
      begin,
    ],
    places: axis ? items.y : items.x,
    ticks: (most) => (isPca && high > low ? evenTicks(low, high, most, (value) => number(+value.toPrecision(3))) : []),
  };
}

const QUANTITIES: Record<Quantity, (items: MapItems) => Axis> = {
  time: ({ start }) => even(start, "start, s", (value) => `${number(+value.toFixed(3))} s`),
  length: ({ start, end }) =>
    octaves(
      start.map((at, item) => end[item] - at),
      "length, ms or s",
      spokenSeconds,
    ),
  frequency: (items) => frequencies(items),
  level: ({ level_db }) => {
    const loudest = greatest(level_db);
    return even(
      level_db.map((db) => Math.max(db, loudest - 100)),
      "level, dB re full scale",
      spokenDb,
    );
  },
};

const least = (values: number[]): number => values.reduce((low, value) => Math.min(low, value), Infinity);
const greatest = (values: number[]): number => values.reduce((high, value) => Math.max(high, value), -Infinity);

function even(values: number[], title: string, spoken: (value: number) => string): Axis {
  const [low, high] = [least(values), greatest(values)];
  return {
    titles: [title],
    places: values.map((value) => (high > low ? (value - low) / (high - low) : 0.5)),
    ticks: (most) => (high > low ? evenTicks(low, high, most, spoken) : []),
  };
}

function evenTicks(low: number, high: number, most: number, spoken: (value: number) => string): Tick[] {
  const step = niceStep((high - low) / Math.max(1, most));
  return steps(low, high, step).map((value) => ({ at: (value - low) / (high - low), text: spoken(+value.toFixed(6)) }));
}

// On a logarithmic scale, with ticks at 1, 2 and 5 times powers of ten.
function octaves(values: number[], title: string, spoken: (value: number) => string): Axis {
  const logs = values.map((value) => Math.log10(Math.max(value, 1e-6)));
  const [low, high] = [least(logs), greatest(logs)];
  const at = (log: number) => (high > low ? (log - low) / (high - low) : 0.5);
  const ticks = (most: number): Tick[] => {
    for (const mantissas of [[1, 2, 5], [1, 3], [1]]) {
      const found: Tick[] = [];
      for (let power = Math.floor(low); power <= Math.ceil(high); power++)
        for (const mantissa of mantissas) {
          const log = power + Math.log10(mantissa);
          if (log >= low - 1e-6 && log <= high + 1e-6)
            found.push({ at: at(log), text: spoken(mantissa * 10 ** power) });
        }
      if (found.length <= most || mantissas.length === 1) return found;
    }
    return [];
  };
  return { titles: [title], places: logs.map(at), ticks };
}

function frequencies(items: MapItems): Axis {
  const values = items.sort.map((_, item) => pitchOf(items, item));
  const band: Band = { scale: "erb", lowHz: least(values), highHz: greatest(values) };
  const isOne = !(band.highHz > band.lowHz);
  return {
    titles: ["frequency, Hz"],
    places: values.map((hz) => (isOne ? 0.5 : heightOf(band, hz))),
    ticks: (most) =>
      isOne
        ? []
        : frequencyTicks(band, 1 / Math.max(1, most)).map((hz) => ({ at: heightOf(band, hz), text: spokenHz(hz) })),
  };
}
