// A recording's own notes under a keyboard: each key is played by the note that is nearest in pitch and strength,
// transposed the rest of the way by playing its sound faster or slower.

import type { Deformation } from "./deformation.ts";
import type { Chosen } from "./keys.ts";
import type { Played } from "./midi.ts";
import type { Hit } from "./sound.ts";

export interface Note {
  note: number;
  pitch: number; // MIDI number
  gainDb: number;
  sureness: number;
}

// As `motes.library.play_notes` weighs them.
const MIDDLE_VELOCITY = 80;
const VELOCITY_DB = 30;
const DB_PER_SEMITONE = 6;
const UNSURE_SEMITONES = 6;
const LOUDEST_DB = 30;
const FADE_S = 0.06;

const louderOf = (velocity: number) => VELOCITY_DB * Math.log10(velocity / MIDDLE_VELOCITY);

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// The row of the note that plays a key; `control` counts rows.
export function nearestNote(notes: Note[], key: number, velocity: number): Chosen | null {
  if (!notes.length) return null;
  const middle = median(notes.map(({ gainDb }) => gainDb));
  const louder = louderOf(velocity);
  const costs = notes.map(
    ({ pitch, gainDb, sureness }) =>
      Math.abs(pitch - key) + Math.abs(gainDb - middle - louder) / DB_PER_SEMITONE + UNSURE_SEMITONES * (1 - sureness),
  );
  const control = costs.indexOf(Math.min(...costs));
  const by = Math.min(LOUDEST_DB, Math.max(-LOUDEST_DB, louder - (notes[control].gainDb - middle)));
  return { control, transpose: key - notes[control].pitch, amplitude: 10 ** (by / 20) };
}

interface Sounding {
  source: AudioBufferSourceNode;
  volume: GainNode;
}

// Sounds of notes, fetched when they are first played.
export class NoteVoices implements Played {
  private made: AudioContext | null = null;
  private fetch: (row: number) => Promise<AudioBuffer>;
  private buffers = new Map<number, Promise<AudioBuffer>>();
  private sounding = new Map<string, Sounding>();
  private failed: (error: unknown) => void;

  constructor(fetch: (row: number) => Promise<AudioBuffer>, failed: (error: unknown) => void) {
    this.fetch = fetch;
    this.failed = failed;
  }

  // Made when it is first needed: browsers allow none before a touch or key.
  get context(): AudioContext {
    return (this.made ??= new AudioContext({ latencyHint: "interactive" }));
  }

  strike(hits: Hit[]): void {
    if (this.context.state === "suspended") void this.context.resume();
    for (const hit of hits) void this.play(hit).catch(this.failed);
  }

  bend(key: string, { damping = 1, transpose }: Partial<Deformation>): void {
    const found = this.sounding.get(key);
    if (!found) return;
    if (transpose !== undefined) found.source.detune.value = 100 * transpose;
    if (damping >= 5) {
      found.volume.gain.setTargetAtTime(0, this.context.currentTime, FADE_S);
      found.source.stop(this.context.currentTime + 6 * FADE_S);
    }
  }

  hold(): void {}

  silence(): void {
    for (const { source } of this.sounding.values()) source.stop();
  }

  close(): void {
    void this.made?.close();
  }

  private async play({ control, amplitude, key = "", deformation }: Hit): Promise<void> {
    let buffer = this.buffers.get(control);
    if (!buffer) this.buffers.set(control, (buffer = this.fetch(control)));
    const detune = 100 * (deformation?.transpose ?? 0);
    const source = new AudioBufferSourceNode(this.context, { buffer: await buffer, detune });
    const volume = new GainNode(this.context, { gain: amplitude });
    source.connect(volume).connect(this.context.destination);
    this.sounding.set(key, { source, volume });
    source.addEventListener("ended", () => this.sounding.delete(key));
    source.start();
  }
}
