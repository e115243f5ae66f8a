// An instrument that sounds: strikes come in, blocks of samples go out. No DOM and no clock of its own, so that a worklet,
// a renderer of buffers and tests share it. Nothing is allocated while a block is computed.

import { combine, frequencyOf, NEUTRAL, type Deformation } from "./deformation.ts";
import { brightnessOf, combOf, decayOf, sideOf } from "./deformation.ts";
import type { Instrument } from "./document.ts";
import { Memory, RUN, type Bank } from "./kernel.ts";

export interface Strike {
  control: number;
  amplitude: number;
  frame?: number; // of the first sample at or after which it sounds, not necessarily whole; now by default
  turn?: number; // samples
  // Strikes of one key share a bank of modes, and its deformation.
  key?: string;
  deformation?: Partial<Deformation>;
}

export interface Outputs {
  dry: [Float32Array, Float32Array];
  wet: [Float32Array, Float32Array];
}

interface Waiting {
  control: number;
  amplitude: number;
  at: number;
  turn: number;
  key: string;
  own: Deformation | null; // null leaves what the key has
}

// Modes of all banks together that are worth computing, and how many banks there are.
const MODES = 4096;
const [FEWEST, MOST] = [4, 16];
const LONGEST_BLOCK = 4096;
// How fast deformations follow the hand.
const GLIDE_S = 0.012;

export class Engine {
  readonly memory: Memory;
  readonly rateHz: number;
  readonly held: Deformation = { ...NEUTRAL };
  private instrument: Instrument;
  private voices: Voice[];
  private waiting: Waiting[] = [];
  private direct: [Float64Array, Float64Array];
  private tails: Float64Array[];
  private frame = 0;

  constructor(instrument: Instrument, rateHz: number, plain = false) {
    this.instrument = instrument;
    this.rateHz = rateHz;
    const nModes = instrument.modes.frequency_hz.length;
    const nBanks = Math.min(MOST, Math.max(FEWEST, Math.floor(MODES / nModes)));
    this.memory = new Memory(nModes, nBanks, plain);
    this.voices = this.memory.banks.map((bank) => new Voice(instrument, bank, rateHz));
    this.direct = directAt(instrument, rateHz);
    this.tails = [0, 1, 2, 3].map(() => new Float64Array(this.direct[0].length + LONGEST_BLOCK));
  }

  get nSounding(): number {
    return this.voices.reduce((n, voice) => n + (voice.alive ? 1 : 0), 0);
  }

  strike({ control, amplitude, frame = this.frame, turn = 0, key = "", deformation }: Strike): void {
    if (!(control >= 0 && control < this.instrument.controls.length) || !Number.isFinite(amplitude)) return;
    const at = Math.round(frame * 4096) / 4096;
    const own = deformation || key === "" ? { ...NEUTRAL, ...deformation } : null;
    const place = this.waiting.findIndex((other) => other.at > at);
    this.waiting.splice(place < 0 ? this.waiting.length : place, 0, { control, amplitude, at, turn, key, own });
  }

  // What sounds under a key changes: bends, releases, what the pad's second axis says.
  bend(key: string, deformation: Partial<Deformation>): void {
    for (const voice of this.voices) if (voice.key === key) Object.assign(voice.own, deformation);
    for (const strike of this.waiting) if (strike.key === key && strike.own) Object.assign(strike.own, deformation);
  }

  silence(): void {
    this.waiting.length = 0;
    for (const voice of this.voices) voice.stop();
    for (const tail of this.tails) tail.fill(0);
  }

  // Adds the block that begins at `frame` to the outputs, which hold as many samples as it has.
  process({ dry, wet }: Outputs, frame: number): void {
    const n = dry[0].length;
    this.frame = frame;
    const share = 1 - Math.exp(-Math.min(n, RUN) / (GLIDE_S * this.rateHz));
    let done = 0;
    while (done < n) {
      while (this.waiting.length && Math.ceil(this.waiting[0].at) <= frame + done) {
        this.begin(this.waiting[0], frame + done, done);
        this.waiting.shift();
      }
      const next = this.waiting.length ? Math.ceil(this.waiting[0].at) - frame : n;
      const run = Math.min(n - done, RUN, next - done);
      for (let i = 0; i < this.voices.length; i++) this.run(i, dry, wet, done, run, share);
      done += run;
    }
    this.frame = frame + n;
    this.addTails(dry, wet, n);
  }

  private run(i: number, dry: Outputs["dry"], wet: Outputs["wet"], from: number, n: number, share: number): void {
    const voice = this.voices[i];
    if (!voice.alive) return;
    voice.follow(this.held, share);
    const { out, kernel } = this.memory;
    out[0].fill(0);
    out[1].fill(0);
    voice.alive = kernel.ring(i, n);
    const send = voice.now.send;
    for (let side = 0; side < 2; side++) {
      const sound = out[side];
      const direct = dry[side];
      const room = wet[side];
      for (let k = 0; k < n; k++) {
        direct[from + k] += (1 - send) * sound[k];
        room[from + k] += send * sound[k];
      }
    }
  }

  // A strike at sample `sample`, which is the one `place` of the block.
  private begin(strike: Waiting, sample: number, place: number): void {
    const voice = this.voiceOf(strike.key);
    if (strike.own) Object.assign(voice.own, strike.own);
    if (!voice.alive) voice.settle(this.held);
    voice.follow(this.held, 0);
    const wait = Math.ceil(strike.at) < sample ? 0 : sample - strike.at;
    voice.strike(strike.control, strike.amplitude, wait - 1, strike.turn);
    const gain = this.instrument.controls[strike.control].direct * strike.amplitude;
    for (let side = 0; side < 2 && gain; side++) {
      const taps = this.direct[side];
      for (let k = 0; k < taps.length; k++) {
        this.tails[side][place + k] += (1 - voice.now.send) * gain * taps[k];
        this.tails[2 + side][place + k] += voice.now.send * gain * taps[k];
      }
    }
  }

  private voiceOf(key: string): Voice {
    let quietest = this.voices[0];
    let least = Infinity;
    for (const voice of this.voices) {
      if (voice.key === key && voice.alive) return voice;
      const energy = voice.energy();
      if (energy < least) [quietest, least] = [voice, energy];
    }
    quietest.stop();
    quietest.key = key;
    Object.assign(quietest.own, NEUTRAL);
    return quietest;
  }

  private addTails(dry: Outputs["dry"], wet: Outputs["wet"], n: number): void {
    if (!this.direct[0].length) return;
    for (let i = 0; i < 4; i++) {
      const tail = this.tails[i];
      const out = i < 2 ? dry[i] : wet[i - 2];
      for (let k = 0; k < n; k++) out[k] += tail[k];
      tail.copyWithin(0, n);
      tail.fill(0, tail.length - n);
    }
  }
}

// A bank of modes with a deformation of its own on top of what is held.
class Voice {
  key = "";
  alive = false;
  readonly own: Deformation = { ...NEUTRAL };
  readonly now: Deformation = { ...NEUTRAL };
  private aim: Deformation = { ...NEUTRAL };
  private instrument: Instrument;
  private bank: Bank;
  private rateHz: number;
  private sides: { re: number[]; im: number[] }[] | null;

  constructor(instrument: Instrument, bank: Bank, rateHz: number) {
    this.instrument = instrument;
    this.bank = bank;
    this.rateHz = rateHz;
    this.sides = instrument.mixing && [
      instrument.mixing[0],
      instrument.mixing[Math.min(1, instrument.mixing.length - 1)],
    ];
    this.tune();
    this.mix();
  }

  stop(): void {
    this.bank.re.fill(0);
    this.bank.im.fill(0);
    this.alive = false;
  }

  energy(): number {
    if (!this.alive) return 0;
    const { re, im } = this.bank;
    let sum = Number.MIN_VALUE;
    for (let m = 0; m < re.length; m++) sum += re[m] * re[m] + im[m] * im[m];
    return sum;
  }

  // At once to where it is to be.
  settle(held: Deformation): void {
    combine(this.aim, this.own, held);
    const [tuned, mixed] = [this.detuned(), this.unmixed()];
    Object.assign(this.now, this.aim);
    if (tuned) this.tune();
    if (tuned || mixed) this.mix();
  }

  // Nearer to where it is to be, by this share of what is missing.
  follow(held: Deformation, share: number): void {
    combine(this.aim, this.own, held);
    const { now, aim } = this;
    now.position = aim.position;
    now.send += nearer(now.send, aim.send, share, 1e-3);
    if (share === 0) return;
    const tuned = this.detuned();
    if (tuned) {
      now.damping *= Math.exp(nearer(Math.log(now.damping), Math.log(aim.damping), share, 1e-3));
      now.transpose += nearer(now.transpose, aim.transpose, share, 1e-3);
      now.inharmonicity += nearer(now.inharmonicity, aim.inharmonicity, share, 1e-4);
      this.tune();
    }
    if (tuned || this.unmixed()) {
      now.brightness += nearer(now.brightness, aim.brightness, share, 1e-3);
      now.spread += nearer(now.spread, aim.spread, share, 1e-3);
      this.mix();
    }
  }

  // `wait` samples after it happened, −1 … 0: the states turn on by one sample before they are heard.
  strike(control: number, amplitude: number, wait: number, turn: number): void {
    const { modes, re, im, root_hz } = this.instrument.controls[control];
    const { frequency_hz, t60_s } = this.instrument.modes;
    const { now, bank, rateHz } = this;
    for (let k = 0; k < modes.length; k++) {
      const m = modes[k];
      const omega = (2 * Math.PI * frequencyOf(frequency_hz[m], now.transpose, now.inharmonicity)) / rateHz;
      const comb = now.position ? combOf(frequency_hz[m], root_hz ?? 0, now.position) : 1;
      const size = amplitude * comb * Math.exp(-decayOf(t60_s[m], now.damping, rateHz) * wait);
      const angle = omega * (wait + turn);
      const c = size * Math.cos(angle);
      const s = size * Math.sin(angle);
      bank.re[m] += re[k] * c - im[k] * s;
      bank.im[m] += re[k] * s + im[k] * c;
    }
    this.alive = true;
  }

  private detuned(): boolean {
    const { now, aim } = this;
    return now.damping !== aim.damping || now.transpose !== aim.transpose || now.inharmonicity !== aim.inharmonicity;
  }

  private unmixed(): boolean {
    return this.now.brightness !== this.aim.brightness || this.now.spread !== this.aim.spread;
  }

  private tune(): void {
    const { frequency_hz, t60_s } = this.instrument.modes;
    const { now, bank, rateHz } = this;
    for (let m = 0; m < frequency_hz.length; m++) {
      const size = Math.exp(-decayOf(t60_s[m], now.damping, rateHz));
      const omega = (2 * Math.PI * frequencyOf(frequency_hz[m], now.transpose, now.inharmonicity)) / rateHz;
      bank.poleRe[m] = size * Math.cos(omega);
      bank.poleIm[m] = size * Math.sin(omega);
    }
  }

  // Modes at half the sample rate and above are silent: they would come back as other frequencies.
  private mix(): void {
    const { frequency_hz } = this.instrument.modes;
    const { now, bank, sides } = this;
    for (let m = 0; m < frequency_hz.length; m++) {
      const hz = frequency_hz[m];
      const sounds = frequencyOf(hz, now.transpose, now.inharmonicity) < this.rateHz / 2;
      const gain = sounds ? (now.brightness ? brightnessOf(hz, now.brightness) : 1) : 0;
      for (let side = 0; side < 2; side++) {
        const there = gain * (now.spread ? sideOf(m, side === 1, now.spread) : 1);
        bank.mixing[side][0][m] = there * (sides ? sides[side].re[m] : 1);
        bank.mixing[side][1][m] = there * (sides ? sides[side].im[m] : 0);
      }
    }
  }
}

function nearer(now: number, aim: number, share: number, nearly: number): number {
  const left = aim - now;
  return Math.abs(left) < nearly ? left : share * left;
}

// The direct path read off between its samples, left and right.
function directAt({ direct, sample_rate_hz }: Instrument, rateHz: number): [Float64Array, Float64Array] {
  const given = direct[0]?.length ?? 0;
  const n = Math.ceil((given * rateHz) / sample_rate_hz);
  const side = (taps: number[]) =>
    Float64Array.from({ length: n }, (_, k) => {
      const at = (k * sample_rate_hz) / rateHz;
      const i = Math.floor(at);
      if (at > given - 1) return 0;
      return taps[i] + (at - i) * ((taps[i + 1] ?? 0) - taps[i]);
    });
  return [side(direct[0] ?? []), side(direct[Math.min(1, direct.length - 1)] ?? [])];
}
