// Items as dots, those that sound alike near each other, or along two quantities.

import { colourOf, isDark, rgb, type Rgb } from "../draw/colours.ts";
import { coloursOf, type EventColours } from "../draw/event_colours.ts";
import { nearest } from "../draw/near.ts";
import { strengthOf } from "../draw/strength.ts";
import { paintTag } from "../draw/tag.ts";
import { axesOf, type AxesName, type Axis } from "./map_axes.ts";
import { lineOf, type MapItems } from "./items.ts";
import { surface } from "./surface.ts";

const REACH_PX = 14;
const [LEFT, TOP, RIGHT, BOTTOM] = [58, 12, 12, 40];
const RANGE_DB = 50;
const [TICK_WIDE_PX, TICK_HIGH_PX] = [64, 26];
const N_PARTS = 8;
type Spot = [x: number, y: number];

// What of a map may change while it shows the same items.
export interface MapLook {
  by: EventColours;
  axes: AxesName;
  chosen: ReadonlySet<number>;
  hovered: number; // −1 for none
  lasso: Spot[];
}

export class EventMap {
  private spots: Spot[] = [];
  private items: MapItems | null = null;
  private strength: number[] = [];
  private axes: [Axis, Axis] | null = null;
  private axesName: AxesName | null = null;

  readonly canvas: HTMLCanvasElement;
  private titleOf: (item: number) => string;
  private sortColour: (sort: string) => string;
  private partOf: (note: number) => number;

  constructor(
    canvas: HTMLCanvasElement,
    titleOf: (item: number) => string,
    sortColour: (sort: string) => string,
    partOf: (note: number) => number,
  ) {
    this.canvas = canvas;
    this.titleOf = titleOf;
    this.sortColour = sortColour;
    this.partOf = partOf;
  }

  show(items: MapItems): void {
    if (items === this.items) return;
    this.items = items;
    this.axes = null;
    const loudest = items.level_db.reduce((most, db) => Math.max(most, db), -200);
    this.strength = items.level_db.map((db) => strengthOf(db, loudest, RANGE_DB));
  }

  // --- what is under a place

  itemAt(x: number, y: number): number {
    return nearest(this.spots.length, REACH_PX, (item) => Math.hypot(this.spots[item][0] - x, this.spots[item][1] - y));
  }

  // Those within a loop.
  within(loop: Spot[]): number[] {
    return this.spots.flatMap((spot, item) => (isInside(loop, spot) ? [item] : []));
  }

  // The nearest in a direction, rightwards and upwards; what lies across it counts double.
  beside(item: number, right: number, up: number): number {
    if (!(item in this.spots)) return this.spots.length ? 0 : -1;
    const [x, y] = this.spots[item];
    const found = nearest(this.spots.length, Infinity, (other) => {
      const [dx, dy] = [this.spots[other][0] - x, y - this.spots[other][1]];
      const along = dx * right + dy * up;
      return along > 1e-9 ? along + 2 * (Math.abs(dx * up) + Math.abs(dy * right)) : Infinity;
    });
    return found < 0 ? item : found;
  }

  placeOf(item: number): Spot {
    return this.spots[item];
  }

  // --- the picture

  draw(look: MapLook): void {
    const { items } = this;
    if (!items) return;
    const { pen, width, height } = surface(this.canvas);
    if (!this.axes || this.axesName !== look.axes) this.axes = axesOf(items, (this.axesName = look.axes));
    const [across, up] = this.axes;
    this.spots = items.sort.map((_, item) => [
      LEFT + across.places[item] * (width - LEFT - RIGHT),
      height - BOTTOM - up.places[item] * (height - TOP - BOTTOM),
    ]);
    this.drawAxes(pen, width, height);
    this.drawDots(pen, items, look);
    if (look.lasso.length > 1) drawLoop(pen, look.lasso);
    if (look.hovered in this.spots) {
      this.ring(pen, look.hovered, colourOf("ink"), 6, 1.5);
      const ink = { card: colourOf("card"), edge: colourOf("edge"), ink: colourOf("ink") };
      const lines = [this.titleOf(look.hovered), ...folded(lineOf(items, look.hovered), width)];
      paintTag(pen, { width, height }, this.spots[look.hovered], lines, ink);
    }
  }

  private drawDots(pen: CanvasRenderingContext2D, items: MapItems, look: MapLook): void {
    const paint = this.paints(items, look.by);
    const isMany = look.chosen.size > 1;
    items.sort.forEach((_, item) => {
      if (look.chosen.has(item)) return;
      const strength = this.strength[item];
      this.dot(pen, item, paint(item), (0.35 + 0.5 * strength) * (isMany ? 0.5 : 1), 2 + 3 * strength);
    });
    for (const item of look.chosen) {
      const radius = isMany ? 3 + 3 * this.strength[item] : 7;
      this.dot(pen, item, colourOf("card"), 1, radius + 1.5);
      this.dot(pen, item, colourOf("chosen"), 1, radius);
    }
    pen.globalAlpha = 1;
  }

  // The colour of each item.
  private paints(items: MapItems, by: EventColours): (item: number) => string {
    const sorts = Object.keys(items.sorts);
    const place = new Map(sorts.map((sort, k) => [sort, k]));
    const parts = Array.from({ length: N_PARTS }, (_, k) => rgb(colourOf(`part${k + 1}`)));
    const kinds = sorts.map((sort) => rgb(this.sortColour(sort)));
    const palette = { muted: rgb(colourOf("edge")), kinds, parts, isDark: isDark() };
    const noteOf = {
      byEvent: items.note,
      parts: new Map([...new Set(items.note)].map((note) => [note, this.partOf(note)])),
    };
    const loudestDb = items.level_db.reduce((most, db) => Math.max(most, db), -200);
    const { all, classOf } = coloursOf(by, { palette, noteOf, loudestDb });
    const words = all.map(([r, g, b]: Rgb) => `rgb(${r} ${g} ${b})`);
    const columns = {
      id: items.sort.map((_, item) => item),
      kind: items.sort.map((sort) => place.get(sort) ?? 0),
      start: items.start,
      end: items.end,
      levelDb: items.level_db,
    };
    // The first of all is of what is muted.
    return (item) => words[1 + classOf(columns, item)];
  }

  private dot(pen: CanvasRenderingContext2D, item: number, tint: string, opacity: number, radius: number): void {
    pen.globalAlpha = opacity;
    pen.fillStyle = tint;
    pen.beginPath();
    pen.arc(...this.spots[item], radius, 0, 7);
    pen.fill();
  }

  private ring(pen: CanvasRenderingContext2D, item: number, tint: string, radius: number, width: number): void {
    pen.strokeStyle = tint;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(...this.spots[item], radius, 0, 7);
    pen.stroke();
  }

  private drawAxes(pen: CanvasRenderingContext2D, width: number, height: number): void {
    const [across, up] = this.axes!;
    const [wide, high] = [width - LEFT - RIGHT, height - TOP - BOTTOM];
    const [left, bottom] = [LEFT - 8, height - BOTTOM + 8];
    pen.strokeStyle = colourOf("line");
    pen.fillStyle = colourOf("quiet");
    pen.lineWidth = 1;
    pen.strokeRect(left + 0.5, 4.5, width - left - 4, bottom - 4);
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const { at, text } of across.ticks(Math.floor(wide / TICK_WIDE_PX))) {
      const x = Math.round(LEFT + at * wide) + 0.5;
      line(pen, x, bottom, x, bottom + 4);
      const half = pen.measureText(text).width / 2;
      pen.fillText(text, Math.min(x, width - half - 1), bottom + 6);
    }
    pen.fillText(fitting(pen, across.titles, wide), LEFT + wide / 2, height - 13);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const { at, text } of up.ticks(Math.floor(high / TICK_HIGH_PX))) {
      const y = Math.round(height - BOTTOM - at * high) + 0.5;
      line(pen, left - 4, y, left, y);
      pen.fillText(text, left - 6, y);
    }
    pen.save();
    pen.translate(7, TOP + high / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(fitting(pen, up.titles, high), 0, 0);
    pen.restore();
  }
}

function line(pen: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

const fitting = (pen: CanvasRenderingContext2D, words: string[], px: number): string =>
  words.find((text) => pen.measureText(text).width <= px) ?? words[words.length - 1];

// In two lines where there is no room for one.
function folded(words: string, width: number): string[] {
  if (width > 420) return [words];
  const parts = words.split(", ");
  return [`${parts.slice(0, 2).join(", ")},`, parts.slice(2).join(", ")];
}

function drawLoop(pen: CanvasRenderingContext2D, loop: Spot[]): void {
  pen.strokeStyle = colourOf("chosen");
  pen.lineWidth = 1.5;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  loop.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.stroke();
  pen.setLineDash([]);
}

// A ray to the right crosses the loop an odd number of times.
export function isInside(loop: Spot[], [x, y]: Spot): boolean {
  let inside = false;
  loop.forEach(([x0, y0], k) => {
    const [x1, y1] = loop[(k + 1) % loop.length];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  });
  return inside;
}
