// The frequency axis: how Hz become a height between 0 (bottom) and 1 (top).

export type AxisScale = "erb" | "log" | "linear";

const LOG_FLOOR_HZ = 20;

// Equal steps of the result are equal steps along the axis.
export function warp(scale: AxisScale, hz: number): number {
  if (scale === "linear") return hz;
  if (scale === "log") return Math.log2(Math.max(hz, LOG_FLOOR_HZ) / LOG_FLOOR_HZ);
  return 21.4 * Math.log10(1 + 0.00437 * Math.max(hz, 0)); // number of ERBs below, Glasberg and Moore 1990
}

export function unwarp(scale: AxisScale, value: number): number {
  if (scale === "linear") return value;
  if (scale === "log") return LOG_FLOOR_HZ * 2 ** value;
  return (10 ** (value / 21.4) - 1) / 0.00437;
}

// The part of the axis that is in view.
export interface Band {
  scale: AxisScale;
  lowHz: number;
  highHz: number;
}

export function heightOf(band: Band, hz: number): number {
  const low = warp(band.scale, band.lowHz);
  return (warp(band.scale, hz) - low) / (warp(band.scale, band.highHz) - low);
}

export function hzAt(band: Band, height: number): number {
  const low = warp(band.scale, band.lowHz);
  return unwarp(band.scale, low + height * (warp(band.scale, band.highHz) - low));
}

// Round frequencies to label, at least `gap` of the height apart, low to high.
export function frequencyTicks(band: Band, gap: number): number[] {
  const candidates =
    band.scale === "linear"
      ? steps(band.lowHz, band.highHz, niceStep((band.highHz - band.lowHz) * gap))
      : [20, 50, 100, 200, 300, 500, 1000, 1500, 2000, 3000, 5000, 7000, 10000, 15000, 20000, 40000, 80000];
  const ticks: number[] = [];
  for (const important of [true, false]) {
    for (const hz of candidates) {
      const mantissa = hz / 10 ** Math.floor(Math.log10(Math.max(hz, 1)));
      if (band.scale !== "linear" && [1, 2, 5].includes(Math.round(mantissa * 10) / 10) !== important) continue;
      const height = heightOf(band, hz);
      if (height < 0.02 || height > 0.985) continue;
      if (ticks.every((other) => Math.abs(heightOf(band, other) - height) >= gap) && !ticks.includes(hz))
        ticks.push(hz);
    }
  }
  return ticks.sort((a, b) => a - b);
}

// Multiples of `step` within low … high.
export function steps(low: number, high: number, step: number): number[] {
  const found: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
  return found;
}

// The smallest of 1, 2, 5 × 10^k that is at least this.
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-12)));
  return ([1, 2, 5].find((m) => m * power >= least * 0.999) ?? 10) * power;
}

export function spokenHz(hz: number): string {
  return hz >= 1000 ? `${+(hz / 1000).toFixed(2)} kHz` : `${+hz.toFixed(hz < 10 ? 1 : 0)} Hz`;
}

// A time for a tick at this spacing: 1.25 s, 2:05, 1:00:05.
export function spokenTime(exact: number, step: number): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const seconds = Number(exact.toFixed(digits));
  if (seconds < 60 && step < 60) return `${seconds.toFixed(digits)} s`;
  const hours = Math.floor(seconds / 3600 + 1e-9);
  const minutes = Math.floor((seconds - hours * 3600) / 60 + 1e-9);
  const rest = Math.max(0, seconds - hours * 3600 - minutes * 60).toFixed(digits);
  const padded = rest.split(".")[0].length < 2 ? `0${rest}` : rest;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}
