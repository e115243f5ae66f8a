// What a picture of its levels, below, shows: nothing over that, but the edges of what is chosen.

import { bar } from "./bar.ts";
import { line } from "./line.ts";
import type { Shape } from "./shape.ts";

export const image: Shape = {
  draw(plane, event, ink) {
    if (ink.isChosen) bar.draw(plane, event, ink);
  },
  distance: line.distance,
};
