// Which event lies under a place on the screen.

import { columnOf, rowsOf, type Frame } from "./frame.ts";
import type { EventTile } from "./event_tile.ts";
import { strengthOf } from "./shapes.ts";
import { partialsOf, splatAt, type SplatShape } from "./splat.ts";

const REACH_PX = 9;

// The event at (x, y) of the frame, of two that are as near the stronger; −1 for none.
export function eventAt(tiles: EventTile[], frame: Frame, kinds: string[], loudestDb: number, x: number, y: number): number {
  const rowOf = rowsOf(frame);
  let best = -1;
  let least = REACH_PX;
  for (const tile of tiles) {
    const shift = columnOf(frame, tile.fromS);
    for (let i = 0; i < tile.n; i++) {
      const x0 = shift + tile.start[i] * frame.pxPerS;
      const x1 = shift + tile.end[i] * frame.pxPerS;
      if (x1 < x - REACH_PX || x0 > x + REACH_PX) continue;
      const far =
        distance(tile, i, kinds[tile.kind[i]], frame, x0, x1, rowOf, x, y) + 3 * (1 - strengthOf(tile.levelDb[i], loudestDb));
      if (far < least) [least, best] = [far, tile.id[i]];
    }
  }
  return best;
}

// In pixels; inside of a band counts as a few, so that what lies on it is hit first.
function distance(
  tile: EventTile,
  i: number,
  kind: string,
  frame: Frame,
  x0: number,
  x1: number,
  rowOf: (hz: number) => number,
  x: number,
  y: number,
): number {
  if (kind === "strike") {
    const top = frame.axisHeight + tile.aux[0][i] * frame.laneHeight;
    return y < top || y >= top + frame.laneHeight ? Infinity : Math.abs(x - x0 - 1);
  }
  if (y > frame.axisHeight) return Infinity;
  if (kind === "splat" && tile.more.length) return fromSplat(splatAt(tile, i, frame, x0, x1), rowOf, x, y);
  const right = Math.max(x1, x0 + 3);
  if (tile.high[i] > tile.low[i] * 1.0001) {
    const edge = Math.min(Math.abs(x - x0), 5.5);
    return x >= x0 - 3 && x <= right && y <= rowOf(tile.low[i]) && y >= rowOf(tile.high[i]) ? edge : Infinity;
  }
  const trim = (x1 - x0) / 8;
  const beside = Math.max(0, x0 + trim - x, x - (right - trim));
  return Math.hypot(beside, y - rowOf(tile.low[i]));
}

// From its nearest partial, or its burst, within which it counts as a few pixels.
function fromSplat(shape: SplatShape, rowOf: (hz: number) => number, x: number, y: number): number {
  const left = Math.min(shape.burst[0], shape.ring[0]);
  const right = Math.max(shape.burst[1], shape.ring[1]);
  const beside = Math.max(0, left - x, x - right);
  let least = Infinity;
  for (const [, hz] of partialsOf(shape)) least = Math.min(least, Math.hypot(beside, y - rowOf(hz)));
  const inside =
    x >= shape.burst[0] - 2 && x <= shape.burst[1] + 2 && y <= rowOf(shape.lowHz) + 3 && y >= rowOf(shape.highHz) - 3;
  return inside ? Math.min(least, 5.5) : least;
}
