// A burst over its band, grainy as far as it is noise, and the partials that it sets ringing.

import { valueOf } from "../kind.ts";
import { box, DECAY, grain, RISE, stroke, type Plane } from "../plane.ts";
import { line } from "./line.ts";
import { INSIDE_PX, type Placed, type Shape } from "./shape.ts";

const MOST_LINES = 32;

// Where it stands in pixels.
interface Stand {
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

function standOf({ tile, i, kind, frame, x0, x1 }: Placed): Stand {
  const value = (column: string) => valueOf(tile, i, kind, column);
  const [partials, noise, backward] = [value("partials"), value("noise"), value("backward") > 0];
  const ringPx = value("t60_s") * frame.pxPerS;
  const peak = x0 + value("peak_s") * frame.pxPerS;
  // What is below −20 dB or so of the burst is left out on both sides.
  const before = backward ? x1 - peak : peak - x0;
  const after = Math.max(0, (backward ? peak - x0 : x1 - peak) - kind.ringT60s * ringPx);
  const [rise, fall, sign] = [0.55 * before, 0.45 * after, backward ? -1 : 1];
  const ends = [peak - sign * rise, peak + sign * fall];
  const ring = peak + sign * Math.max(3, 0.7 * ringPx, fall);
  const [f0, highHz] = [value("f0_hz"), tile.high[i]];
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
function* partialsOf(stand: Stand): Generator<[number, number]> {
  const b = stand.inharmonicity;
  for (let k = 1; k <= Math.min(MOST_LINES, stand.partials); k++) {
    const hz = stand.f0 * k * Math.sqrt((1 + b * k * k) / (1 + b));
    if (hz >= stand.lowHz * 0.999 && hz <= stand.highHz * 1.001) yield [k, hz];
  }
}

export const burst: Shape = {
  draw(plane, event, ink) {
    if (!event.tile.more.length) return line.draw(plane, event, ink);
    const stand = standOf(event);
    drawBurst(plane, stand, event.rowOf, ink.thick, ink.opacity);
    drawPartials(plane, stand, event.rowOf, ink.thick, ink.opacity);
  },
  // To the nearest partial, or into the burst.
  distance(event, x, y) {
    if (!event.tile.more.length) return line.distance(event, x, y);
    if (y > event.frame.axisHeight) return Infinity;
    const { rowOf } = event;
    const stand = standOf(event);
    const left = Math.min(stand.burst[0], stand.ring[0]);
    const right = Math.max(stand.burst[1], stand.ring[1]);
    const beside = Math.max(0, left - x, x - right);
    let least = Infinity;
    for (const [, hz] of partialsOf(stand)) least = Math.min(least, Math.hypot(beside, y - rowOf(hz)));
    const inside =
      x >= stand.burst[0] - 2 && x <= stand.burst[1] + 2 && y <= rowOf(stand.lowHz) + 3 && y >= rowOf(stand.highHz) - 3;
    return inside ? Math.min(least, INSIDE_PX) : least;
  },
};

function drawBurst(plane: Plane, stand: Stand, rowOf: (hz: number) => number, thick: number, opacity: number): void {
  const top = rowOf(Math.max(stand.highHz, stand.lowHz * 1.03)) - thick;
  const bottom = rowOf(stand.lowHz) + thick;
  const sides: [number, number, Float32Array][] = [
    [stand.burst[0], stand.peak, RISE],
    [stand.peak, stand.burst[1], DECAY],
  ];
  for (const [from, to, fade] of sides) {
    box(plane, from, to, top, bottom, opacity * 0.25, fade);
    if (stand.noise) grain(plane, from, to, top, bottom, opacity * (0.3 + 0.6 * stand.noise), fade);
  }
}

function drawPartials(plane: Plane, stand: Stand, rowOf: (hz: number) => number, thick: number, opacity: number): void {
  const [x0, x1] = stand.ring;
  const attack = stand.peak - stand.onset;
  let last = Infinity;
  for (const [k, hz] of partialsOf(stand)) {
    const row = rowOf(hz);
    if (Math.abs(last - row) < 2.2) continue;
    last = row;
    const [high, cover] = [thick / (1 + 0.1 * k), (opacity * (1 - 0.6 * stand.noise)) / (1 + 0.12 * k)];
    stroke(plane, x0, row, x1, row, high, cover, stand.backward ? RISE : DECAY);
    if (stand.backward) stroke(plane, stand.peak, row, stand.peak - attack, row, high, cover, DECAY);
    else stroke(plane, stand.onset, row, stand.peak, row, high, cover, RISE);
  }
}
