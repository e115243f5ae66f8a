// Pitches: MIDI numbers, 69 for 440 Hz, and what they are called.

const NAMES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const BLACK = [1, 3, 6, 8, 10];

export const hzOfPitch = (pitch: number): number => 440 * 2 ** ((pitch - 69) / 12);
export const pitchOfHz = (hz: number): number => 69 + 12 * Math.log2(Math.max(hz, 1e-3) / 440);
const pitchClass = (pitch: number): number => ((Math.round(pitch) % 12) + 12) % 12;
export const isBlack = (pitch: number): boolean => BLACK.includes(pitchClass(pitch));
export const pitchName = (pitch: number): string =>
  `${NAMES[pitchClass(pitch)]}${Math.floor(Math.round(pitch) / 12) - 1}`;
