// What a page and its worklet say to each other.

import type { Deformation } from "./deformation.ts";
import type { Instrument } from "./document.ts";
import type { Strike } from "./engine.ts";

export const PROCESSOR = "motes-instrument";

export interface Options {
  instrument: Instrument;
  strikes?: Strike[];
  held?: Partial<Deformation>;
  plain?: boolean;
}

export type Message =
  | { do: "strike"; strikes: (Strike & { atS?: number })[]; id: number }
  | { do: "hold"; deformation: Partial<Deformation> }
  | { do: "bend"; key: string; deformation: Partial<Deformation> }
  | { do: "silence" }
  | { do: "end" };

// What comes back: which kernel runs; how many blocks took longer than they last, and how much of its time the thread was
// busy; after how many samples the first strike since silence was heard; at which frame strikes came.
export type Report =
  | { kernel: string }
  | { late: number; blocks: number; busy: number; sounding: number }
  | { latency: number }
  | { struck: number; frame: number };
