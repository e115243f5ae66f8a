import assert from "node:assert/strict";
import { test } from "node:test";
import { frequencyTicks, heightOf, hzAt, spokenTime, type AxisScale } from "../src/draw/axis.ts";
import { byChance } from "../src/audio/chance.ts";

test("heights and frequencies are each other's inverse, and ticks keep apart", () => {
  for (const scale of ["erb", "log", "linear"] as AxisScale[]) {
    const band = { scale, lowHz: scale === "log" ? 30 : 0, highHz: 22050 };
    for (const hz of [40, 440, 5000, 20000]) assert.ok(Math.abs(hzAt(band, heightOf(band, hz)) - hz) < 1e-6 * hz);
    const heights = frequencyTicks(band, 0.05).map((hz) => heightOf(band, hz));
    assert.ok(heights.length >= 4);
    heights.slice(1).forEach((height, k) => assert.ok(height - heights[k] >= 0.05 - 1e-9));
  }
});

test("times are told as clocks tell them", () => {
  assert.equal(spokenTime(1.25, 0.05), "1.25 s");
  assert.equal(spokenTime(125, 5), "2:05");
  assert.equal(spokenTime(3605, 5), "1:00:05");
  assert.equal(spokenTime(59.9999999, 60), "1:00");
});

test("chance is told as it is", () => {
  assert.equal(byChance(5, 5), "3.1 %");
  assert.equal(byChance(0, 3), "100 %");
});
