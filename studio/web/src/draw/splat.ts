// Where a splat stands in pixels: its burst, and its partials ringing on.

import type { EventTile } from "./event_tile.ts";
import type { Frame } from "./frame.ts";

const MOST_LINES = 32;
const DECAYS_IN = 12 / Math.log(1000); // of t60: what a splat's end counts for its ringing

export interface SplatShape {
  burst: [number, number];
  onset: number; // of its partials, beside which the burst is over: on the other side where it sounds backwards
  peak: number;
  ring: [number, number];
  lowHz: number;
  highHz: number;
  f0: number;
  partials: number;
  inharmonicity: number;
  noise: number;
  backward: boolean;
}

export function splatAt(tile: EventTile, i: number, frame: Frame, x0: number, x1: number): SplatShape {
  const [peakS, partials, noise, back] = tile.more.map((column) => column[i]);
  const backward = back > 0;
  const ringPx = tile.aux[0][i] * frame.pxPerS;
  const peak = x0 + peakS * frame.pxPerS;
  // What is below −20 dB or so of the burst is left out on both sides.
  const before = backward ? x1 - peak : peak - x0;
  const after = Math.max(0, (backward ? peak - x0 : x1 - peak) - DECAYS_IN * ringPx);
  const [rise, fall, sign] = [0.55 * before, 0.45 * after, backward ? -1 : 1];
  const ends = [peak - sign * rise, peak + sign * fall];
  const ring = peak + sign * Math.max(3, 0.7 * ringPx, fall);
  const [f0, highHz] = [tile.aux[1][i], tile.high[i]];
  const stretched = partials > 1 && !noise ? (highHz / (f0 * partials)) ** 2 : 1;
  return {
    burst: backward ? [ends[1], ends[0]] : [ends[0], ends[1]],
    onset: ends[0],
    peak,
    ring: backward ? [ring, peak] : [peak, ring],
    lowHz: tile.low[i],
    highHz,
    f0,
    partials,
    inharmonicity: Math.max(0, (stretched - 1) / Math.max(1e-9, partials * partials - stretched)),
    noise,
    backward,
  };
}

// Number and frequency of each partial that is heard.
export function* partialsOf(shape: SplatShape): Generator<[number, number]> {
  const b = shape.inharmonicity;
  for (let k = 1; k <= Math.min(MOST_LINES, shape.partials); k++) {
    const hz = shape.f0 * k * Math.sqrt((1 + b * k * k) / (1 + b));
    if (hz >= shape.lowHz * 0.999 && hz <= shape.highHz * 1.001) yield [k, hz];
  }
}
