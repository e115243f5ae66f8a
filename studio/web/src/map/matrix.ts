// The parameters of all items of a sort: a column for each item, a row for each parameter that differs.

import { colourOf } from "../draw/colours.ts";
import { paintTag } from "../draw/tag.ts";
import { number, titled } from "../state/words.ts";
import { wordOf, type Sort } from "./items.ts";
import { surface } from "./surface.ts";

const LEFT_PX = 104;
const [TOP_PX, ROW_PX] = [20, 24];
const IN_OCTAVES = /_hz$|amplitude|window|duration|n_atoms/; // what the ear hears by ratios
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

// What the pointer is over: an item, and the number of a parameter, −1 beside them.
export interface Cell {
  item: number;
  param: number;
}
export const NO_CELL: Cell = { item: -1, param: -1 };

export class Matrix {
  readonly box = document.createElement("div");
  readonly canvas = document.createElement("canvas");
  private rows: number[]; // numbers of the parameters that are shown
  private places: Map<number, number>; // the column of each item

  private name: string;
  readonly sort: Sort;
  private titleOf: (item: number) => string;
  private sortColour: (sort: string) => string;

  constructor(name: string, sort: Sort, titleOf: (item: number) => string, sortColour: (sort: string) => string) {
    this.name = name;
    this.sort = sort;
    this.titleOf = titleOf;
    this.sortColour = sortColour;
    const { items, params, values } = sort;
    this.places = new Map(items.map((item, column) => [item, column]));
    const differs = (row: number[]) => row.some((value) => value !== row[0]);
    this.rows = params.map((_, row) => row).filter((row) => differs(values[row]) || items.length === 1);
    this.box.className = "matrix view";
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "application");
    this.box.setAttribute("aria-label", `Parameters of ${items.length} ${wordOf(name)}s`);
    this.box.style.height = `${ROW_PX * this.rows.length + 22}px`;
    this.canvas.dataset.sort = name;
    this.box.append(this.canvas);
  }

  cellAt(x: number, y: number): Cell {
    const { items } = this.sort;
    if (x < LEFT_PX) return NO_CELL;
    const column = Math.floor(((x - LEFT_PX) / (this.canvas.clientWidth - LEFT_PX)) * items.length);
    const row = Math.floor((y - TOP_PX) / ROW_PX);
    return { item: items[clamp(column, 0, items.length - 1)], param: this.rows[row] ?? -1 };
  }

  beside(item: number, step: number): number {
    const { items } = this.sort;
    const at = this.places.get(item);
    return items[at === undefined ? 0 : clamp(at + step, 0, items.length - 1)];
  }

  draw(chosen: ReadonlySet<number>, hovered: Cell = NO_CELL): void {
    const { items } = this.sort;
    const { pen, width, height } = surface(this.canvas);
    const cell = (width - LEFT_PX) / items.length;
    pen.fillStyle = colourOf("quiet");
    pen.textBaseline = "alphabetic";
    const word = this.name === "gabor" ? "single atoms" : `${this.name}s`;
    pen.fillText(`${items.length.toLocaleString("en")} ${word}`, LEFT_PX, 13);
    this.rows.forEach((param, row) => this.drawRow(pen, param, TOP_PX + ROW_PX * row, cell));
    pen.globalAlpha = 1;
    const columns = [...chosen].flatMap((item) => this.places.get(item) ?? []);
    pen.strokeStyle = pen.fillStyle = colourOf("chosen");
    pen.lineWidth = 2;
    if (columns.length === 1)
      pen.strokeRect(LEFT_PX + columns[0] * cell - 2, TOP_PX - 2, cell + 4, ROW_PX * this.rows.length);
    else for (const column of columns) pen.fillRect(LEFT_PX + column * cell, TOP_PX - 4, Math.max(cell, 1), 3);
    const at = this.places.get(hovered.item);
    if (at !== undefined && hovered.param >= 0) {
      const ink = { card: colourOf("card"), edge: colourOf("edge"), ink: colourOf("ink") };
      const y = TOP_PX + ROW_PX * (this.rows.indexOf(hovered.param) + 1);
      paintTag(pen, { width, height }, [LEFT_PX + (at + 0.5) * cell, y], this.words(hovered), ink);
    }
  }

  private words({ item, param }: Cell): string[] {
    const [name, unit] = this.sort.params[param];
    const value = number(+this.sort.values[param][this.places.get(item)!].toPrecision(4));
    return [`${this.titleOf(item)}: ${titled(name, "")} ${value} ${unit}`.trim()];
  }

  private drawRow(pen: CanvasRenderingContext2D, param: number, top: number, cell: number): void {
    const [name] = this.sort.params[param];
    const values = this.sort.values[param];
    const warped = IN_OCTAVES.test(name) ? values.map((value) => Math.log(Math.max(value, 1e-6))) : values;
    const low = warped.reduce((least, value) => Math.min(least, value), Infinity);
    const high = warped.reduce((most, value) => Math.max(most, value), -Infinity);
    pen.globalAlpha = 1;
    pen.fillStyle = colourOf("ink");
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    pen.fillText(titled(name, ""), 0, top + 11);
    pen.fillStyle = this.sortColour(this.name);
    warped.forEach((value, column) => {
      pen.globalAlpha = 0.06 + 0.94 * (high > low ? (value - low) / (high - low) : 0.5);
      pen.fillRect(LEFT_PX + column * cell, top, Math.max(cell, 0.6), 22);
    });
  }
}
