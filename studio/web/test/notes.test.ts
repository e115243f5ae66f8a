import assert from "node:assert/strict";
import { test } from "node:test";
import { barHeight, noteAt, notesIn, opacityOf } from "../src/draw/notes.ts";
import { hzOfPitch, isBlack, pitchName, pitchOfHz } from "../src/draw/pitch.ts";
import { rowsOf, type Frame } from "../src/draw/frame.ts";
import { View } from "../src/draw/view.ts";
import type { Note } from "../src/api.ts";

const FRAME: Frame = {
  fromS: 0,
  pxPerS: 100,
  width: 1000,
  height: 480,
  axisHeight: 480,
  laneHeight: 0,
  band: { scale: "log", lowHz: hzOfPitch(48), highHz: hzOfPitch(84) },
};

const note = (
  number: number,
  onset_s: number,
  end_s: number,
  f0_hz: number | null,
  more: Partial<Note> = {},
): Note => ({
  note: number,
  onset_s,
  end_s,
  f0_hz,
  pitch: f0_hz === null ? null : pitchOfHz(f0_hz),
  name: f0_hz === null ? "" : pitchName(pitchOfHz(f0_hz)),
  cents: f0_hz === null ? null : 0,
  gain_db: -20,
  sureness: 0.9,
  part: 1,
  program: -1,
  muted: false,
  n_events: 0,
  ...more,
});

test("pitches have the names that musicians give them", () => {
  assert.deepEqual([60, 61, 69, 70, 21, 59.6].map(pitchName), ["C4", "C#4", "A4", "Bb4", "A0", "C4"]);
  assert.deepEqual([60, 61, 64, 66].map(isBlack), [false, true, false, true]);
  assert.equal(Math.round(hzOfPitch(pitchOfHz(261.6)) * 10), 2616);
});

test("of two notes under the pointer that is found whose pitch is nearer, and its end", () => {
  const rows = [note(1, 1, 3, 440), note(2, 2, 5, 466.16), note(3, 0, 9, null)];
  const rowOf = rowsOf(FRAME);
  assert.equal(noteAt(rows, new Set(), FRAME, 150, rowOf(440))?.note.note, 1);
  assert.equal(noteAt(rows, new Set(), FRAME, 250, rowOf(466.16))?.note.note, 2);
  assert.deepEqual(noteAt(rows, new Set(), FRAME, 299, rowOf(440))?.isEnd, true);
  assert.deepEqual(noteAt(rows, new Set(), FRAME, 250, rowOf(440))?.isEnd, false);
  assert.equal(noteAt(rows, new Set(), FRAME, 600, rowOf(440)), null);
  assert.equal(noteAt(rows, new Set(), FRAME, 700, 475)?.note.note, 3); // without pitch: at the bottom
});

test("a box holds the notes that it touches", () => {
  const rows = [note(1, 1, 3, 440), note(2, 2, 5, 880), note(3, 0, 9, null)];
  assert.deepEqual(notesIn(rows, 0, 1.5, 400, 500), [1]);
  assert.deepEqual(notesIn(rows, 2, 3, 400, 900), [1, 2]);
  assert.deepEqual(notesIn(rows, 4, 6, 10, 900), [2, 3]);
  assert.deepEqual(notesIn(rows, 6, 8, 400, 900), []);
});

test("sure and loud notes are more opaque, and none is invisible", () => {
  const of = (sureness: number, gain_db: number) => opacityOf(note(1, 0, 1, 440, { sureness, gain_db }), -10);
  assert.ok(of(0.9, -10) > of(0.5, -10) && of(0.9, -10) > of(0.9, -30));
  assert.ok(of(0.1, -200) > 0.1 && of(1, -10) <= 1);
});

test("a piano roll shows what lies between two pitches, and bars as high as a semitone", () => {
  const view = new View(10, 22050);
  view.setRoll(hzOfPitch(48), hzOfPitch(84));
  assert.equal(view.band.scale, "log");
  assert.ok(Math.abs(view.band.lowHz - hzOfPitch(48)) < 1e-9);
  view.panHz(-3);
  assert.ok(view.band.lowHz < 25); // down to the lowest of a piano
  assert.ok(Math.abs(barHeight(FRAME) - (0.86 * 480) / 36) < 1e-6);
  view.setScale("erb");
  assert.equal(view.band.lowHz, 0);
});
