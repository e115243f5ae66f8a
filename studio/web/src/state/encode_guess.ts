// About how large a file will be and how it will sound, before it is encoded: from what was measured on recordings, as
// benchmarks/RESULTS.md has it (quality.py on recordings that nobody tuned on, quality_stereo.py, quality.py by quality,
// and the table "What the encode dialog says"). Zimtohrli is a model of hearing, 5 for no difference.

type Curve = [number, number][];

const MONO: Curve = [
  [4.6, 3.7],
  [8, 3.96],
  [16, 4.5],
  [24, 4.67],
  [48, 4.84],
  [63, 4.91],
];
const STEREO: Curve = [
  [6.9, 3.7],
  [24, 4.31],
  [36, 4.54],
  [48, 4.65],
  [72, 4.77],
  [95, 4.9],
];
// Kbps of one channel: mean, least and most of ten recordings.
const BY_QUALITY: [number, number, number, number][] = [
  [0, 4.6, 2.7, 7],
  [2, 9, 2.8, 24],
  [4, 16, 3.6, 45],
  [6, 26, 4.3, 74],
  [8, 41, 4.9, 112],
  [10, 63, 6.1, 176],
];
const BY_SNR: [number, number, number, number][] = [
  [10, 5.7, 0.7, 37],
  [20, 19, 1, 104],
  [30, 50.5, 1.4, 219],
];
// What a second channel adds.
const SECOND = 0.5;

export interface Guess {
  kbps: number;
  range: [number, number] | null; // of recordings, where the size follows
  score: number | null; // by Zimtohrli
}

function along(curve: Curve, x: number): number {
  const at = Math.max(1, Math.min(curve.length - 1, curve.findIndex(([end]) => end >= x) || 1));
  const last = curve.findIndex(([end]) => end >= x) < 0;
  const [[x0, y0], [x1, y1]] = last ? curve.slice(-2) : [curve[at - 1], curve[at]];
  const part = (Math.log(Math.max(x, 1e-3)) - Math.log(x0)) / (Math.log(x1) - Math.log(x0));
  return y0 + (y1 - y0) * Math.max(0, Math.min(1, part));
}

function between(rows: [number, number, number, number][], x: number): [number, number, number] {
  const at = Math.max(
    1,
    rows.findIndex(([end]) => end >= x) < 0 ? rows.length - 1 : rows.findIndex(([end]) => end >= x),
  );
  const [low, high] = [rows[at - 1], rows[at]];
  const part = (x - low[0]) / (high[0] - low[0]);
  const mix = (k: number) => low[k] * (high[k] / low[k]) ** part;
  return [mix(1), mix(2), mix(3)];
}

const channels = (n: number) => 1 + SECOND * (n - 1);

export function scoreOf(kbps: number, nChannels: number): number {
  return nChannels > 1 ? along(STEREO, (kbps * 1.5) / channels(nChannels)) : along(MONO, kbps);
}

export function guess(by: "size" | "quality" | "exactness", value: number, nChannels: number): Guess {
  if (by === "size") return { kbps: value, range: null, score: scoreOf(value, nChannels) };
  const [mean, least, most] = between(by === "quality" ? BY_QUALITY : BY_SNR, value).map(
    (kbps) => kbps * channels(nChannels),
  );
  return { kbps: mean, range: [least, most], score: by === "quality" ? scoreOf(mean, nChannels) : null };
}

export function scoreWords(score: number): string {
  if (score >= 4.85) return "hard to tell from the recording";
  if (score >= 4.7) return "very near to the recording";
  if (score >= 4.5) return "small differences to a close listener";
  if (score >= 4.2) return "differences that are noticed";
  return score >= 3.8 ? "clearly coarser than the recording" : "a sketch of the recording";
}
