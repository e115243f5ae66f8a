// Everything to play an instrument with: pad, keyboard, MIDI, motion, deformations, chance; in a report or the studio.

import type { Scope } from "../scope.ts";
import { playAll, strikesOf, WAYS, type Way } from "./chances.ts";
import { NAMES, RANGES, type Deformation, type Name } from "./deformation.ts";
import { Deformations, valueOf } from "./deformations.ts";
import { fault, type Instrument } from "./document.ts";
import { button, element } from "./element.ts";
import { Keyboard } from "./keyboard.ts";
import { chosenIn, type KeyTable } from "./keys.ts";
import { listenToMidi, MidiHands } from "./midi.ts";
import { listenToMotion } from "./motion.ts";
import { Pad, type Touch } from "./pad.ts";
import { Sound, type Hit } from "./sound.ts";

export interface Playable {
  instrument: Instrument;
  keys: KeyTable;
}

// Of a control that is struck in the middle of the pad with all strength, beside the loudest in the recording.
const PAD_GAIN = 1.2;

export class Panel {
  readonly box = element("div", { class: "play-panel" });
  readonly sound: Sound;
  // What was struck, and when on the sound's clock, and what was held then: for who records it.
  played: (hits: Hit[], atS: number, held: Deformation) => void = () => {};
  private instrument: Instrument;
  private scope: Scope;
  private loudness: number[];
  private usual: number[];
  private pad: Pad;
  private deformations: Deformations;
  private keyboard: Keyboard;
  private hands: MidiHands;
  private way = element("p", { class: "play-way", role: "status", "aria-live": "polite" });
  private load = element("p", { class: "play-load quiet" });
  private stopChance: () => void = () => {};

  constructor({ instrument, keys }: Playable, worklet: string, scope: Scope) {
    this.scope = scope;
    this.instrument = instrument;
    this.sound = new Sound(instrument, worklet);
    scope.own(() => this.sound.close());
    this.loudness = loudnessOf(instrument);
    this.usual = usualAmplitudes(instrument);
    const loud = this.loudness.map((power, k) => power * this.usual[k] ** 2);
    const out = {
      strike: (hits: Hit[]) => this.strike(hits),
      bend: (key: string, deformation: Partial<Deformation>) => this.sound.bend(key, deformation),
      hold: (deformation: Partial<Deformation>) => this.deformations.set(deformation),
      silence: () => this.silence(),
    };
    this.hands = new MidiHands((key, velocity) => chosenIn(keys, key, velocity), out);
    this.pad = new Pad(instrument.controls, loud, { strike: (touch) => this.touched(touch), bend: out.bend }, scope);
    this.deformations = new Deformations((deformation) => this.sound.hold(deformation), scope);
    const [down, up] = [this.hands.keyDown.bind(this.hands), this.hands.keyUp.bind(this.hands)];
    this.keyboard = new Keyboard({ down, up }, scope);
    this.build();
    this.sound.changed = () => this.say();
    this.say();
  }

  strike(hits: Hit[]): void {
    const held = { ...this.sound.held };
    this.sound.strike(hits, (atS) => this.played(hits, atS, held));
  }

  silence(): void {
    this.stopChance();
    this.sound.silence();
  }

  // The recording's own strikes, from its beginning; returns what stops them.
  playScore(done: () => void): () => void {
    const { time_s, control, amplitude, frequency_ratio, turn_s } = this.instrument.strikes;
    const rate = this.sound.context?.sampleRate ?? 48000;
    const hits = time_s.map((atS, i) => ({
      atS,
      control: control[i],
      amplitude: amplitude[i],
      turn: turn_s[i] * rate,
      key: `ratio ${frequency_ratio[i]}`,
      deformation: { transpose: 12 * Math.log2(frequency_ratio[i]) },
    }));
    return playAll(
      hits[Symbol.iterator](),
      () => this.sound.nowS,
      (due) => this.sound.strike(due),
      this.scope,
      done,
    );
  }

  private touched({ shares, strength, voice, deformation }: Touch): void {
    this.strike(
      shares.map(({ control, share }) => ({
        control,
        amplitude: PAD_GAIN * strength * share * this.usual[control],
        key: voice,
        deformation,
      })),
    );
  }

  private build(): void {
    const axis = element("select", { "aria-label": "The pad's second axis" });
    axis.append(element("option", { value: "" }, "Controls"));
    for (const name of NAMES) axis.append(element("option", { value: name }, RANGES[name].label));
    this.scope.on(axis, "change", () => {
      this.pad.axis = (axis.value || null) as Name | null;
      this.pad.valueAt = (y) => (this.pad.axis ? valueOf(this.pad.axis, y) : y);
      this.pad.draw();
    });
    this.box.append(
      element("div", { class: "play-said" }, this.way, this.load),
      element(
        "div",
        { class: "play-hands" },
        element(
          "div",
          {},
          this.pad.box,
          element("label", { class: "play-axis" }, element("span", {}, "Upwards on the pad: "), axis),
        ),
        element("div", { class: "play-side" }, this.deformations.box, this.chance()),
      ),
      this.keyboard.box,
      this.extras(),
    );
  }

  private extras(): HTMLElement {
    const said = element("p", { class: "quiet play-devices", role: "status", "aria-live": "polite" });
    const damp = element("input", { type: "checkbox", checked: true });
    this.scope.on(damp, "change", () => (this.hands.release = damp.checked ? 6 : 1));
    const tell = (words: string) => (said.textContent = words);
    const motion = {
      strike: (strength: number) => this.pad.strikeHere(strength),
      tilt: (share: number) => this.tilt(share),
    };
    const octave = (by: number, words: string) => {
      const made = button(by < 0 ? "−" : "+", () => this.keyboard.shift(by));
      made.setAttribute("aria-label", words);
      return made;
    };
    return element(
      "div",
      { class: "play-extras" },
      element(
        "span",
        { class: "play-octaves", role: "group", "aria-label": "Octave" },
        octave(-1, "An octave lower"),
        this.keyboard.shown,
        octave(1, "An octave higher"),
      ),
      element("label", { class: "tick" }, damp, element("span", {}, "Damp when released")),
      button("Use MIDI", () => void this.sound.start().then(() => listenToMidi(this.hands, tell))),
      button("Use motion", () => void this.sound.start().then(() => listenToMotion(this.scope, motion, tell))),
      button("Silence", () => this.silence()),
      said,
    );
  }

  private chance(): HTMLElement {
    const seed = element("input", { type: "number", min: "0", max: "4294967295", step: "1", value: "1" });
    const density = element("input", { type: "number", min: "0.1", max: "100", step: "0.1", value: "4" });
    const buttons = (Object.keys(WAYS) as Way[]).map((way) => {
      const made = button(WAYS[way], () => {
        const starts = made.getAttribute("aria-pressed") !== "true";
        this.stopChance();
        if (starts)
          void this.sound.start().then(() => this.begin(way, made, seed.valueAsNumber, density.valueAsNumber));
      });
      made.setAttribute("aria-pressed", "false");
      return made;
    });
    return element(
      "div",
      { class: "play-chance", role: "group", "aria-label": "Chance" },
      ...buttons,
      element("label", {}, "Seed ", seed),
      element("label", {}, "Per second ", density),
    );
  }

  private begin(way: Way, made: HTMLElement, seed: number, perS: number): void {
    const density = Math.min(100, Math.max(0.1, perS || 4));
    const hits = strikesOf(this.instrument, this.loudness, way, Math.floor(seed) || 0, density);
    const stop = playAll(
      hits,
      () => this.sound.nowS,
      (due) => this.strike(due),
      this.scope,
    );
    made.setAttribute("aria-pressed", "true");
    this.stopChance = () => {
      stop();
      made.setAttribute("aria-pressed", "false");
      this.stopChance = () => {};
    };
  }

  private tilt(share: number): void {
    const axis = this.pad.axis ?? "transpose";
    this.deformations.set({ [axis]: valueOf(axis, share) });
  }

  private say(): void {
    const { way, load, latencyFrames, context } = this.sound;
    if (this.way.textContent !== way.words) this.way.textContent = way.words;
    this.way.classList.toggle("wrong", !way.plays && context !== null);
    if (!load.blocks) return;
    const late = load.late ? `${load.late} of ${load.blocks} blocks came too late` : "no block came too late";
    const deviceMs = 1000 * ((context?.baseLatency ?? 0) + (context?.outputLatency ?? 0));
    const delay =
      latencyFrames === null
        ? ""
        : `; a strike sounds ${latencyFrames} samples after it comes, and is heard ${Math.round(deviceMs)} ms later`;
    this.load.textContent = `${Math.round(100 * load.busy)} % of a core, ${late}${delay}.`;
  }
}

// What stands in place of a panel where a document cannot be played.
export function panelOf(playable: Playable, worklet: string, scope: Scope): Panel | HTMLElement {
  const wrong = fault(playable.instrument);
  return wrong ? element("p", { class: "play-way wrong", role: "alert" }, wrong) : new Panel(playable, worklet, scope);
}

// Energy of each control when it is struck with amplitude 1.
export function loudnessOf({ modes, controls, sample_rate_hz }: Instrument): number[] {
  return controls.map(({ modes: struck, re, im }) =>
    struck.reduce((sum, m, k) => sum + (re[k] ** 2 + im[k] ** 2) * modes.t60_s[m] * sample_rate_hz, 0),
  );
}

// The amplitude at which each control is struck in the recording, 1 where it is not.
function usualAmplitudes({ controls, strikes }: Instrument): number[] {
  const sums = controls.map(() => 0);
  const counts = controls.map(() => 0);
  strikes.control.forEach((control, i) => {
    sums[control] += strikes.amplitude[i];
    counts[control]++;
  });
  return sums.map((sum, k) => (counts[k] && sum > 0 ? sum / counts[k] : 1));
}
