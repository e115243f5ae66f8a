// What the encode dialog says beforehand are the measured figures, and what lies between them.

import assert from "node:assert/strict";
import test from "node:test";
import { guess, scoreOf, scoreWords } from "../src/state/encode_guess.ts";

test("measured points come out as measured", () => {
  for (const [kbps, score] of [
    [8, 3.96],
    [16, 4.5],
    [24, 4.67],
    [48, 4.84],
  ])
    assert.ok(Math.abs(scoreOf(kbps, 1) - score) < 1e-9, String(kbps));
  for (const [kbps, score] of [
    [24, 4.31],
    [72, 4.77],
  ])
    assert.ok(Math.abs(scoreOf(kbps, 2) - score) < 1e-9, String(kbps));
  assert.equal(guess("quality", 6, 1).kbps, 26);
  assert.deepEqual(guess("exactness", 20, 1).range, [1, 104]);
  assert.equal(guess("exactness", 20, 1).score, null);
});

test("more bits are never worse, and what is beyond the tables stays at their ends", () => {
  let before = 0;
  for (let kbps = 1; kbps < 300; kbps++) {
    const score = scoreOf(kbps, 1);
    assert.ok(score >= before && score >= 3.7 && score <= 4.91);
    before = score;
  }
  for (let quality = 0; quality < 10; quality += 0.5)
    assert.ok(guess("quality", quality + 0.5, 1).kbps > guess("quality", quality, 1).kbps);
});

test("two channels take half as much again", () => {
  assert.equal(guess("quality", 6, 2).kbps, 39);
});

test("scores have words", () => {
  const words = [3.5, 4, 4.3, 4.6, 4.75, 4.9].map(scoreWords);
  assert.equal(new Set(words).size, 6);
});
