// MIDI messages to strikes: notes with velocity, bends, modulation, the sustain pedal, and MPE, in which each note has a
// channel of its own. `motes.synth.keyboard` does the same in Python.

import type { Deformation } from "./deformation.ts";
import type { Chooser } from "./keys.ts";
import type { Hit } from "./sound.ts";

export interface Played {
  strike(hits: Hit[]): void;
  bend(key: string, deformation: Partial<Deformation>): void;
  hold(deformation: Partial<Deformation>): void;
  silence(): void;
}

interface Channel {
  semitones: number; // how far bends reach
  bend: number; // −1 … 1
  timbre: number; // −1 … 1
  pressure: number; // 0 … 1
  sustains: boolean;
  parameter: number; // the registered parameter that the next data entry sets
  notes: Map<number, Note>;
}

interface Note {
  voice: string;
  semitones: number;
  released: boolean;
}

const MPE_BEND = 48;
const TIMBRE_DB = 6;
const MODULATION_DB = 6;
const PRESSURE_DAMPING = 3;

export class MidiHands {
  // What a released key divides decay times by; 1 lets it ring.
  release = 6;
  private choose: Chooser;
  private out: Played;
  private channels: Channel[];
  private count = 0;

  constructor(choose: Chooser, out: Played) {
    this.choose = choose;
    this.out = out;
    this.channels = Array.from({ length: 16 }, () => ({
      semitones: 2,
      bend: 0,
      timbre: 0,
      pressure: 0,
      sustains: false,
      parameter: -1,
      notes: new Map(),
    }));
  }

  message(data: ArrayLike<number>, atS?: number): void {
    const [status, one = 0, two = 0] = Array.from(data);
    const channel = this.channels[status & 15];
    const kind = status >> 4;
    // A note that begins with velocity 0 ends.
    if (kind === 9 && two > 0) this.press(channel, one, two, atS);
    else if (kind === 8 || kind === 9) this.lift(channel, one);
    else if (kind === 11) this.control(status & 15, one, two);
    else if (kind === 10 || kind === 13 || kind === 14) {
      if (kind === 14) channel.bend = ((two << 7) + one - 8192) / 8192;
      else channel.pressure = (kind === 13 ? one : two) / 127;
      this.follow(channel);
    }
  }

  press(channel: Channel, key: number, velocity: number, atS?: number): void {
    const voice = `midi:${this.count++ % 4096}`;
    const found = this.choose(key, velocity);
    if (!found) return;
    this.lift(channel, key);
    const { control, amplitude, transpose } = found;
    const note = { voice, semitones: transpose, released: false };
    channel.notes.set(key, note);
    this.out.strike([{ control, amplitude, key: voice, deformation: this.deformation(channel, note), atS }]);
  }

  lift(channel: Channel, key: number): void {
    const note = channel.notes.get(key);
    if (!note) return;
    note.released = true;
    if (!channel.sustains) this.end(channel, key, note);
  }

  // By hand, on the first channel.
  keyDown(key: number, velocity: number): void {
    this.press(this.channels[0], key, velocity);
  }

  keyUp(key: number): void {
    this.lift(this.channels[0], key);
  }

  private control(number: number, which: number, value: number): void {
    const channel = this.channels[number];
    if (which === 1) this.out.hold({ brightness: (MODULATION_DB * value) / 127 });
    else if (which === 74) {
      channel.timbre = (value - 64) / 64;
      this.follow(channel);
    } else if (which === 64) {
      channel.sustains = value >= 64;
      if (!channel.sustains)
        for (const [key, note] of [...channel.notes]) if (note.released) this.end(channel, key, note);
    } else if (which === 101) channel.parameter = value << 7;
    else if (which === 100) channel.parameter = Math.max(0, channel.parameter) | value;
    else if (which === 6 && channel.parameter === 0) channel.semitones = value;
    else if (which === 6 && channel.parameter === 6) this.expressive(number, value);
    else if (which === 120 || which === 123) {
      for (const each of this.channels) each.notes.clear();
      this.out.silence();
    }
  }

  // The MPE configuration: so many channels beside a manager, the first or the last, have notes of their own.
  private expressive(manager: number, members: number): void {
    for (let i = 1; i <= members; i++) {
      const member = this.channels[manager === 0 ? i : 15 - i];
      if (member) member.semitones = MPE_BEND;
    }
  }

  private end(channel: Channel, key: number, { voice }: Note): void {
    channel.notes.delete(key);
    if (this.release !== 1) this.out.bend(voice, { damping: this.release });
  }

  private follow(channel: Channel): void {
    for (const note of channel.notes.values()) this.out.bend(note.voice, this.deformation(channel, note));
  }

  private deformation({ bend, semitones, timbre, pressure }: Channel, note: Note): Partial<Deformation> {
    return {
      transpose: note.semitones + bend * semitones,
      brightness: TIMBRE_DB * timbre,
      damping: 1 + PRESSURE_DAMPING * pressure,
    };
  }
}

// Listens to all inputs there are; returns words about what was found.
export async function listenToMidi(hands: MidiHands, changed: (words: string) => void): Promise<void> {
  if (!navigator.requestMIDIAccess) return changed("This browser has no Web MIDI.");
  let access: MIDIAccess;
  try {
    access = await navigator.requestMIDIAccess();
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    const why: Record<string, string> = {
      NotAllowedError: "the browser does not allow it here",
      SecurityError: "the browser does not allow it here",
      InvalidStateError: "the system's MIDI does not answer",
      NotSupportedError: "the system has none",
    };
    return changed(`No MIDI: ${why[name] ?? String(error)}.`);
  }
  const listen = () => {
    const inputs = [...access.inputs.values()];
    for (const input of inputs) input.onmidimessage = ({ data }) => data && hands.message(data);
    changed(
      inputs.length
        ? `MIDI: ${inputs.map(({ name }) => name ?? "an input").join(", ")}.`
        : "MIDI is there, with no keyboard: connect one.",
    );
  };
  access.onstatechange = listen;
  listen();
}
