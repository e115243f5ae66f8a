// The items of a scene as its map and matrix show them: notes, events, or of many atoms their partials. As
// `motes.report.event_map` writes them, a column each.

import { spokenHz } from "../draw/axis.ts";
import { number } from "../state/words.ts";

// Of all items of a sort: which they are, and a row of values for each parameter.
export interface Sort {
  items: number[];
  params: [name: string, unit: string, meaning: string][];
  values: number[][];
}

export interface MapItems {
  method: string; // of the plane: x and y, 0 … 1
  edges: [number, number][]; // what 0 and 1 of both axes are
  along: [name: string, r: number][][]; // what rises or falls along them
  sort: string[];
  start: number[]; // s
  end: number[];
  low: number[]; // Hz
  high: number[];
  level_db: number[];
  note: number[]; // none where there are no notes
  x: number[];
  y: number[];
  sorts: Record<string, Sort>;
}

const HIGHEST_HZ = 20000; // of what is open upwards

// How an item, and several of them, are called.
export const wordOf = (sort: string): string => (sort === "gabor" ? "atom" : sort);

// The middle of its band, by ratios.
export const pitchOf = ({ low, high }: MapItems, item: number): number =>
  Math.sqrt(Math.max(low[item], 20) * Math.max(Math.min(high[item], HIGHEST_HZ), 20));

export const spokenSeconds = (seconds: number): string =>
  seconds < 0.1 ? `${number(+(1000 * seconds).toPrecision(3))} ms` : `${number(+seconds.toPrecision(3))} s`;

export const spokenDb = (db: number): string => `${Math.round(db)} dB`.replace("-", "−");

// What there is to say of one in a line.
export function lineOf(items: MapItems, item: number): string {
  const { start, end, low, high, level_db } = items;
  const hz =
    high[item] - low[item] < 1e-3 * high[item]
      ? spokenHz(high[item])
      : `${spokenHz(low[item])} – ${spokenHz(Math.min(high[item], HIGHEST_HZ))}`;
  const at = `${number(+start[item].toFixed(3))} s`;
  return `${at}, ${spokenSeconds(end[item] - start[item])} long, ${hz}, ${spokenDb(level_db[item])}`;
}
