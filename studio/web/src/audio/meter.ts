// How loud samples are, in dB below full scale.

export const SILENT_DB = -120;

export interface Loudness {
  peakDb: number;
  rmsDb: number;
}

const decibels = (amplitude: number): number => Math.max(SILENT_DB, 20 * Math.log10(Math.max(amplitude, 1e-9)));

export function measured(samples: Float32Array): Loudness {
  let peak = 0;
  let power = 0;
  for (const sample of samples) {
    peak = Math.max(peak, Math.abs(sample));
    power += sample * sample;
  }
  return { peakDb: decibels(peak), rmsDb: decibels(Math.sqrt(power / Math.max(1, samples.length))) };
}
