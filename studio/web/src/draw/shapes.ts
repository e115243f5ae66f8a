// Events as pixels: each kind in the shape that tells what it is.

import { AS_IT_IS, columnOf, rowsOf, type Change, type Frame } from "./frame.ts";
import type { EventTile } from "./event_tile.ts";
import type { PartialTile } from "./partial_tile.ts";
import { box, DECAY, EVEN, grain, HANN, lens, newPlane, RISE, stroke, type Plane } from "./plane.ts";
import { partialsOf, splatAt, type SplatShape } from "./splat.ts";

const RANGE_DB = 66; // from the faintest that is drawn to the loudest

// What is drawn of a set of tiles.
export interface Choice {
  mask: Uint8Array | null; // 1 for each event, by id, that is drawn; null for all
  change: Change;
  loudestDb: number;
  kinds: string[];
  durationS: number;
}

export const strengthOf = (levelDb: number, loudestDb: number): number =>
  Math.min(1, Math.max(0, 1 + (levelDb - loudestDb) / RANGE_DB));

// A plane for each kind, and one more for what is muted. An event that several tiles hold is drawn once.
export function drawEvents(tiles: EventTile[], frame: Frame, choice: Choice): (Plane | null)[] {
  const planes: (Plane | null)[] = new Array(choice.kinds.length + 1).fill(null);
  const seen = tiles.length > 1 ? new Set<number>() : null;
  const rowOf = rowsOf(frame, choice.change.ratio);
  const crowd = crowding(tiles, frame);
  for (const tile of tiles) {
    const shift = columnOf(frame, tile.fromS + choice.change.byS);
    const most = fair(tile, choice.durationS);
    for (let i = 0; i < most; i++) {
      const x0 = shift + tile.start[i] * frame.pxPerS;
      const x1 = shift + tile.end[i] * frame.pxPerS;
      if (x1 < 0 || x0 >= frame.width || (choice.mask && !choice.mask[tile.id[i]])) continue;
      if (seen && (tile.start[i] < 0 || tile.end[i] > tile.spanS)) {
        if (seen.has(tile.id[i])) continue;
        seen.add(tile.id[i]);
      }
      const muted = tile.muted[i] & 1;
      const plane = (planes[muted ? choice.kinds.length : tile.kind[i]] ??= newPlane(frame.width, frame.height));
      const strength = strengthOf(tile.levelDb[i], choice.loudestDb);
      const opacity = 255 * (choice.mask ? 0.6 + 0.4 * strength : muted ? 0.5 : (0.2 + 0.8 * strength) * crowd);
      drawEvent(plane, tile, i, choice.kinds[tile.kind[i]], frame, x0, x1, strength, opacity, rowOf, choice.mask ? 1.2 : 0);
    }
  }
  return planes;
}

// How many of a tile's events to draw: where it holds only the strongest, and the scene ends within it, as many for each second as its neighbours.
function fair(tile: EventTile, durationS: number): number {
  return tile.n < tile.nAll ? Math.ceil(tile.n * Math.min(1, Math.max(0, durationS - tile.fromS) / tile.spanS)) : tile.n;
}

// Fainter where there is more than can be told apart.
function crowding(tiles: EventTile[], frame: Frame): number {
  const seconds = tiles.reduce((sum, tile) => sum + tile.spanS, 0) || 1;
  const perPixel = tiles.reduce((sum, tile) => sum + tile.n, 0) / seconds / frame.pxPerS;
  return Math.min(1, Math.max(0.4, (1.2 / Math.max(perPixel, 1e-9)) ** 0.3));
}

function drawEvent(
  plane: Plane,
  tile: EventTile,
  i: number,
  kind: string,
  frame: Frame,
  x0: number,
  x1: number,
  strength: number,
  opacity: number,
  rowOf: (hz: number) => number,
  thicker: number,
): void {
  const low = tile.low[i];
  const high = tile.high[i];
  const thick = 1 + 2 * strength + thicker;
  if (kind === "strike") return strike(plane, frame, tile.aux[0][i], x0, x1, strength, opacity);
  if (kind === "splat" && tile.more.length) return splat(plane, splatAt(tile, i, frame, x0, x1), rowOf, thick, opacity);
  if (high > low * 1.0001) return band(plane, x0, x1, rowOf(high), rowOf(low), opacity);
  atom(plane, low, tile.end[i] - tile.start[i], frame, x0, x1, thick, opacity, rowOf);
}

// As long as its window and, where that shows, as wide in frequency as so short a window makes it.
function atom(
  plane: Plane,
  hz: number,
  windowS: number,
  frame: Frame,
  x0: number,
  x1: number,
  thick: number,
  opacity: number,
  rowOf: (hz: number) => number,
): void {
  const row = rowOf(hz);
  const trim = (x1 - x0) / 8; // the ends of a window are not heard
  if (frame.pxPerS > 150 && windowS < 0.03) {
    const wide = 0.7 / Math.max(1e-4, windowS);
    const half = Math.min(14, (rowOf(Math.max(0, hz - wide)) - rowOf(hz + wide)) / 2);
    if (half > thick) return lens(plane, x0 + trim, x1 - trim, row, half, opacity * 0.8);
  }
  stroke(plane, x0 + trim, row, x1 - trim, row, thick, opacity, x1 - x0 < 4 ? EVEN : HANN);
}

// Noise in a band: its edges; what is in it, the band image below shows.
function band(plane: Plane, x0: number, x1: number, top: number, bottom: number, opacity: number): void {
  box(plane, x0, x1, top, bottom, opacity * 0.05);
  box(plane, x0, x0 + 1.5, top, bottom, opacity * 0.4);
  stroke(plane, x0, top, x1, top, 1.5, opacity * 0.55);
  stroke(plane, x0, bottom, x1, bottom, 1.5, opacity * 0.55);
}

function strike(plane: Plane, frame: Frame, control: number, x0: number, x1: number, strength: number, opacity: number): void {
  const bottom = frame.axisHeight + (control + 1) * frame.laneHeight - 1;
  const tall = Math.max(5, (frame.laneHeight - 2) * (0.25 + 0.75 * strength)); // where lanes are thin it reaches over its own
  box(plane, x0, Math.max(x1, x0 + 3), bottom - tall / 2.2, bottom, opacity * 0.35, DECAY);
  box(plane, x0, x0 + 3, bottom - tall, bottom, Math.max(opacity, 150));
}

// A burst over its band, grainy as far as it is noise, and the partials that it sets ringing.
function splat(plane: Plane, shape: SplatShape, rowOf: (hz: number) => number, thick: number, opacity: number): void {
  const top = rowOf(Math.max(shape.highHz, shape.lowHz * 1.03)) - thick;
  const bottom = rowOf(shape.lowHz) + thick;
  const sides: [number, number, Float32Array][] = [
    [shape.burst[0], shape.peak, RISE],
    [shape.peak, shape.burst[1], DECAY],
  ];
  for (const [from, to, fade] of sides) {
    box(plane, from, to, top, bottom, opacity * 0.25, fade);
    if (shape.noise) grain(plane, from, to, top, bottom, opacity * (0.3 + 0.6 * shape.noise), fade);
  }
  const [x0, x1] = shape.ring;
  const attack = shape.peak - shape.onset;
  let last = Infinity;
  for (const [k, hz] of partialsOf(shape)) {
    const row = rowOf(hz);
    if (Math.abs(last - row) < 2.2) continue;
    last = row;
    const [high, cover] = [thick / (1 + 0.1 * k), (opacity * (1 - 0.6 * shape.noise)) / (1 + 0.12 * k)];
    stroke(plane, x0, row, x1, row, high, cover, shape.backward ? RISE : DECAY);
    if (shape.backward) stroke(plane, shape.peak, row, shape.peak - attack, row, high, cover, DECAY);
    else stroke(plane, shape.onset, row, shape.peak, row, high, cover, RISE);
  }
}

// Faster than any sound glides: where a short atom of an attack belongs to two lines. As pages of reports have it.
const leaps = (fromHz: number, toHz: number, seconds: number): boolean =>
  Math.abs(12 * Math.log2(Math.max(toHz, 1) / Math.max(fromHz, 1))) > Math.max(3, 60 * seconds);

// Partials as lines; each once, though several tiles hold it.
export function drawPartials(
  tiles: PartialTile[],
  frame: Frame,
  mask: Uint8Array | null,
  loudestDb: number,
  change = AS_IT_IS,
): Plane {
  const plane = newPlane(frame.width, frame.height);
  const rowOf = rowsOf(frame, change.ratio);
  const seen = new Set<number>();
  for (const tile of tiles) {
    const shift = columnOf(frame, tile.fromS + change.byS);
    for (let line = 0; line < tile.n; line++) {
      if (seen.has(tile.number[line])) continue;
      seen.add(tile.number[line]);
      for (let k = tile.firstPoint[line]; k + 1 < tile.firstPoint[line + 1]; k++) {
        if (mask && !(mask[tile.atom[k]] && mask[tile.atom[k + 1]])) continue;
        if (leaps(tile.hz[k], tile.hz[k + 1], tile.time[k + 1] - tile.time[k])) continue;
        const x0 = shift + tile.time[k] * frame.pxPerS;
        const x1 = shift + tile.time[k + 1] * frame.pxPerS;
        if (x1 < 0 || x0 >= frame.width) continue;
        const strength = strengthOf(tile.levelDb[k], loudestDb);
        stroke(plane, x0, rowOf(tile.hz[k]), x1, rowOf(tile.hz[k + 1]), 1.2 + 2 * strength, 255 * (0.25 + 0.75 * strength));
      }
    }
  }
  return plane;
}
