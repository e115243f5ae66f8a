// An instrument as `motes export --to instrument.json` writes it; docs/instrument.md has the meaning of each key.

export const FORMAT = "motes.instrument";
export const VERSION = 1;

export interface Control {
  modes: number[];
  re: number[];
  im: number[];
  direct: number; // gain of the direct path
  pad: [x: number, y: number];
  root_hz: number; // the lowest of its strong modes, 0 where it has none
}

export interface Strikes {
  time_s: number[];
  control: number[];
  amplitude: number[];
  frequency_ratio: number[];
  turn_s: number[];
}

export interface Instrument {
  format: string;
  version: number;
  sample_rate_hz: number;
  n_channels: number;
  duration_s: number;
  modes: { frequency_hz: number[]; t60_s: number[] };
  mixing: { re: number[]; im: number[] }[] | null;
  controls: Control[];
  direct: number[][];
  strikes: Strikes;
}

// What is wrong with a document, in one line; empty where it can be played.
export function fault(document: Partial<Instrument> | null): string {
  if (!document || document.format !== FORMAT) return "This is no instrument that motes wrote.";
  if (document.version !== VERSION)
    return `This instrument is of version ${document.version}; this page plays version ${VERSION}: a newer motes made it.`;
  if (!document.controls?.length || !document.modes?.frequency_hz.length)
    return "This instrument has no modes that ring, or nothing that strikes them.";
  return "";
}
