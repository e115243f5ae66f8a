// What the page knows of a kind of event is what the server says of it: here as what drawing needs, in a form that
// workers can be sent.

import type { Kind } from "../api.ts";
import type { EventTile } from "./event_tile.ts";

export interface DrawnKind {
  name: string;
  shape: Kind["shape"];
  columns: string[]; // what the spare and further columns of tiles hold
  lane: string; // the column that numbers its lanes
  lanes: number[]; // the numbers of these, in their order
  firstLane: number; // above them are lanes of other kinds
  ringT60s: number; // for how many times t60_s the end of an event counts what rings on
}

export const drawnKind = (kind: Kind, lanes: number[] = [], firstLane = 0): DrawnKind => ({
  name: kind.kind,
  shape: kind.shape,
  columns: [...kind.aux, ...kind.more],
  lane: kind.lane,
  lanes,
  firstLane,
  ringT60s: kind.ring_t60s,
});

// The value of a column that tiles hold for this kind alone; 0 where they do not.
export function valueOf(tile: EventTile, i: number, kind: DrawnKind, column: string): number {
  const place = kind.columns.indexOf(column);
  return (place < 2 ? tile.aux[place] : tile.more[place - 2])?.[i] ?? 0;
}
