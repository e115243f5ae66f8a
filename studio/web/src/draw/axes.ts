// Axes with their units, and the names of control lanes.

import { frequencyTicks, heightOf, niceStep, spokenHz, spokenTime, steps, type Band } from "./axis.ts";

export interface Ink {
  ink: string;
  quiet: string;
  line: string;
  edge: string;
  card: string;
  chosen: string;
  accent: string;
  key: string; // of a piano: white, black, and what is between them and on them
  blackKey: string;
  keyEdge: string;
  keyText: string;
}

// Lanes below the axis of frequency: one for each number of a kind that is in use.
export interface Lanes {
  kind: string;
  title: string;
  numbers: number[];
}

export const LEFT_PX = 58;
export const BOTTOM_PX = 24;
export const FONT = "12px system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

export function paintFrequencies(
  pen: CanvasRenderingContext2D,
  band: Band,
  height: number,
  width: number,
  ink: Ink,
): void {
  pen.font = FONT;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.lineWidth = 1;
  for (const hz of frequencyTicks(band, 22 / Math.max(height, 1))) {
    const y = Math.round(height * (1 - heightOf(band, hz))) + 0.5;
    pen.globalAlpha = 0.45;
    pen.strokeStyle = ink.line;
    pen.beginPath();
    pen.moveTo(LEFT_PX - 4, y);
    pen.lineTo(LEFT_PX + width, y);
    pen.stroke();
    pen.globalAlpha = 1;
    pen.fillStyle = ink.quiet;
    pen.fillText(spokenHz(hz), LEFT_PX - 8, Math.max(8, Math.min(height - 8, y))); // lanes have names below it
  }
}

export function paintTimes(
  pen: CanvasRenderingContext2D,
  fromS: number,
  pxPerS: number,
  width: number,
  top: number,
  ink: Ink,
): void {
  pen.font = FONT;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const step = niceTimeStep(90 / pxPerS);
  pen.fillStyle = ink.quiet;
  pen.strokeStyle = ink.edge;
  for (const time of steps(fromS, fromS + width / pxPerS, step)) {
    const x = LEFT_PX + (time - fromS) * pxPerS;
    pen.beginPath();
    pen.moveTo(Math.round(x) + 0.5, top);
    pen.lineTo(Math.round(x) + 0.5, top + 5);
    pen.stroke();
    if (x > LEFT_PX + width - 16) continue;
    pen.fillText(spokenTime(time, step), Math.max(x, LEFT_PX + 8), top + 14);
  }
}

function niceTimeStep(least: number): number {
  if (least <= 30) return niceStep(least) === 50 ? 60 : niceStep(least) === 20 && least > 15 ? 30 : niceStep(least);
  return [60, 120, 300, 600, 900, 1800, 3600].find((step) => step >= least) ?? 7200;
}

export function paintLanes(
  pen: CanvasRenderingContext2D,
  { title, numbers }: Lanes,
  top: number,
  laneHeight: number,
  width: number,
  ink: Ink,
): void {
  pen.font = FONT;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.save();
  pen.fillStyle = ink.quiet;
  pen.translate(12, top + (laneHeight * numbers.length) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  if (laneHeight * numbers.length > 50) pen.fillText(title, 0, 0);
  pen.restore();
  numbers.forEach((number, lane) => {
    const y = top + lane * laneHeight;
    pen.strokeStyle = ink.line;
    if (lane && laneHeight < 7) pen.strokeStyle = "transparent";
    pen.beginPath();
    pen.moveTo(LEFT_PX, Math.round(y) + 0.5);
    pen.lineTo(LEFT_PX + width, Math.round(y) + 0.5);
    pen.stroke();
    pen.fillStyle = ink.quiet;
    if (laneHeight >= 12 || lane % Math.ceil(13 / laneHeight) === 0)
      pen.fillText(String(number), LEFT_PX - 8, y + laneHeight / 2);
  });
}
