// Notes as the bars of a piano roll, with their pitch curves; and which of them lies under the pointer.

import { FONT, type Ink } from "./axes.ts";
import { AS_IT_IS, columnOf, rowsOf, type Change, type Frame } from "./frame.ts";
import { hzOfPitch, pitchName, pitchOfHz } from "./pitch.ts";
import type { Note } from "../api.ts";

// Seconds after the onset, and cents above the note's pitch.
export interface Bend {
  afterS: number[];
  cents: number[];
}
export interface NotesShown {
  rows: Note[];
  bends: Map<number, Bend>;
  chosen: Set<number>;
}
// A note under the pointer, and whether that is at its end.
export interface Touched {
  note: Note;
  isEnd: boolean;
}

const LEAST_PX = 5;
const MOST_PX = 22;
const HIT_ROW_PX = 12; // of what has no pitch, at the bottom
const END_PX = 6;
const RANGE_DB = 42;
const LABEL_PX = 11;

interface Bar {
  left: number;
  right: number;
  middle: number;
  height: number;
}

// How high a semitone is, as far as bars show it.
export function barHeight(frame: Frame): number {
  const rowOf = rowsOf(frame);
  const semitone = rowOf(hzOfPitch(60)) - rowOf(hzOfPitch(61));
  return Math.min(MOST_PX, Math.max(LEAST_PX, 0.86 * semitone));
}

function barOf(note: Note, frame: Frame, rowOf: (hz: number) => number, height: number, change: Change): Bar {
  const left = columnOf(frame, note.onset_s + change.byS);
  const right = Math.max(left + 3, columnOf(frame, note.onset_s + change.byS + change.stretch * lengthOf(note)));
  const middle = note.f0_hz === null ? frame.axisHeight - HIT_ROW_PX / 2 - 2 : rowOf(note.f0_hz * change.ratio);
  return { left, right, middle, height: note.f0_hz === null ? HIT_ROW_PX - 2 : height };
}

export const lengthOf = (note: Note): number => Math.max(0, note.end_s - note.onset_s);

const loudestDb = (rows: Note[]): number => rows.reduce((most, { gain_db }) => Math.max(most, gain_db), -200);

// How opaque a bar is: sure and loud notes are.
export function opacityOf(note: Note, loudest: number): number {
  const loud = Math.min(1, Math.max(0, 1 + (note.gain_db - loudest) / RANGE_DB));
  return 0.16 + 0.74 * note.sureness * (0.35 + 0.65 * loud);
}

export function paintNotes(
  pen: CanvasRenderingContext2D,
  frame: Frame,
  { rows, bends, chosen }: NotesShown,
  change: Change,
  colours: string[],
  ink: Ink,
): void {
  const rowOf = rowsOf(frame);
  const height = barHeight(frame);
  const loudest = loudestDb(rows);
  const isAny = chosen.size > 0;
  // What is chosen lies over the others.
  for (const isOver of isAny ? [false, true] : [false]) {
    for (const note of rows) {
      const isChosen = chosen.has(note.note);
      if (isChosen !== isOver) continue;
      const moved = isChosen ? change : AS_IT_IS;
      const bar = barOf(note, frame, rowOf, height, moved);
      if (bar.right < -2 || bar.left > frame.width + 2 || bar.middle < -MOST_PX) continue;
      const colour = isChosen ? ink.chosen : note.part ? colours[(note.part - 1) % colours.length] : ink.edge;
      paintBar(pen, bar, note, colour, opacityOf(note, loudest), isAny && !isChosen);
      const bend = bends.get(note.note);
      if (bend && !note.muted) paintBend(pen, frame, rowOf, note, bend, moved, ink);
      paintLabel(pen, bar, note, ink, moved);
    }
  }
  pen.globalAlpha = 1;
}

function paintBar(
  pen: CanvasRenderingContext2D,
  { left, right, middle, height }: Bar,
  note: Note,
  colour: string,
  opacity: number,
  isBehind: boolean,
): void {
  pen.beginPath();
  pen.roundRect(left + 0.5, middle - height / 2, right - left - 1, height, Math.min(3, height / 3));
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineWidth = 1.2;
  pen.globalAlpha = (note.muted ? 0.04 : opacity) * (isBehind ? 0.7 : 1);
  pen.fill();
  pen.globalAlpha = note.muted ? 0.5 : isBehind ? 0.6 : 0.95;
  if (note.muted) pen.setLineDash([3, 3]);
  pen.stroke();
  pen.setLineDash([]);
}

function paintBend(
  pen: CanvasRenderingContext2D,
  frame: Frame,
  rowOf: (hz: number) => number,
  note: Note,
  { afterS, cents }: Bend,
  { byS, ratio, stretch }: Change,
  ink: Ink,
): void {
  if (note.f0_hz === null || afterS.length < 2) return;
  pen.beginPath();
  for (let k = 0; k < afterS.length; k++) {
    const x = columnOf(frame, note.onset_s + byS + stretch * afterS[k]);
    pen.lineTo(x, rowOf(note.f0_hz * ratio * 2 ** (cents[k] / 1200)));
  }
  pen.lineJoin = "round";
  pen.strokeStyle = ink.card;
  pen.lineWidth = 3;
  pen.globalAlpha = 0.55;
  pen.stroke();
  pen.strokeStyle = ink.ink;
  pen.lineWidth = 1.3;
  pen.globalAlpha = 0.9;
  pen.stroke();
}

function paintLabel(pen: CanvasRenderingContext2D, bar: Bar, note: Note, ink: Ink, { ratio }: Change): void {
  if (bar.height < LABEL_PX || bar.right - bar.left < 34 || !note.name) return;
  pen.font = FONT.replace("12px", `${Math.min(11, bar.height - 1)}px`);
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.globalAlpha = note.muted ? 0.5 : 0.9;
  pen.fillStyle = ink.ink;
  const name = ratio === 1 || note.pitch === null ? note.name : shifted(note.pitch + 12 * Math.log2(ratio));
  pen.lineJoin = "round";
  pen.strokeStyle = ink.card;
  pen.lineWidth = 3;
  pen.strokeText(name, Math.max(bar.left, 0) + 4, bar.middle);
  pen.fillText(name, Math.max(bar.left, 0) + 4, bar.middle);
}

function shifted(pitch: number): string {
  const cents = Math.round(100 * (pitch - Math.round(pitch)));
  return pitchName(pitch) + (Math.abs(cents) > 3 ? ` ${cents > 0 ? "+" : "−"}${Math.abs(cents)}` : "");
}

// The note under the pointer; of several the one whose middle is nearest, and of equals the shortest.
export function noteAt(rows: Note[], chosen: Set<number>, frame: Frame, x: number, y: number): Touched | null {
  const rowOf = rowsOf(frame);
  const height = barHeight(frame);
  let best: Touched | null = null;
  let least = Infinity;
  for (const note of rows) {
    const bar = barOf(note, frame, rowOf, height, AS_IT_IS);
    const far = Math.abs(y - bar.middle);
    if (far > Math.max(bar.height / 2, 4) + 1) continue;
    const isWide = bar.right - bar.left > 3 * END_PX;
    if (x < bar.left - 2 || x > bar.right + (isWide ? END_PX / 2 : END_PX)) continue;
    const score = far + 1e-3 * (bar.right - bar.left) - (chosen.has(note.note) ? 2 : 0);
    if (score >= least) continue;
    least = score;
    best = { note, isEnd: x > bar.right - (isWide ? END_PX : 1) };
  }
  return best;
}

// The note whose pitch is nearest, of several that of the first; any where none has a pitch.
export function nearestInPitch(rows: Note[], hz: number): Note | null {
  const far = ({ f0_hz }: Note) => (f0_hz === null ? Infinity : Math.abs(Math.log2(f0_hz / hz)));
  return rows.reduce<Note | null>((best, note) => (best && far(best) <= far(note) ? best : note), null);
}

// Notes that a box touches.
export function notesIn(rows: Note[], fromS: number, toS: number, lowHz: number, highHz: number): number[] {
  return rows
    .filter(({ onset_s, end_s, f0_hz }) => {
      const isInTime = end_s > fromS && onset_s < toS;
      if (f0_hz === null) return isInTime && lowHz <= 25;
      const pitch = pitchOfHz(f0_hz);
      return isInTime && pitch > pitchOfHz(lowHz) - 0.4 && pitch < pitchOfHz(highHz) + 0.4;
    })
    .map(({ note }) => note);
}
