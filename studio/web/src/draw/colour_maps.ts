// Maps from levels to colours whose lightness rises evenly: matplotlib's viridis, magma and cividis (CC0), nine of their
// colours each. Cividis looks alike to those who do not tell red from green (Nuñez, Anderton and Renslow 2018).

import { rgb, type Rgb } from "./colours.ts";

export const MAPS = {
  viridis: "#440154 #472d7b #3b528b #2c728e #21918c #28ae80 #5ec962 #addc30 #fde725",
  magma: "#000004 #1d1147 #51127c #832681 #b73779 #e75263 #fc8961 #fec488 #fcfdbf",
  cividis: "#00224e #1a386f #434e6c #61656f #7d7c78 #9b9476 #bcae6c #dec958 #fee838",
} as const;
export type MapName = keyof typeof MAPS;

// The colour of a part, 0 … 1, of a map.
export function colourIn(name: MapName, part: number): Rgb {
  const anchors = MAPS[name].split(" ").map(rgb);
  const at = Math.min(1, Math.max(0, part)) * (anchors.length - 1);
  const low = Math.min(anchors.length - 2, Math.floor(at));
  return [0, 1, 2].map((k) => anchors[low][k] + (at - low) * (anchors[low + 1][k] - anchors[low][k])) as Rgb;
}

// As a gradient of a style sheet, dark to light.
export const gradientOf = (name: MapName): string => `linear-gradient(to right, ${MAPS[name].split(" ").join(", ")})`;
