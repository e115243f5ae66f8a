// A line at a frequency, as long as a window and, where that shows, as wide in frequency as so short a window makes it;
// a bar for what has a band.

import { EVEN, HANN, lens, stroke } from "../plane.ts";
import { bar } from "./bar.ts";
import type { Placed, Shape } from "./shape.ts";

const isBand = ({ tile, i }: Placed): boolean => tile.high[i] > tile.low[i] * 1.0001;

export const line: Shape = {
  draw(plane, event, ink) {
    if (isBand(event)) return bar.draw(plane, event, ink);
    const { tile, i, frame, rowOf, x0, x1 } = event;
    const { thick, opacity } = ink;
    const hz = tile.low[i];
    const windowS = tile.end[i] - tile.start[i];
    const row = rowOf(hz);
    const trim = (x1 - x0) / 8; // the ends of a window are not heard
    if (frame.pxPerS > 150 && windowS < 0.03) {
      const wide = 0.7 / Math.max(1e-4, windowS);
      const half = Math.min(14, (rowOf(Math.max(0, hz - wide)) - rowOf(hz + wide)) / 2);
      if (half > thick) return lens(plane, x0 + trim, x1 - trim, row, half, opacity * 0.8);
    }
    stroke(plane, x0 + trim, row, x1 - trim, row, thick, opacity, x1 - x0 < 4 ? EVEN : HANN);
  },
  distance(event, x, y) {
    if (isBand(event)) return bar.distance(event, x, y);
    const { tile, i, frame, rowOf, x0, x1 } = event;
    if (y > frame.axisHeight) return Infinity;
    const trim = (x1 - x0) / 8;
    const beside = Math.max(0, x0 + trim - x, x - (Math.max(x1, x0 + 3) - trim));
    return Math.hypot(beside, y - rowOf(tile.low[i]));
  },
};
