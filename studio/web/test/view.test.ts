import assert from "node:assert/strict";
import { test } from "node:test";
import { View } from "../src/draw/view.ts";

function viewOf(durationS = 10, width = 800): View {
  const view = new View(durationS, 8000);
  view.resize(width);
  return view;
}
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6 * Math.max(1, Math.abs(b)), `${a} ≈ ${b}`);

test("at first all is in view, and stays so as the width changes", () => {
  const view = viewOf();
  for (const width of [800, 300, 1200]) {
    view.resize(width);
    assert.equal(view.fromS, 0);
    assert.ok(view.toS >= 10 && view.toS < 10.5);
  }
});

test("what is zoomed about stays where it is, and the view inside of the scene", () => {
  const view = viewOf();
  view.show(2, 6);
  const x = (3 - view.fromS) * view.pxPerS;
  view.zoom(2, 3);
  near((3 - view.fromS) * view.pxPerS, x);
  near(view.toS - view.fromS, 2);
  for (const factor of [1e9, 1e-9]) {
    view.zoom(factor, 3);
    assert.ok(view.fromS >= 0 && view.toS <= 10.5 && view.toS > view.fromS);
  }
  view.show(2, 3);
  view.pan(1e9);
  assert.ok(view.toS <= 10.2 + 1e-9);
  view.pan(-1e9);
  assert.equal(view.fromS, 0);
});

test("following turns the page over only where the moment runs out of view", () => {
  const view = viewOf();
  view.show(2, 4);
  assert.equal(view.follow(3), false);
  assert.equal(view.fromS, 2);
  assert.equal(view.follow(4.5), true);
  assert.ok(view.fromS < 4.5 && view.toS > 4.5);
});

test("a band of frequencies is zoomed about a frequency and never leaves the axis", () => {
  for (const scale of ["erb", "log", "linear"] as const) {
    const view = viewOf();
    view.setScale(scale);
    const before = view.band;
    view.zoomHz(2, 1000);
    near(view.hzAt(0.5) > 0 ? 1 : 0, 1);
    assert.ok(view.band.lowHz >= before.lowHz - 1e-9 && view.band.highHz <= before.highHz + 1e-6);
    assert.ok(view.band.lowHz < 1000 && view.band.highHz > 1000);
    view.panHz(100);
    near(view.band.highHz, 8000);
    view.panHz(-100);
    near(view.band.lowHz + 1, view.floorHz + 1);
    view.zoomHz(1e9, 1000); // as far as it goes
    assert.ok(view.band.highHz > view.band.lowHz);
  }
});
