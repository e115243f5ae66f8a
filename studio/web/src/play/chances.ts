// Strikes by chance, again and again: at random times, of random controls, or the recording's own in another order.

import type { Scope } from "../scope.ts";
import type { Instrument } from "./document.ts";
import { Chance } from "./random.ts";
import type { Hit } from "./sound.ts";

export const WAYS = {
  strikes: "Random strikes",
  permuted: "Permuted controls",
  times: "Random times",
} as const;

export type Way = keyof typeof WAYS;

// What is to come is said so long before.
const AHEAD_S = 0.15;
const TICK_MS = 50;
const DEVIATION_DB = 3;

// Strikes from a time on, one after the other, without end: `atS` counts from the beginning.
export function* strikesOf(
  { controls, strikes, duration_s }: Instrument,
  loudness: number[],
  way: Way,
  seed: number,
  perS: number,
): Generator<Hit & { atS: number }> {
  const chance = new Chance(seed);
  const own = strikes.time_s.map((atS, i) => ({ atS, control: strikes.control[i], amplitude: strikes.amplitude[i] }));
  if (way === "permuted" && own.length) {
    const lengthS = Math.max(duration_s, own[own.length - 1].atS + 0.1);
    for (let round = 0; ; round++) {
      const order = chance.permutation(own.length);
      for (let i = 0; i < own.length; i++) yield { ...own[order[i]], atS: round * lengthS + own[i].atS };
    }
  }
  const amplitudes = controls.map((_, k) => {
    const mine = own.filter(({ control }) => control === k);
    return mine.length ? mine.reduce((sum, { amplitude }) => sum + amplitude, 0) / mine.length : 1;
  });
  const weights = loudness.map((power, k) => Math.sqrt(power) * amplitudes[k]);
  for (let atS = chance.wait(perS); ; atS += chance.wait(perS)) {
    if (way === "times" && own.length) {
      yield { ...own[Math.floor(chance.uniform() * own.length)], atS };
    } else {
      const control = chance.choice(weights);
      yield { control, amplitude: amplitudes[control] * 10 ** ((DEVIATION_DB * chance.normal()) / 20), atS };
    }
  }
}

// Plays a sequence on a clock, until it is stopped or ends; each strike is said a little before its time.
export function playAll(
  hits: Iterator<Hit & { atS: number }>,
  nowS: () => number,
  strike: (hits: Hit[]) => void,
  scope: Scope,
  done: () => void = () => {},
): () => void {
  const beginS = nowS() + 0.05;
  let next = hits.next();
  const inner = scope.child();
  const tick = () => {
    const due: Hit[] = [];
    while (!next.done && beginS + next.value.atS < nowS() + AHEAD_S) {
      due.push({ ...next.value, atS: beginS + next.value.atS });
      next = hits.next();
    }
    if (due.length) strike(due);
    if (next.done) {
      inner.end();
      done();
    } else inner.after(TICK_MS, tick);
  };
  tick();
  return () => inner.end();
}
