// Levels as pixels: the opacity of one colour, or a map of colours.

import { colourIn } from "./colour_maps.ts";
import type { Rgb } from "./colours.ts";
import type { Frame } from "./frame.ts";
import type { Picture } from "./messages.ts";

const DEEPEST_DB = 120; // level 0; 255 is 0 dB
const TOP_DB = -14; // what is as strong is as dark as can be, without gain
const MOST_OPAQUE = 0.62;
export const BAND_OPACITY = 0.3; // of a band of noise: one looks through it

const levelOf = (db: number): number => 255 * (1 + db / DEEPEST_DB);
const packed = ([red, green, blue]: Rgb, opacity: number): number =>
  (Math.round(red) | (Math.round(green) << 8) | (Math.round(blue) << 16) | (Math.round(opacity) << 24)) >>> 0;

// The pixel of each level, 0 … 255: opacities of one colour, none below `floor` and most at `ceiling`.
export function fading(colour: Rgb, floor: number, ceiling: number, most: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, level) =>
    packed(colour, 255 * most * part(level, floor, ceiling) ** 1.6),
  );
}

const part = (level: number, floor: number, ceiling: number): number =>
  Math.min(1, Math.max(0, (level - floor) / Math.max(1, ceiling - floor)));

// The pixel of each level as a spectrogram is to be shown: what is `rangeDb` below the strongest is as pale as can be.
export function pixelsOf({ colours, gainDb, rangeDb }: Picture, shade: Rgb): Uint32Array {
  const ceiling = levelOf(TOP_DB - gainDb);
  const floor = levelOf(TOP_DB - gainDb - rangeDb);
  if (colours === "plain") return fading(shade, floor, ceiling, MOST_OPAQUE);
  return Uint32Array.from({ length: 256 }, (_, level) => packed(colourIn(colours, part(level, floor, ceiling)), 255));
}

export function coloured(levels: Uint8Array, { width, height, axisHeight }: Frame, pixels: Uint32Array): ImageData {
  const image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  for (let k = 0; k < width * axisHeight; k++) out[k] = pixels[levels[k]];
  return image;
}
