import assert from "node:assert/strict";
import { test } from "node:test";
import { LEFT_PX } from "../src/draw/axes.ts";
import { hzOfRow, rowsOf, type Frame } from "../src/draw/frame.ts";
import { Hand, type Hit, type Seen, type Worked } from "../src/draw/hand.ts";
import * as notes from "../src/draw/notes.ts";
import { Scope } from "../src/scope.ts";
import type { Note } from "../src/api.ts";

const FRAME: Frame = {
  fromS: 0,
  pxPerS: 100,
  width: 1000,
  height: 400,
  axisHeight: 400,
  laneHeight: 0,
  band: { scale: "erb", lowHz: 0, highHz: 8000 },
};
const NOTHING = { n: 0, ranges: [], notes: [] as number[], start_s: null, end_s: null, low_hz: null, high_hz: null };

const NOTE: Note = {
  note: 12,
  onset_s: 1,
  end_s: 3,
  f0_hz: 440,
  pitch: 69,
  name: "A4",
  cents: 0,
  gain_db: -20,
  sureness: 0.9,
  part: 1,
  program: -1,
  muted: false,
  n_events: 0,
};

class Place extends EventTarget {
  style = { cursor: "" };
  focus() {}
  setPointerCapture() {}
  getBoundingClientRect = () => ({ left: 0, top: 0 }) as DOMRect;

  // At a place of the plot.
  point(name: string, x: number, y: number, more: object = {}): void {
    const event = new Event(name, { cancelable: true });
    this.dispatchEvent(Object.assign(event, { button: 0, pointerId: 1, clientX: x + LEFT_PX, clientY: y }, more));
  }
}

// A hand on a timeline on which `event` lies everywhere; `found` lets a test answer late.
function setUp(event = 7, found: Promise<Hit> = Promise.resolve({ event, revision: 3 })) {
  const done: unknown[][] = [];
  const note =
    (name: string) =>
    async (...all: unknown[]) =>
      void done.push([name, ...all]);
  const document = {
    tool: "select",
    info: { revision: 3 },
    isChosen: () => false,
    settled: async () => {},
    selected: NOTHING,
    change: { byS: 0, ratio: 1, stretch: 1 },
    mode: "spectrogram",
    notes: { rows: [NOTE] },
    menu: null,
    pointer: null,
    chooseNotes: (numbers: number[], how: string) => {
      done.push(["chooseNotes", numbers, how]);
      document.selected = { ...NOTHING, notes: numbers, start_s: NOTE.onset_s } as unknown as Worked["selected"];
    },
    outline: null,
    playing: false,
    look: () => done.push(["look"]),
    seek: note("seek"),
    clearSelection: note("clear"),
    ...Object.fromEntries(
      ["choose", "chooseEvent", "editSelected", "hearEvent", "hearNotes", "hearSelected", "addNote"].map((name) => [
        name,
        note(name),
      ]),
    ),
    player: { scrub: note("scrub") },
  } as unknown as Worked;
  const noteAt = (x: number, y: number) => notes.noteAt([NOTE], new Set(), FRAME, x, y);
  const stage: Seen = { plotHeight: 400, axisHeight: 400, frame: () => FRAME, eventAt: () => found, noteAt };
  const place = new Place();
  const scope = new Scope();
  new Hand(place as unknown as ConstructorParameters<typeof Hand>[0], stage, document, scope);
  return { place, document, scope, done };
}
const settle = () => new Promise((done) => setTimeout(done, 0));

test("a click chooses the event and plays it; with Shift it joins what is chosen", async () => {
  const { place, done } = setUp();
  place.point("pointerdown", 100, 100);
  place.point("pointerup", 100, 100);
  await settle();
  assert.deepEqual(done, [
    ["chooseEvent", 7, 3, "only"],
    ["hearEvent", 7, 3],
  ]);
  done.length = 0;
  place.point("pointerdown", 100, 100);
  place.point("pointerup", 100, 100, { shiftKey: true });
  await settle();
  assert.deepEqual(done, [["chooseEvent", 7, 3, "toggle"]]);
});

test("a click beside events seeks and lets go of what is chosen", async () => {
  const { place, done } = setUp(-1);
  place.point("pointerdown", 250, 100);
  place.point("pointerup", 250, 100);
  await settle();
  assert.deepEqual(done, [["clear"], ["seek", 2.5]]);
});

test("an event is dragged in time and by semitones", async () => {
  const { place, document, done } = setUp();
  const [from, to] = [440, 880].map((hz) => rowsOf(FRAME)(hz));
  place.point("pointerdown", 100, from);
  place.point("pointermove", 110, from);
  await settle();
  place.point("pointermove", 150, to);
  assert.deepEqual(document.change, { byS: 0.5, ratio: 2, stretch: 1 });
  place.point("pointerup", 150, to);
  assert.deepEqual(done, [
    ["chooseEvent", 7, 3],
    ["editSelected", { op: "move", by_s: 0.5 }, { op: "transpose", semitones: 12 }],
  ]);
});

test("beside events a box is drawn, and what it touches is chosen", async () => {
  const { place, document, done } = setUp(-1);
  place.point("pointerdown", 100, 100);
  place.point("pointermove", 110, 100);
  await settle();
  place.point("pointermove", 300, 200);
  assert.equal(document.outline?.length, 4);
  place.point("pointerup", 300, 200);
  await settle();
  const box = { start_s: 1, end_s: 3, low_hz: hzOfRow(FRAME, 200), high_hz: hzOfRow(FRAME, 100) };
  assert.deepEqual(done, [["choose", { box }, "only"]]);
  assert.equal(document.outline, null);
});

test("where the worker died while it looked, the hand draws a box and does not wait for ever", async () => {
  let die: (hit: Hit) => void = () => {};
  const { place, document } = setUp(7, new Promise((done) => (die = done)));
  place.point("pointerdown", 100, 100);
  place.point("pointermove", 120, 120);
  await settle();
  assert.equal(document.outline, null);
  die({ event: -1, revision: 3 });
  await settle();
  place.point("pointermove", 130, 130);
  assert.equal(document.outline?.length, 4);
});

test("below the plot it scrubs, on the axis it pans frequencies, two fingers zoom", async () => {
  const { place, done } = setUp();
  place.point("pointerdown", 100, 410);
  place.point("pointerup", 100, 410);
  place.point("pointerdown", -20, 100);
  place.point("pointermove", -20, 120);
  place.point("pointerup", -20, 120);
  place.point("pointerdown", 100, 100);
  place.point("pointerdown", 200, 100, { pointerId: 2 });
  place.point("pointermove", 240, 100, { pointerId: 2 });
  await settle();
  assert.deepEqual(done, [["scrub", 1], ["look"], ["look"]]);
});

test("the wheel zooms, and a hand whose scope is over does nothing", () => {
  const { place, scope, done } = setUp();
  place.point("wheel", 100, 100, { deltaX: 0, deltaY: -100, deltaMode: 1 });
  scope.end();
  place.point("wheel", 100, 100, { deltaX: 0, deltaY: -100, deltaMode: 1 });
  place.point("pointerdown", 100, 410);
  assert.deepEqual(done, [["look"]]);
});

const ROW = (hz: number) => rowsOf(FRAME)(hz);

function inRoll() {
  const made = setUp();
  (made.document as { mode: string }).mode = "roll";
  return made;
}

test("a click on a note chooses it and plays it alone; beside notes it seeks", async () => {
  const { place, done } = inRoll();
  place.point("pointerdown", 150, ROW(440));
  place.point("pointerup", 150, ROW(440));
  await settle();
  assert.deepEqual(done, [
    ["chooseNotes", [12], "only"],
    ["hearNotes", [12]],
  ]);
  done.length = 0;
  place.point("pointerdown", 150, ROW(2000));
  place.point("pointerup", 150, ROW(2000));
  await settle();
  assert.deepEqual(done, [["clear"], ["seek", 1.5]]);
});

test("a note is dragged by whole semitones in one step, with Shift by octaves, with Alt freely", async () => {
  for (const [hz, more, semitones] of [
    [500, {}, 2],
    [700, { shiftKey: true }, 12],
    [520, { altKey: true }, 12 * Math.log2(520 / 440)],
  ] as const) {
    const { place, document, done } = inRoll();
    place.point("pointerdown", 150, ROW(440));
    place.point("pointermove", 160, ROW(440), more);
    place.point("pointermove", 200, ROW(hz), more);
    assert.ok(Math.abs(document.change.ratio - 2 ** (semitones / 12)) < 1e-9);
    place.point("pointerup", 200, ROW(hz), more);
    await settle();
    assert.equal(done.length, 2);
    const [, move, transpose] = done[1] as [string, { by_s: number }, { semitones: number }];
    assert.ok(Math.abs(move.by_s - 0.5) < 1e-9 && Math.abs(transpose.semitones - semitones) < 1e-9);
  }
});

test("a note is stretched by its end", async () => {
  const { place, done } = inRoll();
  place.point("pointerdown", 299, ROW(440));
  place.point("pointermove", 350, ROW(470));
  place.point("pointermove", 399, ROW(470));
  place.point("pointerup", 399, ROW(470));
  await settle();
  assert.deepEqual(done.slice(1), [["editSelected", { op: "stretch", factor: 1.5 }]]);
});

test("a box beside notes chooses those that it touches", async () => {
  const { place, done } = inRoll();
  place.point("pointerdown", 50, ROW(600));
  place.point("pointermove", 60, ROW(600));
  await settle();
  place.point("pointermove", 120, ROW(430));
  place.point("pointerup", 120, ROW(430));
  await settle();
  assert.deepEqual(done, [["chooseNotes", [12], "only"]]);
});

test("the menu is of the note under the pointer, or of the place where one can be added", () => {
  const { place, document, done } = inRoll();
  place.point("contextmenu", 150, ROW(2000), { button: 2 });
  assert.equal(document.menu?.at?.seconds, 1.5);
  assert.deepEqual(done, []);
  place.point("contextmenu", 150, ROW(440), { button: 2 });
  assert.deepEqual(done, [["chooseNotes", [12], undefined]]);
  const { x, y } = document.menu!;
  assert.deepEqual([x, y], [150 + LEFT_PX, ROW(440)]);
});

test("a double click beside the notes of a piano roll adds one there, with Alt at exactly that pitch", async () => {
  const { place, document, done } = setUp();
  document.mode = "roll";
  const y = rowsOf(FRAME)(440);
  place.point("dblclick", 500, y);
  place.point("dblclick", 500, y, { altKey: true });
  place.point("dblclick", 150, y);
  const added = done.filter(([name]) => name === "addNote");
  assert.equal(added.length, 2);
  const [{ seconds, hz }] = added[0].slice(1) as [{ seconds: number; hz: number }];
  assert.equal(seconds, 5);
  assert.ok(Math.abs(hz - 440) < 1);
  assert.deepEqual(
    added.map(([, , isExact]) => isExact),
    [undefined, true],
  );
  assert.equal(done.at(-1)![0], "hearSelected");
  place.point("pointermove", 500, y);
  assert.equal(document.pointer?.seconds, 5);
  place.point("pointerleave", 0, 0);
  assert.equal(document.pointer, null);
});
