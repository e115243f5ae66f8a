// What plays instruments: both kernels make the same samples, chance is repeated, and notes are chosen by pitch and
// strength. tests/report/test_worklet.py compares with Python.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sharesAt } from "../src/play/blend.ts";
import { strikesOf } from "../src/play/chances.ts";
import type { Instrument } from "../src/play/document.ts";
import { fault } from "../src/play/document.ts";
import { Engine } from "../src/play/engine.ts";
import { nearestNote } from "../src/play/notes.ts";
import { white } from "../src/play/room.ts";

const instrument: Instrument = {
  format: "motes.instrument",
  version: 1,
  sample_rate_hz: 16000,
  n_channels: 1,
  duration_s: 1,
  modes: { frequency_hz: [200, 400, 610, 7900], t60_s: [1, 0.5, 0.3, 0.1] },
  mixing: null,
  controls: [
    { modes: [0, 1], re: [0.5, 0.2], im: [0, 0.1], direct: 1, pad: [0, 0], root_hz: 200 },
    { modes: [1, 2, 3], re: [0.1, 0.3, 0.2], im: [0, 0, 0], direct: 0, pad: [1, 1], root_hz: 400 },
  ],
  direct: [[0.5, 0.25, 0.125]],
  strikes: { time_s: [0.1, 0.4], control: [0, 1], amplitude: [1, 0.5], frequency_ratio: [1, 1], turn_s: [0, 0] },
};

function played(plain: boolean, blocks: number[], rate = 16000): Float32Array {
  const engine = new Engine(instrument, rate, plain);
  assert.equal(engine.memory.kernel.name, plain ? "JavaScript" : "WebAssembly SIMD");
  engine.strike({ control: 0, amplitude: 1, frame: 0 });
  engine.strike({ control: 1, amplitude: 0.7, frame: 333.4, key: "high", deformation: { transpose: 7 } });
  const n = blocks.reduce((sum, block) => sum + block, 0);
  const [out, unheard] = [new Float32Array(n), new Float32Array(n)];
  let at = 0;
  for (const block of blocks) {
    const piece = (all: Float32Array) => all.subarray(at, at + block);
    engine.process({ dry: [piece(out), piece(unheard)], wet: [piece(unheard), piece(unheard)] }, at);
    at += block;
  }
  return out;
}

const apart = (a: Float32Array, b: Float32Array) => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);

test("both kernels make the same samples, in blocks of any length", () => {
  const whole = played(true, [4000]);
  assert.ok(Math.max(...whole) > 0.3);
  assert.ok(apart(whole, played(false, [4000])) < 1e-5);
  assert.ok(apart(whole, played(false, [128, 1, 500, 371, 3000])) < 1e-5);
});

test("a bank that is needed elsewhere is taken from the quietest, and silence leaves nothing", () => {
  const engine = new Engine(instrument, 16000, true);
  for (let i = 0; i < 40; i++) engine.strike({ control: 0, amplitude: 1 + i, frame: 0, key: `${i}` });
  const blocks = () => [new Float32Array(64), new Float32Array(64)] as [Float32Array, Float32Array];
  engine.process({ dry: blocks(), wet: blocks() }, 0);
  assert.equal(engine.nSounding, 16);
  engine.silence();
  const dry = blocks();
  engine.process({ dry, wet: blocks() }, 64);
  assert.equal(
    dry[0].every((x) => x === 0),
    true,
  );
});

test("what is held changes what rings without a step", () => {
  const engine = new Engine(instrument, 16000, true);
  engine.strike({ control: 0, amplitude: 1, frame: 0 });
  const sound = new Float32Array(2048);
  for (let at = 0; at < 2048; at += 128) {
    if (at === 1024) Object.assign(engine.held, { transpose: 12, brightness: 6 });
    const block = sound.subarray(at, at + 128);
    const other = new Float32Array(128);
    engine.process({ dry: [block, other], wet: [other, other] }, at);
  }
  let step = 0;
  for (let i = 1000; i < 1100; i++) step = Math.max(step, Math.abs(sound[i] - sound[i - 1]));
  assert.ok(step < 0.12);
});

test("shares of the pad add up, and the nearest has most", () => {
  const shares = sharesAt(instrument.controls, 0.1, 0.1);
  assert.equal(shares[0].control, 0);
  assert.ok(Math.abs(shares.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
});

test("chance is repeated by its seed, and permuting keeps the moments", () => {
  const first = (way: "strikes" | "permuted" | "times", seed: number) => {
    const all = strikesOf(instrument, [1, 1], way, seed, 10);
    return Array.from({ length: 6 }, () => all.next().value!);
  };
  for (const way of ["strikes", "permuted", "times"] as const) assert.deepEqual(first(way, 3), first(way, 3));
  assert.notDeepEqual(first("strikes", 3), first("strikes", 4));
  assert.deepEqual(
    first("permuted", 5).map(({ atS }) => atS),
    [0.1, 0.4, 1.1, 1.4, 2.1, 2.4],
  );
});

test("the nearest note in pitch and strength plays", () => {
  const notes = [
    { note: 1, pitch: 60, gainDb: -20, sureness: 1 },
    { note: 2, pitch: 60, gainDb: -40, sureness: 1 },
    { note: 3, pitch: 67, gainDb: -30, sureness: 1 },
  ];
  assert.equal(nearestNote(notes, 60, 127)!.control, 0);
  assert.equal(nearestNote(notes, 60, 30)!.control, 1);
  assert.deepEqual([nearestNote(notes, 69, 80)!.control, nearestNote(notes, 69, 80)!.transpose], [2, 2]);
  assert.equal(nearestNote([], 60, 80), null);
});

test("noise is that of motes.noise", () => {
  assert.deepEqual(Array.from(white(0, 0, 8)), [183, 17, 56, 255, -176, 202, -85, 19]);
});

test("what cannot be played says why", () => {
  assert.equal(fault(instrument), "");
  assert.match(fault({ ...instrument, version: 2 }), /newer/);
  assert.match(fault({}), /no instrument/);
});
