// Events of tiles as planes of coverage, and which of them lies under a place.

import type { EventTile } from "./event_tile.ts";
import { columnOf, rowsOf, type Change, type Frame } from "./frame.ts";
import type { DrawnKind } from "./kind.ts";
import { newPlane, type Plane } from "./plane.ts";
import { SHAPES } from "./shapes/index.ts";
import type { Placed } from "./shapes/shape.ts";
import { strengthOf } from "./strength.ts";

const REACH_PX = 9;

// What is drawn of a set of tiles.
export interface Choice {
  mask: Uint8Array | null; // 1 for each event, by id, that is drawn; null for all
  change: Change;
  loudestDb: number;
  kinds: DrawnKind[];
  durationS: number;
  classOf?: (tile: EventTile, i: number) => number; // which colour one that sounds has, by default that of its kind
}

// The first plane is of what is muted, then one for each colour. An event that several tiles hold is drawn once.
export function drawEvents(tiles: EventTile[], frame: Frame, choice: Choice): (Plane | null)[] {
  const { kinds, mask, classOf = (tile: EventTile, i: number) => tile.kind[i] } = choice;
  const planes: (Plane | null)[] = [];
  const seen = tiles.length > 1 ? new Set<number>() : null;
  const crowd = crowding(tiles, frame);
  for (const tile of tiles) {
    const event = placedIn(tile, frame, rowsOf(frame, choice.change.ratio));
    const shift = columnOf(frame, tile.fromS + choice.change.byS);
    const most = fair(tile, choice.durationS);
    for (let i = 0; i < most; i++) {
      place(event, i, kinds, shift);
      if (event.x1 < 0 || event.x0 >= frame.width || (mask && !mask[tile.id[i]])) continue;
      if (seen && (tile.start[i] < 0 || tile.end[i] > tile.spanS)) {
        if (seen.has(tile.id[i])) continue;
        seen.add(tile.id[i]);
      }
      const muted = tile.muted[i] & 1;
      const plane = (planes[muted ? 0 : 1 + classOf(tile, i)] ??= newPlane(frame.width, frame.height));
      const strength = strengthOf(tile.levelDb[i], choice.loudestDb);
      const opacity = 255 * (mask ? 0.6 + 0.4 * strength : muted ? 0.5 : (0.2 + 0.8 * strength) * crowd);
      SHAPES[event.kind.shape].draw(plane, event, {
        strength,
        opacity,
        thick: 1 + 2 * strength + (mask ? 1.2 : 0),
        isChosen: mask !== null,
      });
    }
  }
  return planes;
}

// The event at (x, y) of the frame, of two that are as near the stronger; −1 for none.
export function eventAt(
  tiles: EventTile[],
  frame: Frame,
  kinds: DrawnKind[],
  loudestDb: number,
  x: number,
  y: number,
): number {
  let best = -1;
  let least = REACH_PX;
  for (const tile of tiles) {
    const event = placedIn(tile, frame, rowsOf(frame));
    const shift = columnOf(frame, tile.fromS);
    for (let i = 0; i < tile.n; i++) {
      place(event, i, kinds, shift);
      if (event.x1 < x - REACH_PX || event.x0 > x + REACH_PX) continue;
      const far = SHAPES[event.kind.shape].distance(event, x, y) + 3 * (1 - strengthOf(tile.levelDb[i], loudestDb));
      if (far < least) [least, best] = [far, tile.id[i]];
    }
  }
  return best;
}

// One object for all events of a tile, one after the other: there are many.
const placedIn = (tile: EventTile, frame: Frame, rowOf: (hz: number) => number): Placed => ({
  tile,
  i: 0,
  kind: UNKNOWN,
  frame,
  rowOf,
  x0: 0,
  x1: 0,
});
const UNKNOWN: DrawnKind = { name: "", shape: "line", columns: [], lane: "", lanes: [], firstLane: 0, ringT60s: 0 };

function place(event: Placed, i: number, kinds: DrawnKind[], shift: number): void {
  const { tile, frame } = event;
  event.i = i;
  event.kind = kinds[tile.kind[i]] ?? UNKNOWN;
  event.x0 = shift + tile.start[i] * frame.pxPerS;
  event.x1 = shift + tile.end[i] * frame.pxPerS;
}

// How many of a tile's events to draw: where it holds only the strongest, and the scene ends within it, as many for
// each second as its neighbours.
function fair(tile: EventTile, durationS: number): number {
  return tile.n < tile.nAll
    ? Math.ceil(tile.n * Math.min(1, Math.max(0, durationS - tile.fromS) / tile.spanS))
    : tile.n;
}

// Fainter where there is more than can be told apart.
function crowding(tiles: EventTile[], frame: Frame): number {
  const seconds = tiles.reduce((sum, tile) => sum + tile.spanS, 0) || 1;
  const perPixel = tiles.reduce((sum, tile) => sum + tile.n, 0) / seconds / frame.pxPerS;
  return Math.min(1, Math.max(0.4, (1.2 / Math.max(perPixel, 1e-9)) ** 0.3));
}
