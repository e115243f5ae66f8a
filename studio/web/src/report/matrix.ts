// The parameters of all items of a sort: a column for each item, a row for each parameter that differs.

import { colourOf } from "../draw/colours.ts";
import { titled } from "../state/words.ts";
import { clamp, wordOf, type Sort } from "./data.ts";
import { sortColour, surface } from "./surface.ts";

const LEFT_PX = 104;
const [TOP_PX, ROW_PX] = [20, 24];
const IN_OCTAVES = /_hz$|amplitude|window|duration|n_atoms/; // what the ear hears by ratios

export class Matrix {
  readonly box = document.createElement("div");
  readonly canvas = document.createElement("canvas");
  private rows: number[]; // numbers of the parameters that are shown

  private name: string;
  readonly sort: Sort;

  constructor(name: string, sort: Sort) {
    this.name = name;
    this.sort = sort;
    const { items, params, values } = sort;
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

  // The item in whose column x is; −1 beside them.
  itemAt(x: number): number {
    const { items } = this.sort;
    if (x < LEFT_PX) return -1;
    const column = Math.floor(((x - LEFT_PX) / (this.canvas.clientWidth - LEFT_PX)) * items.length);
    return items[clamp(column, 0, items.length - 1)];
  }

  beside(chosen: number, step: number): number {
    const { items } = this.sort;
    const at = items.indexOf(chosen);
    return items[at < 0 ? 0 : clamp(at + step, 0, items.length - 1)];
  }

  draw(chosen: number): void {
    const { items } = this.sort;
    const { pen, width } = surface(this.canvas);
    const cell = (width - LEFT_PX) / items.length;
    pen.fillStyle = colourOf("quiet");
    pen.textBaseline = "alphabetic";
    const word = this.name === "gabor" ? "single atoms" : `${this.name}s`;
    pen.fillText(`${items.length.toLocaleString("en")} ${word}`, LEFT_PX, 13);
    this.rows.forEach((param, row) => this.drawRow(pen, param, TOP_PX + ROW_PX * row, cell));
    pen.globalAlpha = 1;
    const at = items.indexOf(chosen);
    if (at < 0) return;
    pen.strokeStyle = colourOf("chosen");
    pen.lineWidth = 2;
    pen.strokeRect(LEFT_PX + at * cell - 2, TOP_PX - 2, cell + 4, ROW_PX * this.rows.length);
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
    pen.fillStyle = sortColour(this.name);
    warped.forEach((value, column) => {
      pen.globalAlpha = 0.06 + 0.94 * (high > low ? (value - low) / (high - low) : 0.5);
      pen.fillRect(LEFT_PX + column * cell, top, Math.max(cell, 0.6), 22);
    });
  }
}
