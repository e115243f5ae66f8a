// What a report holds of a scene for its script, as `motes.report.page` writes it.

import { colourOf } from "../draw/colours.ts";
import type { MapItems } from "../map/items.ts";

// Columns are by item, in order of time.
export interface SceneData extends MapItems {
  seconds: number;
  top_hz: number;
  line: number[][][]; // strokes, each s, Hz, s, Hz, …
  // Where each is in the sound of all events, and how loud it is in the scene.
  at: [start: number[], length: number[], gain: number[]];
}

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

// Of a sort of items, as the style sheet has it.
export const sortColour = (sort: string): string => colourOf(sort) || colourOf("quiet");
