// What the page and the worker that draws say to each other.

import type { Change, Frame } from "./frame.ts";
import type { Band } from "./axis.ts";
import type { Channel } from "../api.ts";
import type { MapName } from "./colour_maps.ts";
import type { Rgb } from "./colours.ts";
import type { EventColours, NoteOf } from "./event_colours.ts";
import type { DrawnKind } from "./kind.ts";

// How levels become colours, and of which sound they are.
export interface Picture {
  colours: "plain" | MapName;
  gainDb: number;
  rangeDb: number;
  windowS: number;
  channel: Channel;
}

// What a picture shows and how; two that agree in all of it are the same picture.
export interface Look {
  layer: "spectrogram" | "image" | "events" | "partials" | "chosen";
  track: string; // whose spectrogram; of an image the kind whose levels it shows
  revision: number;
  version: string; // of the selection and the colours
  pxPerS: number; // device pixels
  height: number;
  axisHeight: number;
  laneHeight: number;
  density: number; // device pixels for each of the style sheet's
  band: Band;
  change: Change;
  picture: Picture;
  eventColours: EventColours;
}

export interface Order extends Look {
  id: number;
  index: number; // the picture begins at index · TILE_PX / pxPerS seconds
}

export const TILE_PX = 512;

export interface Palette {
  kinds: Rgb[];
  parts: Rgb[];
  isDark: boolean;
  muted: Rgb;
  partial: Rgb;
  chosen: Rgb;
  shade: Rgb;
}

export type ToWorker =
  | {
      type: "document";
      document: string;
      kinds: DrawnKind[];
      finestLevel: number;
      coarsestLevel: number;
      durationS: number;
      nEvents: number;
    }
  | { type: "palette"; palette: Palette }
  | { type: "notes"; notes: NoteOf }
  | { type: "chosen"; ranges: number[]; nEvents: number }
  | { type: "order"; order: Order }
  | { type: "cancel"; id: number }
  | { type: "hit"; id: number; revision: number; frame: Frame; x: number; y: number };

export type FromWorker =
  | { type: "picture"; id: number; bitmap: ImageBitmap | null }
  | { type: "failed"; id: number }
  | { type: "hit"; id: number; event: number };
