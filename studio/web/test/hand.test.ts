import assert from "node:assert/strict";
import { test } from "node:test";
import { LEFT_PX } from "../src/draw/axes.ts";
import { hzOfRow, rowsOf, type Frame } from "../src/draw/frame.ts";
import { Hand, type Hit, type Seen, type Worked } from "../src/draw/hand.ts";
import { Scope } from "../src/scope.ts";

const FRAME: Frame = {
  fromS: 0,
  pxPerS: 100,
  width: 1000,
  height: 400,
  axisHeight: 400,
  laneHeight: 0,
  band: { scale: "erb", lowHz: 0, highHz: 8000 },
};
const NOTHING = { n: 0, ranges: [], start_s: null, end_s: null, low_hz: null, high_hz: null };

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
    change: { byS: 0, ratio: 1 },
    outline: null,
    playing: false,
    look: () => done.push(["look"]),
    seek: note("seek"),
    clearSelection: note("clear"),
    ...Object.fromEntries(
      ["choose", "chooseEvent", "editSelected", "hearEvent", "hearSelected"].map((name) => [name, note(name)]),
    ),
    player: { scrub: note("scrub") },
  } as unknown as Worked;
  const stage: Seen = { plotHeight: 400, axisHeight: 400, frame: () => FRAME, eventAt: () => found };
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
  assert.deepEqual(document.change, { byS: 0.5, ratio: 2 });
  place.point("pointerup", 150, to);
  assert.deepEqual(done, [
    ["chooseEvent", 7, 3],
    ["editSelected", { op: "move", by_s: 0.5 }],
    ["editSelected", { op: "transpose", semitones: 12 }],
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
