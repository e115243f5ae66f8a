// What lies over the timeline and follows the pointer, on a canvas of its own: nothing below is painted anew for it.

import { FONT, LEFT_PX, type Ink } from "./axes.ts";
import { paintTag } from "./tag.ts";
import { columnOf, rowsOf, type Frame } from "./frame.ts";
import { spokenDistance, type Point } from "./pointing.ts";

export interface OnGlass {
  pointer: Point | null;
  harmonics: boolean;
  measured: [Point, Point] | null;
  tag: { x: number; y: number; words: string[] } | null; // beside the pointer while something is dragged
}

const MOST_HARMONICS = 100;
const LEAST_GAP_PX = 5;
const LEAST_NUMBER_PX = 13;

export function paintGlass(canvas: HTMLCanvasElement, frame: Frame, seen: OnGlass, ink: Ink): void {
  const density = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
  }
  const pen = canvas.getContext("2d")!;
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.save();
  pen.translate(LEFT_PX, 0);
  pen.beginPath();
  pen.rect(0, 0, frame.width, frame.axisHeight);
  pen.clip();
  if (seen.pointer && seen.harmonics) paintHarmonics(pen, frame, seen.pointer, ink);
  if (seen.measured) paintMeasured(pen, frame, seen.measured, ink);
  if (seen.tag) paintTag(pen, plotOf(frame), [seen.tag.x, seen.tag.y], seen.tag.words, ink);
  pen.restore();
}

// A line that is seen on dark and on light.
function line(pen: CanvasRenderingContext2D, ink: Ink, x0: number, y0: number, x1: number, y1: number): void {
  for (const [colour, wide] of [
    [ink.card, 3],
    [ink.chosen, 1.2],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  }
}

function paintHarmonics(pen: CanvasRenderingContext2D, frame: Frame, { seconds, hz }: Point, ink: Ink): void {
  const rowOf = rowsOf(frame);
  const x = columnOf(frame, seconds);
  let last = Infinity;
  let named = rowOf(hz);
  pen.font = FONT.replace("12px", "11px");
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  for (let k = 1; k <= MOST_HARMONICS && k * hz <= frame.band.highHz; k++) {
    const y = rowOf(k * hz);
    if (last - y < LEAST_GAP_PX) break;
    last = y;
    pen.globalAlpha = k === 1 ? 0.9 : 0.6;
    line(pen, ink, 0, y, frame.width, y);
    pen.globalAlpha = 1;
    if (named - y < LEAST_NUMBER_PX) continue;
    named = y;
    words(pen, ink, `${k}`, x + 10, y);
  }
  pen.globalAlpha = 1;
}

const plotOf = ({ width, axisHeight }: Frame) => ({ width, height: axisHeight });

function words(pen: CanvasRenderingContext2D, ink: Ink, text: string, x: number, y: number): void {
  pen.lineJoin = "round";
  pen.strokeStyle = ink.card;
  pen.lineWidth = 4;
  pen.strokeText(text, x, y);
  pen.fillStyle = ink.chosen;
  pen.fillText(text, x, y);
}

function paintMeasured(pen: CanvasRenderingContext2D, frame: Frame, [from, to]: [Point, Point], ink: Ink): void {
  const rowOf = rowsOf(frame);
  const [x0, y0, x1, y1] = [columnOf(frame, from.seconds), rowOf(from.hz), columnOf(frame, to.seconds), rowOf(to.hz)];
  line(pen, ink, x0, y0, x1, y1);
  pen.globalAlpha = 0.55;
  pen.setLineDash([3, 3]);
  line(pen, ink, x0, y0, x1, y0);
  line(pen, ink, x1, y0, x1, y1);
  pen.setLineDash([]);
  pen.globalAlpha = 1;
  for (const [x, y] of [
    [x0, y0],
    [x1, y1],
  ]) {
    pen.beginPath();
    pen.arc(x, y, 4, 0, 7);
    pen.fillStyle = ink.chosen;
    pen.fill();
    pen.strokeStyle = ink.card;
    pen.lineWidth = 1.5;
    pen.stroke();
  }
  paintTag(pen, plotOf(frame), [x1, y1], spokenDistance(from, to), ink);
}
