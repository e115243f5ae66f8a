// A tick on one of the lanes below the axis of frequency.

import { valueOf } from "../kind.ts";
import { box, DECAY } from "../plane.ts";
import type { Placed, Shape } from "./shape.ts";

// NaN for what lies on none.
function topOf({ tile, i, kind, frame }: Placed): number {
  const place = kind.lanes.indexOf(valueOf(tile, i, kind, kind.lane));
  return place < 0 ? NaN : frame.axisHeight + (kind.firstLane + place) * frame.laneHeight;
}

export const lane: Shape = {
  draw(plane, event, { strength, opacity }) {
    const { frame, x0, x1 } = event;
    const bottom = topOf(event) + frame.laneHeight - 1;
    if (Number.isNaN(bottom)) return;
    // Where lanes are thin it reaches over its own.
    const tall = Math.max(5, (frame.laneHeight - 2) * (0.25 + 0.75 * strength));
    box(plane, x0, Math.max(x1, x0 + 3), bottom - tall / 2.2, bottom, opacity * 0.35, DECAY);
    box(plane, x0, x0 + 3, bottom - tall, bottom, Math.max(opacity, 150));
  },
  distance(event, x, y) {
    const top = topOf(event);
    return y >= top && y < top + event.frame.laneHeight ? Math.abs(x - event.x0 - 1) : Infinity;
  },
};
