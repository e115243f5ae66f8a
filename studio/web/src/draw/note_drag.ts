// What the hand does to notes in a piano roll.

import { hzOfRow, secondsAt, type Change, type Frame } from "./frame.ts";
import { lengthOf, notesIn, type Touched } from "./notes.ts";
import type { Note } from "../api.ts";

const STILL_PX = 3;
const LEAST_S = 0.02;
const OCTAVE = 12;
const DB_PER_PX = 0.1;

// Sideways in time and up and down in semitones, with Shift in octaves, with Alt by any ratio; at its end a note is
// stretched. With Ctrl they get louder or softer. `startS` is when the first of the notes begins.
export function draggedNotes(
  frame: Frame,
  { note, isEnd }: Touched,
  [fromX, fromY]: [number, number],
  [x, y]: [number, number],
  { shiftKey, altKey, ctrlKey = false }: { shiftKey: boolean; altKey: boolean; ctrlKey?: boolean },
  startS: number,
): Change {
  if (ctrlKey) return louder(fromY - y);
  const dx = Math.abs(x - fromX) < STILL_PX ? 0 : x - fromX;
  if (isEnd) {
    const length = Math.max(LEAST_S, lengthOf(note));
    const stretch = Math.max(LEAST_S, length + dx / frame.pxPerS) / length;
    return { byS: 0, ratio: 1, stretch };
  }
  const byS = Math.max(dx / frame.pxPerS, -startS);
  if (note.f0_hz === null) return { byS, ratio: 1, stretch: 1 };
  const exact = 12 * Math.log2(Math.max(16, hzOfRow(frame, y)) / Math.max(16, hzOfRow(frame, fromY)));
  const step = shiftKey ? OCTAVE : 1;
  const semitones = altKey ? (Math.abs(y - fromY) < STILL_PX ? 0 : exact) : step * Math.round(exact / step);
  return { byS, ratio: 2 ** (semitones / 12), stretch: 1 };
}

// Up is louder, down softer.
export const louder = (px: number): Change => ({
  byS: 0,
  ratio: 1,
  stretch: 1,
  db: Math.round(DB_PER_PX * px * 10) / 10,
});

// The notes that an outline touches, by its edges.
export function notesInBox(rows: Note[], frame: Frame, outline: [number, number][]): number[] {
  const [xs, ys] = [outline.map(([x]) => x), outline.map(([, y]) => y)];
  const bottom = Math.max(...ys);
  const low = bottom >= frame.axisHeight - 2 ? 0 : hzOfRow(frame, bottom);
  return notesIn(
    rows,
    secondsAt(frame, Math.min(...xs)),
    secondsAt(frame, Math.max(...xs)),
    Math.max(low, 1),
    hzOfRow(frame, Math.min(...ys)),
  );
}
