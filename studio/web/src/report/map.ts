// Events as dots, those that sound alike near each other.

import { colourOf } from "../draw/colours.ts";
import { nearest } from "../draw/near.ts";
import type { SceneData } from "./data.ts";
import { sortColour, surface } from "./surface.ts";

const REACH_PX = 14;
const MARGIN_PX = 14;

export class EventMap {
  readonly canvas: HTMLCanvasElement;
  private spots: [number, number][] = [];

  private data: SceneData;
  private strength: number[];

  constructor(place: Element, data: SceneData, strength: number[]) {
    this.data = data;
    this.strength = strength;
    this.canvas = place.firstElementChild as HTMLCanvasElement;
  }

  itemAt(x: number, y: number): number {
    return nearest(this.spots.length, REACH_PX, (item) => Math.hypot(this.spots[item][0] - x, this.spots[item][1] - y));
  }

  draw(chosen: number): void {
    const { pen, width, height } = surface(this.canvas);
    const { x, y, sort } = this.data;
    pen.strokeStyle = colourOf("line");
    pen.strokeRect(0.5, 0.5, width - 1, height - 1);
    this.spots = x.map((value, item) => [
      MARGIN_PX + value * (width - 2 * MARGIN_PX),
      height - MARGIN_PX - y[item] * (height - 2 * MARGIN_PX),
    ]);
    const dot = (item: number, tint: string, opacity: number, radius: number) => {
      pen.globalAlpha = opacity;
      pen.fillStyle = tint;
      pen.beginPath();
      pen.arc(...this.spots[item], radius, 0, 7);
      pen.fill();
    };
    const colours: Record<string, string> = {};
    sort.forEach((name, item) => {
      colours[name] ??= sortColour(name);
      dot(item, colours[name], 0.35 + 0.5 * this.strength[item], 2 + 3 * this.strength[item]);
    });
    if (chosen >= 0) {
      dot(chosen, colourOf("card"), 1, 9);
      dot(chosen, colourOf("chosen"), 1, 7);
    }
    pen.globalAlpha = 1;
  }
}
