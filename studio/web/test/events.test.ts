import assert from "node:assert/strict";
import { test } from "node:test";
import { drawEvents, eventAt } from "../src/draw/events.ts";
import type { EventTile } from "../src/draw/event_tile.ts";
import { AS_IT_IS, rowsOf, type Frame } from "../src/draw/frame.ts";
import type { DrawnKind } from "../src/draw/kind.ts";

const FRAME: Frame = {
  fromS: 0,
  pxPerS: 100,
  width: 200,
  height: 140,
  axisHeight: 100,
  laneHeight: 10,
  band: { scale: "erb", lowHz: 0, highHz: 8000 },
};
const kind = (shape: DrawnKind["shape"], more: Partial<DrawnKind> = {}): DrawnKind => ({
  name: shape,
  shape,
  columns: ["", ""],
  lane: "",
  lanes: [],
  firstLane: 0,
  ringT60s: 0,
  ...more,
});
const KINDS: DrawnKind[] = [
  kind("line"),
  kind("bar"),
  kind("lane", { columns: ["which", ""], lane: "which", lanes: [0, 1, 2] }),
  kind("burst", { columns: ["t60_s", "f0_hz", "peak_s", "partials", "noise", "backward"], ringT60s: 1.7 }),
];

// One event of each kind, number k half a second after the one before; the band of the second and the partials of the
// last are wide.
const TILE: EventTile = {
  n: 4,
  nAll: 4,
  fromS: 0,
  spanS: 2,
  id: Uint32Array.of(10, 11, 12, 13),
  start: Float32Array.of(0, 0.5, 1, 1.5),
  end: Float32Array.of(0.4, 0.9, 1.4, 1.9),
  low: Float32Array.of(440, 500, 100, 300),
  high: Float32Array.of(440, 2000, 100, 900),
  levelDb: Float32Array.of(-10, -10, -10, -10),
  group: new Uint32Array(4),
  aux: [Float32Array.of(0, 0, 2, 0.2), Float32Array.of(0, 0, 0, 300)],
  more: [Float32Array.of(0, 0, 0, 0.05), Float32Array.of(0, 0, 0, 3), new Float32Array(4), new Float32Array(4)],
  kind: Uint8Array.of(0, 1, 2, 3),
  muted: new Uint8Array(4),
};
const row = rowsOf(FRAME);
const draw = (kinds: DrawnKind[], mask: Uint8Array | null = null) =>
  drawEvents([TILE], FRAME, { mask, change: AS_IT_IS, loudestDb: -10, kinds, durationS: 2 });

test("each kind is drawn in a plane of its own, in the shape and by the columns that the server names", () => {
  const planes = draw(KINDS);
  assert.equal(planes.length, 5);
  assert.equal(planes[0], undefined);
  const at = (k: number, x: number, y: number) => planes[k + 1]!.cover[Math.floor(y) * FRAME.width + x];
  assert.ok(at(0, 20, row(440)) > 200);
  assert.ok(at(1, 70, row(1000)) > 0 && at(1, 70, row(1000)) < 60);
  assert.ok(at(2, 101, 125) > 100);
  assert.equal(at(2, 101, 115), 0);
  for (const hz of [300, 600, 900]) assert.ok(at(3, 157, row(hz)) > 60, String(hz));
});

test("a kind that is not known is drawn as a line, and one without its columns too", () => {
  assert.ok(draw([]).some(Boolean));
  const without = { ...TILE, more: [] };
  assert.ok(
    drawEvents([without], FRAME, { mask: null, change: AS_IT_IS, loudestDb: -10, kinds: KINDS, durationS: 2 })[4],
  );
});

test("what is masked is not drawn", () => {
  const mask = new Uint8Array(14);
  mask[12] = 1;
  assert.deepEqual(Array.from(draw(KINDS, mask), Boolean), [false, false, false, true]);
});

test("what is drawn is hit where it is drawn", () => {
  const hit = (x: number, y: number) => eventAt([TILE], FRAME, KINDS, -10, x, y);
  assert.equal(hit(20, row(440) + 2), 10);
  assert.equal(hit(20, row(440) + 20), -1);
  assert.equal(hit(70, row(1000)), 11);
  assert.equal(hit(102, 125), 12);
  assert.equal(hit(102, 115), -1);
  assert.equal(hit(157, row(600)), 13);
});
