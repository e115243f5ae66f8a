// How seconds and Hz become pixels of a picture; control lanes lie below the axis of frequency.

import { unwarp, warp, type Band } from "./axis.ts";

export interface Frame {
  fromS: number;
  pxPerS: number;
  width: number;
  height: number;
  axisHeight: number;
  laneHeight: number;
  band: Band;
}

// A change that is shown while the hand still drags.
export interface Change {
  byS: number;
  ratio: number;
  stretch: number; // about the onset
  db?: number; // louder
}
export const AS_IT_IS: Change = { byS: 0, ratio: 1, stretch: 1 };

export const columnOf = (frame: Frame, seconds: number): number => (seconds - frame.fromS) * frame.pxPerS;
export const secondsAt = (frame: Frame, x: number): number => frame.fromS + x / frame.pxPerS;

// The row of a frequency, as a function that is quick to ask many times.
export function rowsOf(frame: Frame, ratio = 1): (hz: number) => number {
  const { scale, lowHz, highHz } = frame.band;
  const low = warp(scale, lowHz);
  const perUnit = frame.axisHeight / (warp(scale, highHz) - low);
  return (hz) => frame.axisHeight - (warp(scale, hz * ratio) - low) * perUnit;
}

export function hzOfRow(frame: Frame, y: number): number {
  const { scale, lowHz, highHz } = frame.band;
  const low = warp(scale, lowHz);
  return unwarp(scale, low + (1 - y / frame.axisHeight) * (warp(scale, highHz) - low));
}
