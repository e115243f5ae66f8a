import assert from "node:assert/strict";
import { test } from "node:test";
import { Player } from "../src/audio/player.ts";

const RATE = 8000;

// A sound card that keeps what it was given to play, on a clock that the test turns.
class Card {
  currentTime = 0;
  outputLatency = 0;
  state = "running";
  destination = {};
  closed = 0;
  started: { at: number; samples: number[] }[] = [];
  stopped = 0;
  gains: { value: number }[] = [];
  createGain() {
    const gain = {
      value: 0,
      cancelScheduledValues() {},
      setValueAtTime() {},
      linearRampToValueAtTime: (v: number) => (gain.value = v),
    };
    this.gains.push(gain);
    return { gain, connect: () => {} };
  }
  createBuffer(n: number, length: number) {
    const channels = Array.from({ length: n }, () => new Float32Array(length));
    return { channels, copyToChannel: (samples: Float32Array, k: number) => channels[k].set(samples) };
  }
  createBufferSource() {
    const node = {
      buffer: null as null | { channels: Float32Array[] },
      connect: () => {},
      start: (at: number) => this.started.push({ at, samples: [...node.buffer!.channels[0]] }),
      stop: () => this.stopped++,
    };
    return node;
  }
  createChannelSplitter() {
    return { connect: () => {} };
  }
  createAnalyser() {
    return { fftSize: 0, getFloatTimeDomainData() {} };
  }
  async close() {
    this.closed++;
  }
  async resume() {}
}

// Each sample of the reconstruction is its number, those of the original are negative.
function setUp(seconds = 3, hasOriginal = false) {
  const card = new Card();
  const asked: [string, number, number][] = [];
  const fetch = async (track: string, first: number, end: number) => {
    asked.push([track, first, end]);
    const sign = track === "original" ? -1 : 1;
    return [Float32Array.from({ length: end - first }, (_, k) => sign * (first + k))];
  };
  const player = new Player(fetch, RATE, seconds * RATE, hasOriginal, () => card as unknown as AudioContext);
  return { card, asked, player };
}
const settle = (ms = 10) => new Promise((done) => setTimeout(done, ms));

test("plays sample after sample without a gap, a little ahead", async () => {
  const { card, player } = setUp();
  await player.play(0.25);
  await settle();
  assert.equal(player.playing, true);
  card.currentTime = 0.9;
  await settle(100);
  const samples = card.started.flatMap((piece) => piece.samples);
  assert.deepEqual(samples.slice(0, 3), [2000, 2001, 2002]);
  samples.slice(1).forEach((sample, k) => assert.equal(sample, samples[k] + 1));
  card.started.slice(1).forEach(({ at }, k) => {
    const before = card.started[k];
    assert.ok(Math.abs(at - before.at - before.samples.length / RATE) < 1e-9);
  });
  assert.ok(samples.length < 3 * RATE);
  assert.ok(player.positionS > 1 && player.positionS < 1.25);
  player.close();
});

test("the residual is the original less the reconstruction, with the gain that matches them", async () => {
  const { card, player } = setUp(1, true);
  player.choose("residual");
  player.match({ original: 1, reconstruction: 1, residual: 2 });
  await player.play(0);
  assert.deepEqual(
    card.gains.slice(4, 6).map(({ value }) => value),
    [2, -2],
  );
  player.pause();
  assert.deepEqual(
    card.gains.slice(4, 6).map(({ value }) => value),
    [0, -0],
  );
  player.close();
});

test("a pause keeps the place, a seek within the scene moves it", async () => {
  const { card, player } = setUp();
  await player.play(1);
  await settle();
  card.currentTime = 0.52;
  player.pause();
  assert.ok(Math.abs(player.positionS - 1.5) < 0.01);
  player.seek(99);
  assert.equal(player.positionS, 3);
  player.close();
});

test("what an edit changed is fetched anew, and only that", async () => {
  const { asked, player } = setUp();
  await player.play(0);
  await settle(30);
  player.pause();
  const before = asked.length;
  player.changed(RATE + 10, RATE + 20, 3 * RATE);
  await player.play(0);
  await settle(30);
  assert.deepEqual(asked.slice(before), [["reconstruction", RATE, 2 * RATE]]);
  player.close();
});

test("a loop begins again at its start", async () => {
  const { card, player } = setUp();
  player.loop = { fromS: 0.5, toS: 0.75 };
  await player.play(0);
  await settle(30);
  const firsts = card.started.map(({ samples }) => samples[0]);
  assert.ok(firsts.length >= 3);
  assert.ok(firsts.every((first) => first === 4000));
  player.close();
});

test("a player that is closed plays, asks and holds nothing any more", async () => {
  const { card, asked, player } = setUp();
  await player.play(0);
  await settle();
  player.close();
  player.close();
  assert.equal(card.closed, 1);
  assert.ok(card.stopped > 0);
  const [n, m] = [card.started.length, asked.length];
  await player.play(1);
  await player.scrub(1);
  player.hear([new Float32Array(10)]);
  await settle(100);
  assert.deepEqual([card.started.length, asked.length], [n, m]);
});

test("at half the speed each second of the scene is two of sound, and asks for them", async () => {
  const { player, asked } = setUp(3);
  player.setSpeed(0.5);
  player.seek(1);
  assert.equal(player.positionS, 1);
  await player.play();
  await settle();
  assert.ok(asked.some(([, first]) => first === 2 * RATE));
  player.setSpeed(2);
  assert.ok(Math.abs(player.positionS - 1) < 0.1);
  assert.ok(Math.abs(player.durationS - 3) < 1e-3);
  player.close();
});

test("a channel is heard alone, and all again", async () => {
  const { card, player } = setUp();
  player.listenTo([0.5, -0.5]);
  await player.play(0);
  const [asTheyAre, left, right] = [card.gains[3], card.gains[4], card.gains[5]];
  assert.deepEqual([asTheyAre.value, left.value, right.value], [0, 0.5, -0.5]);
  player.listenTo(null);
  assert.deepEqual([asTheyAre.value, left.value, right.value], [1, 0, 0]);
  player.close();
});
