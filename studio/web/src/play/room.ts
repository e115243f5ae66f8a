// A synthetic room, of the noise that motes defines (docs/format.md): `Room.synthetic` has the same response.

const MASK = 0xffffffff;
const GOLDEN = 0x9e3779b9;
const FALL_DB = 100;

function mix(number: number): number {
  number = Math.imul(number ^ (number >>> 16), 0x7feb352d);
  number = Math.imul(number ^ (number >>> 15), 0x846ca68b);
  return (number ^ (number >>> 16)) >>> 0;
}

// Noise of a channel: whole numbers from −510 to 510.
export function white(seed: number, channel: number, n: number): Float32Array {
  const first = mix((mix(seed >>> 0) + (channel + 1) * GOLDEN) & MASK);
  const second = mix((first + GOLDEN) & MASK);
  return Float32Array.from({ length: n }, (_, k) => {
    const h = mix(mix((k + first) & MASK) ^ second);
    return (h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510;
  });
}

// Left and right, of unit energy on average.
export function responseOf(rt60S: number, rateHz: number): [Float32Array, Float32Array] {
  const n = Math.max(1, Math.round(((rt60S * FALL_DB) / 60) * rateHz));
  const sides: [Float32Array, Float32Array] = [white(0, 0, n), white(0, 1, n)];
  let energy = 0;
  for (const side of sides) {
    for (let k = 0; k < n; k++) {
      side[k] *= 10 ** ((-3 * k) / (rt60S * rateHz));
      energy += side[k] * side[k];
    }
  }
  const gain = Math.sqrt(2 / energy);
  for (const side of sides) for (let k = 0; k < n; k++) side[k] *= gain;
  return sides;
}
