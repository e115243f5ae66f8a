// A band of frequencies: its edges; what is in it, an image below shows.

import { box, stroke } from "../plane.ts";
import { INSIDE_PX, type Shape } from "./shape.ts";

const LEAST_PX = 3; // what is smaller can be hit too

export const bar: Shape = {
  draw(plane, { tile, i, rowOf, x0, x1 }, { opacity }) {
    const [top, bottom] = [rowOf(tile.high[i]), rowOf(tile.low[i])];
    box(plane, x0, x1, top, bottom, opacity * 0.05);
    box(plane, x0, x0 + 1.5, top, bottom, opacity * 0.4);
    stroke(plane, x0, top, x1, top, 1.5, opacity * 0.55);
    stroke(plane, x0, bottom, x1, bottom, 1.5, opacity * 0.55);
  },
  distance({ tile, i, frame, rowOf, x0, x1 }, x, y) {
    const [top, bottom] = [rowOf(tile.high[i]), rowOf(tile.low[i])];
    const inside =
      x >= x0 - LEAST_PX &&
      x <= Math.max(x1, x0 + LEAST_PX) &&
      Math.abs(y - (top + bottom) / 2) <= Math.max((bottom - top) / 2, LEAST_PX);
    return inside && y <= frame.axisHeight ? Math.min(Math.abs(x - x0), INSIDE_PX) : Infinity;
  },
};
