// Words on a card beside a place.

import { FONT } from "./axes.ts";

const LINE_PX = 17;
export interface TagInk {
  card: string;
  edge: string;
  ink: string;
}

// Inside of an area that begins at (0, 0).
export function paintTag(
  pen: CanvasRenderingContext2D,
  { width, height }: { width: number; height: number },
  [x, y]: [number, number],
  lines: string[],
  ink: TagInk,
): void {
  if (!lines.length) return;
  pen.font = FONT;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  const wide = Math.max(...lines.map((text) => pen.measureText(text).width)) + 16;
  const high = lines.length * LINE_PX + 8;
  const beside = x + 14 + wide > width ? x - 14 - wide : x + 14;
  const left = Math.max(2, Math.min(beside, width - wide - 2));
  const top = Math.min(height - high - 2, Math.max(2, y - high - 8));
  pen.fillStyle = ink.card;
  pen.strokeStyle = ink.edge;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.roundRect(left + 0.5, top + 0.5, wide, high, 6);
  pen.globalAlpha = 0.94;
  pen.fill();
  pen.globalAlpha = 1;
  pen.stroke();
  pen.fillStyle = ink.ink;
  lines.forEach((text, k) => pen.fillText(text, left + 8, top + 5 + LINE_PX * (k + 0.5)));
}
