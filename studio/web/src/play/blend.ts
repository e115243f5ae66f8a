// Which controls sound at a place, and how strongly; `motes.synth.player.pad_shares` has the same formula.

import type { Control } from "./document.ts";

export interface Share {
  control: number;
  share: number;
}

const NEAREST = 3;

// The controls that lie nearest to a place on the pad (0 … 1), by inverse squared distance; along x alone where y is
// null, as where the second axis does something else.
export function sharesAt(controls: Control[], x: number, y: number | null): Share[] {
  const near = controls
    .map(({ pad }, control) => ({ control, square: (pad[0] - x) ** 2 + (y === null ? 0 : (pad[1] - y) ** 2) }))
    .sort((a, b) => a.square - b.square || a.control - b.control)
    .slice(0, NEAREST)
    .map(({ control, square }) => ({ control, share: 1 / (square + 1e-6) }));
  const whole = near.reduce((sum, { share }) => sum + share, 0);
  return near.map(({ control, share }) => ({ control, share: share / whole }));
}
