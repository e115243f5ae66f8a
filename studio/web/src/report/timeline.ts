// Events over the spectrogram: where in the view they are, how they are drawn, and which lies under a place.

import { spokenHz, steps } from "../draw/axis.ts";
import { colourOf } from "../draw/colours.ts";
import { columnOf, rowsOf, secondsAt, type Frame } from "../draw/frame.ts";
import { nearest, toSegment } from "../draw/near.ts";
import { surface } from "../map/surface.ts";
import { clamp, sortColour, type SceneData } from "./data.ts";

const [LEFT, TOP, RIGHT, BOTTOM] = [50, 6, 6, 24];
const REACH_PX = 9;
const BAR_PX = 8; // of notes
const TICKS_HZ = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
const STEPS_S = [1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

export interface Scenery {
  track: string;
  items: boolean; // whether events are shown
  chosen: number;
  positionS: number;
}

export class Timeline {
  fromS = 0;
  toS: number;
  readonly canvas: HTMLCanvasElement;
  private across = 1;
  private down = 1;
  private pictures = new Map<string, HTMLImageElement>();
  private shades = new Map<string, HTMLCanvasElement>();

  private data: SceneData;
  private strength: number[];

  constructor(place: Element, data: SceneData, strength: number[]) {
    this.data = data;
    this.strength = strength;
    this.canvas = place.firstElementChild as HTMLCanvasElement;
    this.toS = Math.max(data.seconds, 1e-3);
  }

  addPicture(track: string, picture: HTMLImageElement): void {
    this.pictures.set(track, picture);
  }

  // --- what is in view

  show(fromS: number, widthS: number): void {
    const { seconds } = this.data;
    const width = clamp(widthS, Math.min(0.02, seconds), Math.max(seconds, 1e-3));
    this.fromS = clamp(fromS, 0, Math.max(0, seconds - width));
    this.toS = this.fromS + width;
  }

  get widthS(): number {
    return this.toS - this.fromS;
  }

  private get frame(): Frame {
    const band = { scale: "erb" as const, lowHz: 0, highHz: this.data.top_hz };
    const pxPerS = this.across / this.widthS;
    return {
      fromS: this.fromS,
      pxPerS,
      width: this.across,
      height: this.down,
      axisHeight: this.down,
      laneHeight: 0,
      band,
    };
  }

  timeAt = (x: number): number => secondsAt(this.frame, x - LEFT);
  secondsIn = (px: number): number => (px / (this.across || 1)) * this.widthS;
  private xOf = (seconds: number): number => LEFT + columnOf(this.frame, seconds);
  private yOf = (hz: number): number => TOP + rowsOf(this.frame)(clamp(hz, 0, this.data.top_hz));
  private isNote = (item: number): boolean => this.data.sort[item] === "note";
  private isBand = (item: number): boolean => this.data.high[item] > this.data.low[item];

  // --- what is under a place

  itemAt(x: number, y: number): number {
    return nearest(
      this.data.sort.length,
      REACH_PX,
      (item) => this.distance(item, x, y) + 3 * (1 - this.strength[item]),
    );
  }

  private distance(item: number, x: number, y: number): number {
    const { start, end, low, high, line } = this.data;
    if (this.isBand(item)) {
      const left = this.xOf(start[item]);
      const right = Math.max(left + 3, this.xOf(end[item]));
      const inside = x >= left && x <= right && y >= this.yOf(high[item]) && y <= this.yOf(low[item]);
      return inside ? 5.5 : Infinity;
    }
    let least = Infinity;
    for (const stroke of line[item]) {
      for (let i = 0; i + 3 < stroke.length; i += 2) {
        const [ax, ay, bx, by] = [
          this.xOf(stroke[i]),
          this.yOf(stroke[i + 1]),
          this.xOf(stroke[i + 2]),
          this.yOf(stroke[i + 3]),
        ];
        least = Math.min(least, toSegment(x, y, ax, ay, bx, by));
      }
    }
    if (this.isNote(item)) return Math.max(0, least - BAR_PX / 2);
    return least;
  }

  // --- pictures

  draw({ track, items, chosen, positionS }: Scenery): void {
    const { pen, width, height } = surface(this.canvas);
    this.across = width - LEFT - RIGHT;
    this.down = height - TOP - BOTTOM;
    this.drawSpectrogram(pen, track);
    this.drawAxes(pen);
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, TOP, this.across, this.down);
    pen.clip();
    if (items) this.drawItems(pen);
    if (chosen >= 0) this.drawItem(pen, chosen, colourOf("chosen"), 1, 3.5);
    pen.fillStyle = colourOf("ink");
    pen.fillRect(this.xOf(positionS) - 0.75, TOP, 1.5, this.down);
    pen.restore();
  }

  private drawSpectrogram(pen: CanvasRenderingContext2D, track: string): void {
    pen.strokeStyle = colourOf("line");
    pen.strokeRect(LEFT + 0.5, TOP + 0.5, this.across - 1, this.down - 1);
    const picture = this.pictures.get(track);
    if (!picture) return;
    const shaded = this.shaded(track, picture);
    const scale = shaded.width / Math.max(this.data.seconds, 1e-3);
    pen.globalAlpha = 0.5;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(shaded, this.fromS * scale, 0, this.widthS * scale, shaded.height, LEFT, TOP, this.across, this.down);
    pen.globalAlpha = 1;
  }

  // The spectrogram, which holds levels as opacity, in the colour of the theme.
  private shaded(track: string, picture: HTMLImageElement): HTMLCanvasElement {
    const shade = colourOf("shade");
    const held = this.shades.get(track + shade);
    if (held) return held;
    const canvas = document.createElement("canvas");
    canvas.width = picture.naturalWidth;
    canvas.height = picture.naturalHeight;
    const pen = canvas.getContext("2d")!;
    pen.drawImage(picture, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = shade;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    this.shades.set(track + shade, canvas);
    return canvas;
  }

  private drawAxes(pen: CanvasRenderingContext2D): void {
    pen.fillStyle = colourOf("quiet");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    let last = Infinity;
    for (const hz of TICKS_HZ) {
      const y = this.yOf(hz);
      if (hz > 0.97 * this.data.top_hz || last - y < 18) continue;
      last = y;
      pen.fillText(spokenHz(hz), LEFT - 6, y);
    }
    const step = STEPS_S.find((seconds) => this.widthS / seconds <= this.across / 80) ?? 20;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const time of steps(this.fromS, this.toS, step)) {
      const x = this.xOf(time);
      if (x < LEFT + this.across - 10)
        pen.fillText(`${+time.toFixed(4)} s`, Math.max(x, LEFT + 10), TOP + this.down + 7);
    }
  }

  private drawItems(pen: CanvasRenderingContext2D): void {
    const { sort, start, end } = this.data;
    const colours: Record<string, string> = {};
    const crowd = clamp(Math.pow((60 * this.widthS) / Math.max(1, sort.length), 0.25), 0.5, 1);
    // Beside notes, which lie over them, the others step back.
    const hasNotes = sort.includes("note");
    for (const notes of hasNotes ? [false, true] : [false]) {
      for (let item = 0; item < sort.length; item++) {
        if (end[item] < this.fromS || start[item] > this.toS || this.isNote(item) !== notes) continue;
        const tint = (colours[sort[item]] ??= sortColour(sort[item]));
        const opacity = (0.2 + 0.8 * this.strength[item]) * crowd * (hasNotes && !notes ? 0.5 : 1);
        this.drawItem(pen, item, tint, opacity, 0.9 + 1.9 * this.strength[item]);
      }
    }
  }

  private drawItem(pen: CanvasRenderingContext2D, item: number, tint: string, opacity: number, width: number): void {
    pen.globalAlpha = opacity;
    if (this.isBand(item)) this.drawBand(pen, item, tint);
    else {
      if (this.isNote(item)) this.drawBar(pen, item, tint);
      pen.strokeStyle = tint;
      pen.lineWidth = width;
      pen.lineCap = pen.lineJoin = "round";
      this.drawLine(pen, item);
    }
    pen.globalAlpha = 1;
  }

  // A bar that fades, with an edge where it begins.
  private drawBand(pen: CanvasRenderingContext2D, item: number, tint: string): void {
    const { start, end, low, high } = this.data;
    const [left, right] = [this.xOf(start[item]), this.xOf(end[item])];
    const [top, bottom] = [this.yOf(high[item]), this.yOf(low[item])];
    const opacity = pen.globalAlpha;
    const fading = pen.createLinearGradient(left, 0, Math.max(left + 2, right), 0);
    fading.addColorStop(0, tint);
    fading.addColorStop(1, "transparent");
    pen.fillStyle = fading;
    pen.globalAlpha = opacity * 0.22;
    pen.fillRect(left, top, Math.max(2, right - left), bottom - top);
    pen.fillStyle = tint;
    pen.globalAlpha = opacity;
    pen.fillRect(left, top, 2, bottom - top);
  }

  // A note as a bar of a piano roll, along its pitch.
  private drawBar(pen: CanvasRenderingContext2D, item: number, tint: string): void {
    const opacity = pen.globalAlpha;
    pen.globalAlpha = 0.45 * opacity;
    pen.strokeStyle = tint;
    pen.lineWidth = BAR_PX;
    pen.lineCap = "butt";
    this.drawLine(pen, item);
    pen.globalAlpha = opacity;
  }

  private drawLine(pen: CanvasRenderingContext2D, item: number): void {
    pen.beginPath();
    for (const stroke of this.data.line[item]) {
      for (let i = 0; i < stroke.length; i += 2) {
        const [x, y] = [this.xOf(stroke[i]), this.yOf(stroke[i + 1])];
        if (i) pen.lineTo(x, y);
        else pen.moveTo(x, y);
      }
    }
    pen.stroke();
  }
}
