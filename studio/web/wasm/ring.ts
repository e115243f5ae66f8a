// Damped modes in WebAssembly SIMD, by AssemblyScript; src/play/kernel.ts has the same in TypeScript.
//
// A bank of modes lies at `bank`, in this order, `modes` of each (a multiple of 8): states Re and Im, poles Re and Im
// (float64), then for each of two channels mixing Re and Im (float32). States stand where the last sample left them.

const GROUP: i32 = 4;
const QUIET: f64 = 1e-40;

// Adds the next `n` samples of two channels to `out` (float32; the second begins `stride` samples after the first) and
// leaves the states where they end; whether any mode still rings. `sums` has room for n · 2 vectors.
export function ring(bank: usize, modes: i32, out: usize, stride: i32, n: i32, sums: usize): bool {
  const double = (<usize>modes) << 3;
  const single = (<usize>modes) << 2;
  const mixing = bank + 4 * double;
  memory.fill(sums, 0, (<usize>n) << 5);
  let alive = false;
  for (let m = 0; m < modes; m += 2 * GROUP) {
    const at = bank + ((<usize>m) << 3);
    if (silent(at, double)) continue;
    alive = true;
    add(at, double, mixing + ((<usize>m) << 2), single, n, sums);
    for (let pair = 0; pair < 4; pair++) advance(at + ((<usize>pair) << 4), double, n);
  }
  if (alive) {
    for (let i = 0; i < n; i++) {
      const sum = sums + ((<usize>i) << 5);
      const left = out + ((<usize>i) << 2);
      const right = left + ((<usize>stride) << 2);
      store<f32>(left, load<f32>(left) + across(v128.load(sum)));
      store<f32>(right, load<f32>(right) + across(v128.load(sum, 16)));
    }
  }
  return alive;
}

function silent(at: usize, double: usize): bool {
  let any = i64x2.splat(0);
  for (let byte: usize = 0; byte < 64; byte += 16) {
    any = v128.or(any, v128.or(v128.load(at + byte), v128.load(at + double + byte)));
  }
  return !v128.any_true(any);
}

function across(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

// Four doubles as floats.
function narrow(at: usize): v128 {
  return v128.shuffle<f32>(
    f32x4.demote_f64x2_zero(v128.load(at)),
    f32x4.demote_f64x2_zero(v128.load(at, 16)),
    0,
    1,
    4,
    5,
  );
}

// Eight modes in single precision, whose errors do not outlast the n samples.
function add(at: usize, double: usize, mix: usize, single: usize, n: i32, sums: usize): void {
  let re = narrow(at),
    im = narrow(at + double);
  let re2 = narrow(at + 32),
    im2 = narrow(at + double + 32);
  const poles = at + 2 * double;
  const pr = narrow(poles),
    pi = narrow(poles + double);
  const pr2 = narrow(poles + 32),
    pi2 = narrow(poles + double + 32);
  const lr = v128.load(mix),
    li = v128.load(mix + single);
  const lr2 = v128.load(mix, 16),
    li2 = v128.load(mix + single, 16);
  const second = mix + 2 * single;
  const rr = v128.load(second),
    ri = v128.load(second + single);
  const rr2 = v128.load(second, 16),
    ri2 = v128.load(second + single, 16);
  const end = sums + ((<usize>n) << 5);
  for (let sum = sums; sum < end; sum += 32) {
    const turned = f32x4.sub(f32x4.mul(re, pr), f32x4.mul(im, pi));
    im = f32x4.add(f32x4.mul(re, pi), f32x4.mul(im, pr));
    re = turned;
    const turned2 = f32x4.sub(f32x4.mul(re2, pr2), f32x4.mul(im2, pi2));
    im2 = f32x4.add(f32x4.mul(re2, pi2), f32x4.mul(im2, pr2));
    re2 = turned2;
    const left = f32x4.sub(f32x4.mul(lr, re), f32x4.mul(li, im));
    const left2 = f32x4.sub(f32x4.mul(lr2, re2), f32x4.mul(li2, im2));
    v128.store(sum, f32x4.add(v128.load(sum), f32x4.add(left, left2)));
    const right = f32x4.sub(f32x4.mul(rr, re), f32x4.mul(ri, im));
    const right2 = f32x4.sub(f32x4.mul(rr2, re2), f32x4.mul(ri2, im2));
    v128.store(sum, f32x4.add(v128.load(sum, 16), f32x4.add(right, right2)), 16);
  }
}

// Two states times their poles to the n, by squaring; what is too small to matter, and would be slow, becomes zero.
function advance(at: usize, double: usize, n: i32): void {
  let re = v128.load(at),
    im = v128.load(at + double);
  let pr = v128.load(at + 2 * double),
    pi = v128.load(at + 3 * double);
  while (n) {
    if (n & 1) {
      const turned = f64x2.sub(f64x2.mul(re, pr), f64x2.mul(im, pi));
      im = f64x2.add(f64x2.mul(re, pi), f64x2.mul(im, pr));
      re = turned;
    }
    n >>= 1;
    const square = f64x2.sub(f64x2.mul(pr, pr), f64x2.mul(pi, pi));
    pi = f64x2.mul(f64x2.add(pr, pr), pi);
    pr = square;
  }
  const loud = f64x2.ge(f64x2.add(f64x2.mul(re, re), f64x2.mul(im, im)), f64x2.splat(QUIET));
  v128.store(at, v128.and(re, loud));
  v128.store(at + double, v128.and(im, loud));
}
