// What the pointer is at, and how far two places are from each other, in words.

import { spokenTime } from "./axis.ts";
import type { Change } from "./frame.ts";
import { pitchName, pitchOfHz } from "./pitch.ts";

// A place of the plot, and how loud it is there, where that is known.
export interface Point {
  seconds: number;
  hz: number;
}

const LOWEST_NOTE_HZ = 16;
export const minus = (text: string): string => text.replace("-", "−");
export const signed = (value: number, digits: number, unit: string): string => {
  const rounded = Math.abs(value).toFixed(digits);
  return `${Number(rounded) === 0 ? "±" : value < 0 ? "−" : "+"}${rounded} ${unit}`;
};

export const spokenSeconds = (seconds: number): string => spokenTime(Math.max(0, seconds), 0.001);
export const spokenDb = (db: number): string => (db <= -120 ? "silent" : minus(`${db.toFixed(1)} dB`));

export const spokenFrequency = (hz: number): string =>
  hz >= 10_000 ? `${(hz / 1000).toFixed(2)} kHz` : `${hz.toFixed(1)} Hz`;

// The nearest key, and how far off it is: "A4 +3 cents".
export function spokenPitch(hz: number): string {
  if (hz < LOWEST_NOTE_HZ) return "";
  const pitch = pitchOfHz(hz);
  const cents = Math.round(100 * (pitch - Math.round(pitch)));
  return `${pitchName(pitch)} ${cents < 0 ? "−" : "+"}${Math.abs(cents)} cents`;
}

const milliseconds = (seconds: number): string =>
  Math.abs(seconds) < 1 ? signed(1000 * seconds, 1, "ms") : signed(seconds, 3, "s");

// From one place to another: time, the frequency that it is one period of, frequency, interval.
export function spokenDistance(from: Point, to: Point): string[] {
  const seconds = to.seconds - from.seconds;
  const period = Math.abs(seconds) > 1e-4 ? [`1/Δt ${+(1 / Math.abs(seconds)).toPrecision(4)} Hz`] : [];
  const semitones = 12 * Math.log2(Math.max(to.hz, 1) / Math.max(from.hz, 1));
  return [
    `Δt ${milliseconds(seconds)}`,
    ...period,
    `Δf ${signed(to.hz - from.hz, 1, "Hz")}`,
    signed(semitones, 2, "semitones"),
  ];
}

// What a drag does as it stands.
export function spokenChange({ byS, ratio, stretch, db }: Change): string[] {
  const found: string[] = [];
  if (byS) found.push(milliseconds(byS));
  if (ratio !== 1) found.push(signed(12 * Math.log2(ratio), 2, "semitones"));
  if (stretch !== 1) found.push(`× ${stretch.toFixed(3)} in length`);
  if (db) found.push(signed(db, 1, "dB"));
  return found;
}
