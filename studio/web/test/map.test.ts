import assert from "node:assert/strict";
import { test } from "node:test";
import { isInside } from "../src/map/event_map.ts";
import { lineOf, pitchOf, type MapItems } from "../src/map/items.ts";
import { axesOf } from "../src/map/map_axes.ts";

const ITEMS: MapItems = {
  method: "PCA",
  edges: [
    [-2, 2],
    [-1, 1],
  ],
  along: [
    [
      ["frequency_hz", 0.93],
      ["duration_s", -0.71],
    ],
    [],
  ],
  sort: ["gabor", "partial", "texture"],
  start: [0.5, 1, 0],
  end: [0.51, 2, 2],
  low: [440, 100, 0],
  high: [440, 100, 1e6],
  level_db: [-20, -30, -60],
  note: [],
  x: [0, 0.5, 1],
  y: [1, 0, 0.5],
  sorts: {},
};

test("components are in standard deviations, and say what rises along them", () => {
  const [across, up] = axesOf(ITEMS, "alike");
  assert.equal(across.titles[0], "component 1, standard deviations; r of frequency +0.93, duration −0.71");
  assert.deepEqual(up.titles, ["component 2, standard deviations", "component 2"]);
  assert.deepEqual(
    across.ticks(4).map(({ at, text }) => [at, text]),
    [
      [0, "−2"],
      [0.25, "−1"],
      [0.5, "0"],
      [0.75, "1"],
      [1, "2"],
    ],
  );
  assert.deepEqual(axesOf({ ...ITEMS, method: "t-SNE" }, "alike")[0].ticks(4), []);
  assert.match(axesOf({ ...ITEMS, method: "t-SNE" }, "alike")[0].titles.at(-2)!, /no unit/);
});

test("lengths go by ratios, levels evenly, frequencies by ERB, each with its unit", () => {
  const [length, level] = axesOf(ITEMS, "length-level");
  assert.ok(Math.abs(length.places[1] - Math.log(100) / Math.log(200)) < 1e-9);
  assert.deepEqual(
    length.ticks(3).map(({ text }) => text),
    ["10 ms", "0.1 s", "1 s"],
  );
  assert.deepEqual(level.places, [1, 0.75, 0]);
  assert.ok(level.ticks(4).every(({ text }) => text.endsWith(" dB")));
  const [, frequency] = axesOf(ITEMS, "time-frequency");
  assert.deepEqual([frequency.places[1], frequency.places[2]], [0, 1]);
  assert.ok(frequency.places[0] > 0.3 && frequency.places[0] < 0.9);
});

test("one item, or several in one place, are drawn in the middle", () => {
  const one: MapItems = { ...ITEMS, sort: ["gabor"], start: [1], end: [1.1], low: [440], high: [440], level_db: [-3] };
  for (const name of ["time-frequency", "frequency-length", "length-level"] as const)
    for (const { places, ticks } of axesOf(one, name)) {
      assert.deepEqual(places, [0.5]);
      assert.ok(ticks(4).every(({ at }) => Number.isFinite(at)));
    }
});

test("an item is said in a line, and is in a loop or not", () => {
  assert.equal(lineOf(ITEMS, 0), "0.5 s, 10 ms long, 440 Hz, −20 dB");
  assert.equal(lineOf(ITEMS, 2), "0 s, 2 s long, 0 Hz – 20 kHz, −60 dB");
  assert.ok(Math.abs(pitchOf(ITEMS, 2) - Math.sqrt(20 * 20000)) < 1e-9);
  const loop: [number, number][] = [
    [0, 0],
    [10, 0],
    [10, 10],
    [5, 2],
    [0, 10],
  ];
  assert.deepEqual(
    [[1, 1] as const, [5, 5] as const, [9, 7] as const, [11, 1] as const].map(([x, y]) => isInside(loop, [x, y])),
    [true, false, true, false],
  );
});
