// The colours that events are drawn in: by kind, by how loud or how long they are, or by the note or part they are of.

import { colourIn } from "./colour_maps.ts";
import type { Rgb } from "./colours.ts";
import type { Palette } from "./messages.ts";
import { strengthOf } from "./strength.ts";

export type EventColours = "kind" | "level" | "window" | "note" | "part";
// The note of each event, 0 for none, and the part of each note.
export interface NoteOf {
  byEvent: ArrayLike<number>;
  parts: Map<number, number>;
}
export const NO_NOTES: NoteOf = { byEvent: new Uint32Array(0), parts: new Map() };

export type ColourPalette = Pick<Palette, "muted" | "kinds" | "parts" | "isDark">;

const STEPS = 8;
const SHORTEST_S = 0.004;
const OCTAVES = 9; // from the shortest to 2 s

// Columns of events, or of what stands for such.
export interface Coloured {
  id: ArrayLike<number>; // in NoteOf
  kind: ArrayLike<number>; // place among the palette's kinds
  start: ArrayLike<number>;
  end: ArrayLike<number>;
  levelDb: ArrayLike<number>;
}

export interface Colours {
  all: Rgb[]; // by the number of the plane: the first is of what is muted
  classOf: (events: Coloured, i: number) => number;
}

// Steps of one map, each told apart on the paper there is: its palest end is left out.
function steps(isDark: boolean): Rgb[] {
  const [low, high] = isDark ? [0.3, 1] : [0, 0.82];
  return Array.from({ length: STEPS }, (_, k) => colourIn("viridis", low + ((high - low) * k) / (STEPS - 1)));
}

const stepOf = (part: number): number => Math.min(STEPS - 1, Math.max(0, Math.floor(STEPS * part)));

export function coloursOf(
  by: EventColours,
  { palette, noteOf, loudestDb }: { palette: ColourPalette; noteOf: NoteOf; loudestDb: number },
): Colours {
  const { muted, kinds, parts, isDark } = palette;
  const { byEvent } = noteOf;
  const noteAt = (tile: Coloured, i: number) => byEvent[tile.id[i]] ?? 0;
  const byNumber = (number: number) => (number ? 1 + ((number - 1) % parts.length) : 0);
  if (by === "level")
    return { all: [muted, ...steps(isDark)], classOf: (tile, i) => stepOf(strengthOf(tile.levelDb[i], loudestDb)) };
  if (by === "window") {
    const octaves = (tile: Coloured, i: number) =>
      Math.log2(Math.max(SHORTEST_S, tile.end[i] - tile.start[i]) / SHORTEST_S);
    return { all: [muted, ...steps(isDark)], classOf: (tile, i) => stepOf(octaves(tile, i) / OCTAVES) };
  }
  if (by === "note") return { all: [muted, muted, ...parts], classOf: (tile, i) => byNumber(noteAt(tile, i)) };
  if (by === "part") {
    const partOf = (tile: Coloured, i: number) => noteOf.parts.get(noteAt(tile, i)) ?? 0;
    return { all: [muted, muted, ...parts], classOf: (tile, i) => byNumber(partOf(tile, i)) };
  }
  return { all: [muted, ...kinds], classOf: (tile, i) => tile.kind[i] };
}

// What a legend says of the steps of level and length.
export function legendOf(by: EventColours, isDark: boolean): { words: [string, string]; colours: Rgb[] } | null {
  if (by === "level") return { words: ["soft", "loud"], colours: steps(isDark) };
  if (by === "window") return { words: ["short", "long"], colours: steps(isDark) };
  return null;
}
