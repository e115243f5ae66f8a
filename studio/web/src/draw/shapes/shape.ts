// A shape: how an event is drawn, and how near a place on the screen is to it.

import type { EventTile } from "../event_tile.ts";
import type { Frame } from "../frame.ts";
import type { DrawnKind } from "../kind.ts";
import type { Plane } from "../plane.ts";

// An event of a tile, and from which column to which it lies in the frame.
export interface Placed {
  tile: EventTile;
  i: number;
  kind: DrawnKind;
  frame: Frame;
  rowOf: (hz: number) => number;
  x0: number;
  x1: number;
}

export interface Ink {
  strength: number; // 0 … 1
  opacity: number; // 0 … 255
  thick: number; // px
  isChosen: boolean;
}

export interface Shape {
  draw(plane: Plane, event: Placed, ink: Ink): void;
  distance(event: Placed, x: number, y: number): number; // px; Infinity where it is not hit there
}

export const INSIDE_PX = 5.5; // what being inside of an area counts, so that what lies on it is hit first
