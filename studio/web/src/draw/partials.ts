// Partials as lines through their atoms.

import { columnOf, rowsOf, type Frame } from "./frame.ts";
import type { PartialTile } from "./partial_tile.ts";
import { newPlane, stroke, type Plane } from "./plane.ts";
import { strengthOf } from "./strength.ts";

// Faster than any sound glides: where a short atom of an attack belongs to two lines. As pages of reports have it.
const leaps = (fromHz: number, toHz: number, seconds: number): boolean =>
  Math.abs(12 * Math.log2(Math.max(toHz, 1) / Math.max(fromHz, 1))) > Math.max(3, 60 * seconds);

// Partials as lines; each once, though several tiles hold it.
export function drawPartials(tiles: PartialTile[], frame: Frame, loudestDb: number): Plane {
  const plane = newPlane(frame.width, frame.height);
  const rowOf = rowsOf(frame);
  const seen = new Set<number>();
  for (const tile of tiles) {
    const shift = columnOf(frame, tile.fromS);
    for (let line = 0; line < tile.n; line++) {
      if (seen.has(tile.number[line])) continue;
      seen.add(tile.number[line]);
      for (let k = tile.firstPoint[line]; k + 1 < tile.firstPoint[line + 1]; k++) {
        if (leaps(tile.hz[k], tile.hz[k + 1], tile.time[k + 1] - tile.time[k])) continue;
        const x0 = shift + tile.time[k] * frame.pxPerS;
        const x1 = shift + tile.time[k + 1] * frame.pxPerS;
        if (x1 < 0 || x0 >= frame.width) continue;
        const strength = strengthOf(tile.levelDb[k], loudestDb);
        stroke(
          plane,
          x0,
          rowOf(tile.hz[k]),
          x1,
          rowOf(tile.hz[k + 1]),
          1.2 + 2 * strength,
          255 * (0.25 + 0.75 * strength),
        );
      }
    }
  }
  return plane;
}
