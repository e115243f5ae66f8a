// What a report holds of a scene for its script, as `motes.report.page` writes it.

// Of all items of a sort: which they are, and a row of values for each parameter.
export interface Sort {
  items: number[];
  params: [name: string, unit: string, meaning: string][];
  values: number[][];
}

// Columns are by item, in order of time.
export interface SceneData {
  seconds: number;
  top_hz: number;
  sort: string[];
  start: number[];
  end: number[];
  low: number[];
  high: number[];
  line: number[][][]; // strokes, each s, Hz, s, Hz, …
  // Where each is in the sound of all events, and how loud it is in the scene.
  at: [start: number[], length: number[], gain: number[]];
  x: number[];
  y: number[];
  sorts: Record<string, Sort>;
}

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

// How an item, and several of them, are called.
export const wordOf = (sort: string): string => (sort === "gabor" ? "atom" : sort);
