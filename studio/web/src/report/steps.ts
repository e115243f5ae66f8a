// Which item the arrow keys go to from the chosen one.

import { warp } from "../draw/axis.ts";
import { nearest } from "../draw/near.ts";
import { clamp, type SceneData } from "./data.ts";

export function besideInTime(data: SceneData, chosen: number, step: 1 | -1): number {
  const last = data.sort.length - 1;
  return chosen < 0 ? (step > 0 ? 0 : last) : clamp(chosen + step, 0, last);
}

// The nearest whose pitch is above (or below), among those at about the same time; a view's width counts as 30 ERB.
export function besideInPitch(data: SceneData, chosen: number, isUp: boolean, widthS: number): number {
  const pitch = (item: number) => warp("erb", (data.low[item] + Math.min(data.high[item], data.top_hz)) / 2);
  const time = (item: number) => (data.start[item] + data.end[item]) / 2;
  return least(data, chosen, (item) => {
    const rise = (pitch(item) - pitch(chosen)) * (isUp ? 1 : -1);
    return rise <= 1e-9 ? Infinity : rise + (30 * Math.abs(time(item) - time(chosen))) / Math.max(0.2, widthS);
  });
}

function least(data: SceneData, chosen: number, distance: (item: number) => number): number {
  if (chosen < 0) return 0;
  const found = nearest(data.sort.length, Infinity, distance);
  return found < 0 ? chosen : found;
}
