// The hot loop of an instrument, in WebAssembly where it compiles, else in JavaScript. Both work on one memory; how a
// bank of modes lies in it is told in wasm/ring.ts.

import { RING } from "./ring.gen.ts";

// Samples that are computed at once at most.
export const RUN = 128;
// Modes are padded to a multiple of so many.
const GROUP = 8;
const HEAD = 1024;
const PAGE = 65536;

export interface Kernel {
  name: "WebAssembly SIMD" | "JavaScript";
  // Adds n samples of the bank to the output; whether any of its modes still rings.
  ring(bank: number, n: number): boolean;
}

export interface Bank {
  offset: number;
  re: Float64Array;
  im: Float64Array;
  poleRe: Float64Array;
  poleIm: Float64Array;
  // Of the left and the right channel.
  mixing: [re: Float32Array, im: Float32Array][];
}

export class Memory {
  readonly kernel: Kernel;
  readonly out: [Float32Array, Float32Array];
  readonly banks: Bank[] = [];

  constructor(nModes: number, nBanks: number, plain = false) {
    const modes = Math.ceil(nModes / GROUP) * GROUP;
    const sums = HEAD + 8 * RUN;
    const first = sums + 32 * RUN;
    const size = 48 * modes; // four rows of doubles and four of floats
    const bytes = first + nBanks * size;
    const wasm = plain ? null : compiled(Math.ceil(bytes / PAGE));
    const buffer = wasm ? wasm.buffer : new ArrayBuffer(bytes);
    this.out = [new Float32Array(buffer, HEAD, RUN), new Float32Array(buffer, HEAD + 4 * RUN, RUN)];
    for (let i = 0; i < nBanks; i++) this.banks.push(bankAt(buffer, first + i * size, modes));
    this.kernel = wasm
      ? { name: "WebAssembly SIMD", ring: (bank, n) => wasm.ring(first + bank * size, modes, HEAD, RUN, n, sums) !== 0 }
      : { name: "JavaScript", ring: (bank, n) => ring(this.banks[bank], this.out, n) };
  }
}

function bankAt(buffer: ArrayBuffer, offset: number, modes: number): Bank {
  const doubles = (row: number) => new Float64Array(buffer, offset + row * 8 * modes, modes);
  const floats = (row: number) => new Float32Array(buffer, offset + 32 * modes + row * 4 * modes, modes);
  return {
    offset,
    re: doubles(0),
    im: doubles(1),
    poleRe: doubles(2),
    poleIm: doubles(3),
    mixing: [
      [floats(0), floats(1)],
      [floats(2), floats(3)],
    ],
  };
}

type Ring = (bank: number, modes: number, out: number, stride: number, n: number, sums: number) => number;

// Null where WebAssembly is not there, lacks SIMD, or may not be compiled.
function compiled(pages: number): { buffer: ArrayBuffer; ring: Ring } | null {
  try {
    const memory = new WebAssembly.Memory({ initial: pages });
    const module = new WebAssembly.Module(Uint8Array.from(RING));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return { buffer: memory.buffer, ring: exports.ring as Ring };
  } catch {
    return null;
  }
}

const QUIET = 1e-40;

// The same as wasm/ring.ts, one mode after the other, in double precision.
function ring(
  { re, im, poleRe, poleIm, mixing }: Bank,
  [left, right]: [Float32Array, Float32Array],
  n: number,
): boolean {
  const [[leftRe, leftIm], [rightRe, rightIm]] = mixing;
  let alive = false;
  for (let m = 0; m < re.length; m++) {
    let x = re[m];
    let y = im[m];
    if (x === 0 && y === 0) continue;
    alive = true;
    const px = poleRe[m];
    const py = poleIm[m];
    const lx = leftRe[m];
    const ly = leftIm[m];
    const rx = rightRe[m];
    const ry = rightIm[m];
    for (let i = 0; i < n; i++) {
      const turned = px * x - py * y;
      y = px * y + py * x;
      x = turned;
      left[i] += lx * x - ly * y;
      right[i] += rx * x - ry * y;
    }
    const loud = x * x + y * y >= QUIET;
    re[m] = loud ? x : 0;
    im[m] = loud ? y : 0;
  }
  return alive;
}
