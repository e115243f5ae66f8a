// What is played is kept, on the scene's time line: over its sound, in a loop, to a metronome. Times are the audio
// thread's, to the sample.

import type { Scope } from "../scope.ts";
import { combine, NAMES, NEUTRAL, type Deformation } from "./deformation.ts";
import type { Panel } from "./panel.ts";
import type { Hit } from "./sound.ts";

export interface Take {
  fromS: number; // where it begins on the scene's time line
  toS: number | null; // where it begins again; null goes on
  bpm: number; // 0 without a metronome
  // The scene's sound, to be heard meanwhile.
  scene: AudioBuffer | null;
}

export interface Kept {
  time_s: number;
  control: number;
  amplitude: number;
  deformation: Deformation;
}

const LEAD_S = 0.15;
const AHEAD_S = 0.2;
const TICK_MS = 50;
const CLICK_S = 0.03;

export class Recorder {
  readonly kept: Kept[] = [];
  private panel: Panel;
  private take: Take;
  private beganS: number;
  private source: AudioBufferSourceNode | null = null;
  private scope: Scope;
  private beat = 0;
  // What was kept in turns before, in order of time, and which of it is the next to be heard again.
  private earlier: Kept[] = [];
  private next = 0;
  private turn = 0;

  constructor(panel: Panel, take: Take, scope: Scope) {
    this.panel = panel;
    this.take = take;
    this.scope = scope.child();
    const context = panel.sound.context!;
    this.beganS = context.currentTime + LEAD_S;
    panel.played = (hits, atS, held) => this.keep(hits, atS, held);
    this.scope.own(() => (panel.played = () => {}));
    if (take.scene) {
      this.source = new AudioBufferSourceNode(context, { buffer: take.scene });
      if (take.toS !== null) Object.assign(this.source, { loop: true, loopStart: take.fromS, loopEnd: take.toS });
      this.source.connect(context.destination);
      this.source.start(this.beganS, take.fromS);
      this.scope.own(() => this.source?.stop());
    }
    this.tick();
  }

  // Seconds on the scene's time line.
  positionS(atS = this.panel.sound.nowS): number {
    const { fromS } = this.take;
    const passed = Math.max(0, atS - this.beganS);
    return fromS + (this.lengthS ? passed % this.lengthS : passed);
  }

  end(): Kept[] {
    this.scope.end();
    return this.kept;
  }

  private get lengthS(): number {
    return this.take.toS === null ? 0 : this.take.toS - this.take.fromS;
  }

  private keep(hits: Hit[], atS: number, held: Deformation): void {
    for (const { control, amplitude, deformation, atS: own } of hits) {
      const when = own ?? atS;
      const all = { ...NEUTRAL };
      combine(all, { ...NEUTRAL, ...deformation }, held);
      // What comes before the beginning was meant for it.
      this.kept.push({ time_s: this.positionS(when), control, amplitude, deformation: all });
    }
  }

  private tick(): void {
    const { context, nowS } = this.panel.sound;
    if (this.take.bpm && context) {
      for (; this.beatS(this.beat) < nowS + AHEAD_S; this.beat++) this.click(context, this.beatS(this.beat));
    }
    if (this.lengthS) this.overdub(nowS);
    this.scope.after(TICK_MS, () => this.tick());
  }

  // Beats count from the beginning of the scene, in every turn of a loop.
  private beatS(beat: number): number {
    const each = 60 / this.take.bpm;
    if (!this.lengthS) return this.beganS + (Math.ceil(this.take.fromS / each - 1e-9) + beat) * each - this.take.fromS;
    const first = Math.ceil(this.take.fromS / each - 1e-9) * each - this.take.fromS;
    const inTurn = Math.max(1, Math.ceil((this.lengthS - first) / each - 1e-9));
    return this.beganS + Math.floor(beat / inTurn) * this.lengthS + first + (beat % inTurn) * each;
  }

  private click(context: AudioContext, atS: number): void {
    const tone = new OscillatorNode(context, { frequency: 1760 });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0.2, atS);
    volume.gain.exponentialRampToValueAtTime(0.001, atS + CLICK_S);
    tone.connect(volume).connect(context.destination);
    tone.start(atS);
    tone.stop(atS + CLICK_S);
  }

  // What was played in earlier turns of a loop sounds again in the next, in order of time.
  private overdub(nowS: number): void {
    if (nowS + AHEAD_S > this.beganS + (this.turn + 1) * this.lengthS) {
      this.turn++;
      this.next = 0;
      this.earlier = [...this.kept].sort((a, b) => a.time_s - b.time_s);
    }
    const due: Hit[] = [];
    for (; this.next < this.earlier.length; this.next++) {
      const { time_s, control, amplitude, deformation } = this.earlier[this.next];
      const atS = this.beganS + this.turn * this.lengthS + time_s - this.take.fromS;
      if (atS >= nowS + AHEAD_S) break;
      due.push({ control, amplitude, atS, key: `turn ${this.turn} ${this.next}`, deformation: this.less(deformation) });
    }
    if (due.length) this.panel.sound.strike(due);
  }

  // A deformation that makes this one on top of what is held now.
  private less(deformation: Deformation): Deformation {
    const own = { ...deformation };
    for (const name of NAMES) own[name] -= this.panel.sound.held[name];
    own.damping = deformation.damping / this.panel.sound.held.damping;
    return own;
  }
}
