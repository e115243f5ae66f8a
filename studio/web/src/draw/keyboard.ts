// The keys of a piano at the left of a piano roll, and the rows of the black ones behind the notes.

import { FONT, LEFT_PX, type Ink } from "./axes.ts";
import { heightOf, type Band } from "./axis.ts";
import { hzOfPitch, isBlack, pitchName, pitchOfHz } from "./pitch.ts";

const BLACK_PX = 30;

function semitones(band: Band): number[] {
  const low = Math.ceil(pitchOfHz(Math.max(band.lowHz, 16)) - 0.5);
  const high = Math.floor(pitchOfHz(band.highHz) + 0.5);
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, k) => low + k);
}

const edgeOf = (band: Band, height: number, pitch: number): number => height * (1 - heightOf(band, hzOfPitch(pitch)));

// Behind the notes: rows of black keys, and a line under each C.
export function paintRows(pen: CanvasRenderingContext2D, band: Band, height: number, width: number, ink: Ink): void {
  const all = semitones(band);
  const isNarrow = height / Math.max(1, all.length) < 4;
  for (const pitch of all) {
    const top = edgeOf(band, height, pitch + 0.5);
    const bottom = edgeOf(band, height, pitch - 0.5);
    if (isBlack(pitch) && !isNarrow) {
      pen.globalAlpha = 0.05;
      pen.fillStyle = ink.ink;
      pen.fillRect(0, top, width, bottom - top);
    }
    if (pitch % 12 === 0) {
      pen.globalAlpha = 0.6;
      pen.fillStyle = ink.line;
      pen.fillRect(0, Math.round(bottom), width, 1);
    }
  }
  pen.globalAlpha = 1;
}

export function paintKeys(pen: CanvasRenderingContext2D, band: Band, height: number, ink: Ink): void {
  const all = semitones(band);
  const each = height / Math.max(1, all.length);
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, LEFT_PX, height);
  pen.clip();
  pen.fillStyle = ink.key;
  pen.fillRect(0, 0, LEFT_PX, height);
  for (const pitch of all) {
    const top = edgeOf(band, height, pitch + 0.5);
    const bottom = edgeOf(band, height, pitch - 0.5);
    const isC = pitch % 12 === 0;
    if (isBlack(pitch)) {
      if (each >= 3) {
        pen.fillStyle = ink.blackKey;
        pen.fillRect(0, top, BLACK_PX, bottom - top);
      }
      if (each >= 6) line(pen, BLACK_PX, (top + bottom) / 2, ink.keyEdge);
    } else if (isC || pitch % 12 === 5) line(pen, 0, bottom, ink.keyEdge);
    if (isC) label(pen, pitchName(pitch), (top + bottom) / 2, ink);
  }
  pen.restore();
  pen.globalAlpha = 1;
}

function line(pen: CanvasRenderingContext2D, left: number, y: number, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(left, Math.round(y) + 0.5);
  pen.lineTo(LEFT_PX, Math.round(y) + 0.5);
  pen.stroke();
}

function label(pen: CanvasRenderingContext2D, text: string, y: number, ink: Ink): void {
  pen.font = FONT.replace("12px", "11px");
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.fillStyle = ink.keyText;
  pen.fillText(text, LEFT_PX - 5, y);
}
