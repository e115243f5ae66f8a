// Which control plays a key of a keyboard, as `motes.synth.keys` found it.

// From MIDI number `low` on: control, semitones by which its modes are transposed, amplitude at velocity 100.
export interface KeyTable {
  low: number;
  keys: [control: number, semitones: number, amplitude: number][];
}

const REFERENCE = 100;
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

export const nameOf = (key: number): string => `${NAMES[key % 12]}${Math.floor(key / 12) - 1}`;

// What plays a key at a velocity: a control, or a note of a recording; null for keys that nothing plays.
export interface Chosen {
  control: number;
  transpose: number;
  amplitude: number;
}
export type Chooser = (key: number, velocity: number) => Chosen | null;

export function chosenIn(table: KeyTable, key: number, velocity: number): Chosen | null {
  const found = table.keys[key - table.low];
  if (!found) return null;
  const [control, transpose, amplitude] = found;
  return { control, transpose, amplitude: amplitude * (velocity / REFERENCE) ** 1.5 };
}
