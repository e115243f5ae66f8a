// An instrument that a page plays: by a worklet, or where there is none, by a buffer for each strike.

import { NEUTRAL, type Deformation } from "./deformation.ts";
import type { Instrument } from "./document.ts";
import { Engine, type Strike } from "./engine.ts";
import { PROCESSOR, type Message, type Options, type Report } from "./protocol.ts";
import { responseOf } from "./room.ts";

const ROOM_S = 1.2;
// How long buffers of single strikes are, and how many are kept.
const BUFFER_S = 5;
const MOST_BUFFERS = 64;
// The loudest sound that is told from a louder one, from where on it is bent, and how many places that curve has.
const LOUDEST = 8;
const BENT_FROM = 0.75;
const CURVE = 8193;
// A context whose clock has not moved for so long does not sound.
const STALLED_MS = 2500;

// A strike at a time of the context's clock, in seconds; at once where none is given.
export interface Hit extends Strike {
  atS?: number;
}

export interface Way {
  words: string; // what plays, or why nothing does
  plays: boolean;
}

export interface Load {
  late: number;
  blocks: number;
  busy: number;
  sounding: number;
}

export class Sound {
  readonly held: Deformation = { ...NEUTRAL };
  way: Way = { words: "The first touch or key starts the sound.", plays: false };
  load: Load = { late: 0, blocks: 0, busy: 0, sounding: 0 };
  latencyFrames: number | null = null;
  context: AudioContext | null = null;
  changed: () => void = () => {};
  private instrument: Instrument;
  private worklet: string;
  private node: AudioWorkletNode | null = null;
  private buffers: Buffers | null = null;
  // What is done when a message with strikes was heard, by its number.
  private told = new Map<number, (atS: number) => void>();
  private count = 0;
  private waiting: Message[] = [];
  private opening: Promise<void> | null = null;

  // `worklet` is the address of worklet.gen.js.
  constructor(instrument: Instrument, worklet: string) {
    this.instrument = instrument;
    this.worklet = worklet;
  }

  get nowS(): number {
    return this.context?.currentTime ?? 0;
  }

  // To be called where a hand has done something: browsers allow no sound before.
  start(): Promise<void> {
    if (this.context?.state === "suspended") void this.context.resume();
    return (this.opening ??= this.open());
  }

  // `struck` gets the time at which strikes without one of their own began, to the sample.
  strike(strikes: Hit[], struck?: (atS: number) => void): void {
    void this.start();
    const id = this.count++;
    if (struck) this.told.set(id, struck);
    this.send({ do: "strike", strikes, id });
  }

  hold(deformation: Partial<Deformation>): void {
    Object.assign(this.held, deformation);
    this.send({ do: "hold", deformation });
  }

  bend(key: string, deformation: Partial<Deformation>): void {
    this.send({ do: "bend", key, deformation });
  }

  silence(): void {
    this.send({ do: "silence" });
  }

  close(): void {
    this.send({ do: "end" });
    this.node?.disconnect();
    void this.context?.close();
    this.context = null;
  }

  private send(message: Message): void {
    if (this.node) this.node.port.postMessage(message);
    else if (this.buffers) {
      if (message.do === "strike") this.tell(message.id, this.nowS);
      this.buffers.act(message);
    } else if (this.opening) this.waiting.push(message);
  }

  private tell(id: number, atS: number): void {
    this.told.get(id)?.(atS);
    this.told.delete(id);
  }

  private say(words: string, plays: boolean): void {
    this.way = { words, plays };
    this.changed();
  }

  private async open(): Promise<void> {
    let context: AudioContext;
    try {
      context = this.context = new AudioContext({ latencyHint: "interactive" });
    } catch (error) {
      return this.say(`This browser plays no sound: ${said(error)}.`, false);
    }
    context.addEventListener("error", () => this.say("The audio device failed: is one there and free?", false));
    void context.resume();
    const [dry, wet] = this.outputs(context);
    try {
      if (!context.audioWorklet) throw new Error("pages that come over http from another machine have none");
      await context.audioWorklet.addModule(this.worklet);
      this.work(context, dry, wet);
    } catch (error) {
      this.buffers = new Buffers(context, this.instrument, this.held, dry, wet);
      this.say(`A buffer for each strike: there is no AudioWorklet here (${said(error)}).`, true);
    }
    for (const message of this.waiting.splice(0)) this.send(message);
    this.watch(context);
  }

  private outputs(context: AudioContext): [AudioNode, AudioNode] {
    const limiter = limited(context);
    const [left, right] = responseOf(ROOM_S, context.sampleRate);
    const buffer = context.createBuffer(2, left.length, context.sampleRate);
    buffer.getChannelData(0).set(left);
    buffer.getChannelData(1).set(right);
    const room = new ConvolverNode(context, { buffer, disableNormalization: true });
    room.connect(limiter);
    return [limiter, room];
  }

  private work(context: AudioContext, dry: AudioNode, wet: AudioNode): void {
    const processorOptions: Options = { instrument: this.instrument, held: this.held };
    const shape = { numberOfInputs: 0, numberOfOutputs: 2, outputChannelCount: [2, 2] };
    const node = new AudioWorkletNode(context, PROCESSOR, { ...shape, processorOptions });
    node.connect(dry, 0);
    node.connect(wet, 1);
    node.port.onmessage = ({ data }: MessageEvent<Report>) => {
      if ("kernel" in data) return this.say(`AudioWorklet with ${data.kernel}.`, true);
      if ("struck" in data) return this.tell(data.struck, data.frame / context.sampleRate);
      if ("latency" in data) this.latencyFrames = data.latency;
      else this.load = data;
      this.changed();
    };
    node.addEventListener("processorerror", () => this.say("The instrument stopped: reload the page.", false));
    this.node = node;
  }

  private watch(context: AudioContext): void {
    const began = context.currentTime;
    setTimeout(() => {
      if (this.context !== context || context.currentTime !== began) return;
      const { words, plays } = this.way;
      this.say("The sound does not start: no audio device, or the browser waits for a touch.", false);
      const again = () => context.state === "running" && this.say(words, plays);
      context.addEventListener("statechange", again, { once: true });
    }, STALLED_MS);
  }
}

// What many strikes at once make too loud is bent below full scale, what is below passes as it is, and nothing is
// delayed. Curves are of −1 … 1, so that louder sound has to be made softer first.
function limited(context: BaseAudioContext): AudioNode {
  const softer = new GainNode(context, { gain: 1 / LOUDEST });
  const curve = Float32Array.from({ length: CURVE }, (_, i) => bent(LOUDEST * ((2 * i) / (CURVE - 1) - 1)));
  softer.connect(new WaveShaperNode(context, { curve })).connect(context.destination);
  return softer;
}

function bent(x: number): number {
  const over = Math.abs(x) - BENT_FROM;
  if (over <= 0) return x;
  const left = 1 - BENT_FROM;
  return Math.sign(x) * (BENT_FROM + left * Math.tanh(over / left));
}

// Strikes computed on the page's own thread, each a buffer that is kept for the next time.
class Buffers {
  private context: AudioContext;
  private instrument: Instrument;
  private held: Deformation;
  private dry: AudioNode;
  private wet: AudioNode;
  private kept = new Map<string, AudioBuffer>();
  private playing = new Set<AudioBufferSourceNode>();

  constructor(context: AudioContext, instrument: Instrument, held: Deformation, dry: AudioNode, wet: AudioNode) {
    this.context = context;
    this.instrument = instrument;
    this.held = held;
    this.dry = dry;
    this.wet = wet;
  }

  act(message: Message): void {
    if (message.do === "strike") for (const strike of message.strikes) this.play(strike);
    else if (message.do === "silence" || message.do === "end") for (const source of this.playing) source.stop();
  }

  private play({ control, amplitude, deformation, atS }: Hit): void {
    const own = { ...NEUTRAL, ...deformation };
    const source = new AudioBufferSourceNode(this.context, { buffer: this.buffer(control, own) });
    const send = Math.min(1, own.send + this.held.send);
    for (const [gain, node] of [
      [1 - send, this.dry],
      [send, this.wet],
    ] as const) {
      source.connect(new GainNode(this.context, { gain: gain * amplitude })).connect(node);
    }
    this.playing.add(source);
    source.addEventListener("ended", () => this.playing.delete(source));
    source.start(atS);
  }

  private buffer(control: number, own: Deformation): AudioBuffer {
    const name = JSON.stringify([control, own, this.held]);
    let found = this.kept.get(name);
    if (!found) {
      const rate = this.context.sampleRate;
      found = this.context.createBuffer(2, Math.round(BUFFER_S * rate), rate);
      const engine = new Engine(this.instrument, rate);
      Object.assign(engine.held, this.held, { send: 0 });
      engine.strike({ control, amplitude: 1, deformation: { ...own, send: 0 } });
      const [left, right] = [found.getChannelData(0), found.getChannelData(1)];
      for (let at = 0; at < left.length; at += 4096) {
        const block = (side: Float32Array) => side.subarray(at, at + 4096);
        engine.process({ dry: [block(left), block(right)], wet: [block(left), block(right)] }, at);
        if (engine.nSounding === 0) break;
      }
      if (this.kept.size >= MOST_BUFFERS) this.kept.delete(this.kept.keys().next().value!);
      this.kept.set(name, found);
    }
    return found;
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
