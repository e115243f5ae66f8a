// A band of frequencies that one looks through, edged where it is chosen.

import { box, stroke } from "../plane.ts";
import { INSIDE_PX, type Shape } from "./shape.ts";

const LEAST_PX = 3; // what is smaller can be hit too

export const bar: Shape = {
  draw(plane, { tile, i, rowOf, x0, x1 }, { opacity, isChosen }) {
    const [top, bottom] = [rowOf(tile.high[i]), rowOf(tile.low[i])];
    box(plane, x0, x1, top, bottom, opacity * 0.14);
    if (!isChosen) return;
    for (const [from, to] of [
      [x0, x0 + 1.5],
      [x1 - 1.5, x1],
    ])
      box(plane, from, to, top, bottom, opacity * 0.4);
    for (const row of [top, bottom]) stroke(plane, x0, row, x1, row, 1.5, opacity * 0.55);
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
