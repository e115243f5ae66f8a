// Plays a scene beside its original, sample for sample in step, so that switching between them has no gap. The residual
// is their difference, mixed here.

import { Scope } from "../scope.ts";
import { Blocks, type Fetch, type Track } from "./blocks.ts";

export type Source = "original" | "reconstruction" | "residual";
export interface Loop {
  fromS: number;
  toS: number;
}

const AHEAD_S = 0.9;
const RAMP_S = 0.008;
const METER_SAMPLES = 16384;
const TRACKS: Track[] = ["original", "reconstruction"];
const soundCard = (sampleRate: number): AudioContext => new AudioContext({ sampleRate, latencyHint: "interactive" });

interface Piece {
  at: number; // s on the context's clock
  fromSample: number;
  nSamples: number;
  nodes: AudioBufferSourceNode[];
}

export class Player {
  playing = false;
  waiting = false;
  loop: Loop | null = null;
  onChange: () => void = () => {};

  private context: AudioContext | null = null;
  private gains = new Map<Track, GainNode>();
  private blocks: Map<Track, Blocks>;
  private pieces: Piece[] = [];
  private cursor = 0; // the next sample to schedule
  private due = 0; // when it is to sound, s on the context's clock
  private still = 0; // where it stands when not playing
  private ticket = 0;
  private source: Source = "reconstruction";
  private makeup: Record<Source, number> = { original: 1, reconstruction: 1, residual: 1 };
  private alone: AudioBufferSourceNode | null = null;
  private lastGrain = 0;

  readonly sampleRateHz: number;
  private nSamples: number;
  private hasOriginal: boolean;
  private speed = 1;
  private volume = 1;
  private nAll: number; // samples of the scene, at the speed it has
  private sum: GainNode | null = null;
  private bus: GainNode | null = null; // of all that sounds, with all channels
  private weights: number[] | null = null; // of channels heard alone
  private asTheyAre: GainNode | null = null; // all channels
  private single: GainNode[] = []; // each channel on both sides
  private out: GainNode | null = null;
  private ears: AnalyserNode[] = []; // one for each channel that is heard, before the volume
  private fetch: Fetch;
  private newContext: (sampleRateHz: number) => AudioContext;
  private scope = new Scope();

  constructor(fetch: Fetch, sampleRateHz: number, nSamples: number, hasOriginal: boolean, newContext = soundCard) {
    this.newContext = newContext;
    this.sampleRateHz = sampleRateHz;
    this.nAll = this.nSamples = nSamples;
    this.hasOriginal = hasOriginal;
    this.fetch = fetch;
    this.blocks = this.newBlocks();
  }

  private newBlocks(): Map<Track, Blocks> {
    const { speed } = this;
    const fetch: Fetch = (track, first, end, signal) => this.fetch(track, first, end, signal, speed);
    return new Map(TRACKS.map((track) => [track, new Blocks(fetch, track, this.nSamples, this.sampleRateHz)]));
  }

  // How many samples are played in a second of the scene.
  private get perS(): number {
    return this.sampleRateHz / this.speed;
  }

  // How fast it is played, at the pitch it has: only the reconstruction can be.
  setSpeed(speed: number): void {
    if (speed === this.speed) return;
    const { positionS, playing } = this;
    this.ticket++;
    this.stopPieces(RAMP_S);
    for (const blocks of this.blocks.values()) blocks.invalidate(0, Infinity);
    this.speed = speed;
    this.nSamples = Math.ceil(this.nAll / speed);
    this.blocks = this.newBlocks();
    this.still = Math.round(positionS * this.perS);
    if (playing) void this.play(positionS);
  }

  // A factor; 0 is silence.
  setVolume(volume: number): void {
    this.volume = volume;
    if (this.context && this.out) this.out.gain.setTargetAtTime(volume, this.context.currentTime, 0.01);
  }

  // How much of each channel sounds, on both sides alike; null for all as they are.
  listenTo(weights: number[] | null): void {
    this.weights = weights;
    if (this.context) this.weigh(this.context);
  }

  private weigh(context: AudioContext): void {
    const { weights, bus } = this;
    if (weights && !this.single.length) {
      const split = context.createChannelSplitter(weights.length);
      bus!.connect(split);
      this.single = weights.map((_, channel) => {
        const gain = context.createGain();
        gain.gain.value = 0;
        split.connect(gain, channel);
        gain.connect(this.sum!);
        return gain;
      });
    }
    const turn = (gain: GainNode, value: number) => this.ramp(context, gain.gain, value);
    if (this.single.length || weights) turn(this.asTheyAre!, weights ? 0 : 1);
    this.single.forEach((gain, channel) => turn(gain, weights?.[channel] ?? 0));
  }

  private ramp(context: AudioContext, gain: AudioParam, value: number): void {
    const now = context.currentTime;
    gain.cancelScheduledValues(now);
    gain.setValueAtTime(gain.value, now);
    gain.linearRampToValueAtTime(value, now + RAMP_S);
  }

  // What is heard now, before the volume, of each channel: the latest samples.
  latest(nSamples: number): Float32Array[] {
    return this.ears.map((ear) => {
      const all = new Float32Array(ear.fftSize);
      ear.getFloatTimeDomainData(all);
      return all.subarray(Math.max(0, all.length - nSamples));
    });
  }

  private ready(): AudioContext {
    if (!this.context) {
      const context = (this.context = this.newContext(this.sampleRateHz));
      this.scope.own(() => void context.close());
      const bus = this.connectOut(context);
      for (const track of TRACKS) {
        const gain = this.context.createGain();
        gain.gain.value = 0;
        gain.connect(bus);
        this.gains.set(track, gain);
      }
    }
    if (this.context.state === "suspended") void this.context.resume();
    return this.context;
  }

  // Tracks are summed into a node with all channels, then come those that are listened to, the meter and the volume.
  private connectOut(context: AudioContext): AudioNode {
    const sum = context.createGain();
    this.out = context.createGain();
    this.out.gain.value = this.volume;
    sum.channelCount = 2;
    sum.channelCountMode = "explicit";
    const split = context.createChannelSplitter(2);
    sum.connect(split);
    this.ears = [0, 1].map((channel) => {
      const ear = context.createAnalyser();
      ear.fftSize = METER_SAMPLES;
      split.connect(ear, channel);
      return ear;
    });
    sum.connect(this.out);
    this.out.connect(context.destination);
    this.sum = sum;
    this.bus = context.createGain();
    this.bus.gain.value = 1;
    this.asTheyAre = context.createGain();
    this.asTheyAre.gain.value = 1;
    this.bus.connect(this.asTheyAre);
    this.asTheyAre.connect(sum);
    this.weigh(context);
    return this.bus;
  }

  get durationS(): number {
    return this.nSamples / this.perS;
  }

  // Where it is now, in seconds.
  get positionS(): number {
    return this.sampleNow() / this.perS;
  }

  private sampleNow(): number {
    if (!this.playing || !this.context || !this.pieces.length) return this.still;
    const now = this.context.currentTime - (this.context.outputLatency || 0);
    const piece = this.pieces.findLast((p) => p.at <= now) ?? this.pieces[0];
    const into = Math.min(Math.max(0, (now - piece.at) * this.sampleRateHz), piece.nSamples);
    return piece.fromSample + into;
  }

  choose(source: Source): void {
    this.source = source;
    this.mix();
  }

  match(makeup: Record<Source, number>): void {
    this.makeup = makeup;
    this.mix();
  }

  // Which of the two tracks sound, and with which sign.
  private mix(silent = false): void {
    if (!this.context) return;
    const gain = silent ? 0 : this.makeup[this.source];
    const parts: Record<Track, number> = {
      original: this.source === "reconstruction" ? 0 : gain,
      reconstruction: this.source === "original" ? 0 : this.source === "residual" ? -gain : gain,
    };
    for (const track of TRACKS) {
      this.ramp(this.context, this.gains.get(track)!.gain, parts[track]);
    }
  }

  async play(fromS = this.positionS): Promise<void> {
    if (this.scope.ended) return;
    const context = this.ready();
    this.hush();
    const ticket = ++this.ticket;
    let start = Math.round(fromS * this.perS);
    if (this.loop && (start < this.loopSamples[0] || start >= this.loopSamples[1])) start = this.loopSamples[0];
    if (start >= this.nSamples - 1) start = 0;
    this.stopPieces();
    this.still = this.cursor = start;
    this.playing = true;
    this.waiting = true;
    this.onChange();
    await this.load(this.cursor).catch(() => {});
    if (ticket !== this.ticket) return;
    this.waiting = false;
    this.due = this.aligned(context.currentTime + 0.02);
    this.mix();
    this.onChange();
    void this.pump(ticket);
  }

  pause(): void {
    this.still = this.sampleNow();
    this.ticket++;
    this.playing = this.waiting = false;
    this.mix(true);
    this.stopPieces(RAMP_S + 0.004);
    this.onChange();
  }

  seek(seconds: number): void {
    const at = Math.min(Math.max(0, seconds), this.durationS);
    if (this.playing) void this.play(at);
    else {
      this.still = Math.round(at * this.perS);
      this.onChange();
    }
  }

  // The scene renders differently in start … end (samples); what is heard next is the new sound.
  changed(startSample: number, endSample: number, nSamples: number): void {
    this.nAll = nSamples;
    this.nSamples = Math.ceil(nSamples / this.speed);
    for (const blocks of this.blocks.values()) blocks.nSamples = this.nSamples;
    // Stretched, what is long reaches further.
    const [first, end] = this.speed === 1 ? [startSample, endSample] : [0, Infinity];
    this.blocks.get("reconstruction")!.invalidate(first, end);
    if (!this.playing) return;
    const ticket = this.ticket; // the old sound goes on until the new one is here
    void this.load(Math.round(this.sampleNow())).then(
      () => void (ticket === this.ticket && this.play(this.positionS)),
      () => {},
    );
  }

  private get loopSamples(): [number, number] {
    const loop = this.loop!;
    const from = Math.max(0, Math.round(loop.fromS * this.perS));
    return [from, Math.max(from + 256, Math.min(this.nSamples, Math.round(loop.toS * this.perS)))];
  }

  private aligned(time: number): number {
    return Math.ceil(time * this.sampleRateHz) / this.sampleRateHz;
  }

  private load(sample: number): Promise<Float32Array[][]> {
    const tracks = this.hasOriginal && this.speed === 1 ? TRACKS : (["reconstruction"] as Track[]);
    return Promise.all(tracks.map((track) => this.blocks.get(track)!.get(this.blocks.get(track)!.indexOf(sample))));
  }

  // Keeps what will sound in the next moment scheduled.
  private async pump(ticket: number): Promise<void> {
    const context = this.ready();
    while (ticket === this.ticket) {
      if (this.due - context.currentTime > AHEAD_S) {
        await this.scope.sleep(60);
        this.pieces = this.pieces.filter(
          (piece) => piece.at + piece.nSamples / this.sampleRateHz > context.currentTime - 1,
        );
        continue;
      }
      if (this.loop && this.cursor >= this.loopSamples[1]) this.cursor = this.loopSamples[0];
      if (this.cursor >= this.nSamples) {
        if (context.currentTime > this.due + 0.02) return this.ended();
        await this.scope.sleep(30);
        continue;
      }
      const here = this.cursor;
      try {
        await this.load(here);
      } catch {
        if (ticket !== this.ticket) return;
        await this.scope.sleep(150);
        continue;
      }
      if (ticket !== this.ticket) return;
      this.due = Math.max(this.due, this.aligned(context.currentTime + 0.01)); // late: a pause, but in step
      this.schedule(context);
      for (let next = 1; next <= 3; next++)
        void this.load(Math.min(this.nSamples - 1, here + next * this.sampleRateHz)).catch(() => {});
    }
  }

  private schedule(context: AudioContext): void {
    const any = this.blocks.get("reconstruction")!;
    const index = any.indexOf(this.cursor);
    const offset = this.cursor - index * any.blockSamples;
    let end = Math.min((index + 1) * any.blockSamples, this.nSamples);
    if (this.loop && this.loopSamples[1] > this.cursor) end = Math.min(end, this.loopSamples[1]);
    const nSamples = end - this.cursor;
    const nodes: AudioBufferSourceNode[] = [];
    for (const track of TRACKS) {
      const channels = this.blocks.get(track)!.peek(index);
      if (!channels) continue;
      nodes.push(this.start(context, channels, offset, nSamples, this.due, this.gains.get(track)!));
    }
    this.pieces.push({ at: this.due, fromSample: this.cursor, nSamples, nodes });
    this.cursor = end;
    this.due += nSamples / this.sampleRateHz;
  }

  private start(
    context: AudioContext,
    channels: Float32Array[],
    offset: number,
    nSamples: number,
    at: number,
    into: AudioNode,
  ) {
    const buffer = context.createBuffer(channels.length, Math.max(1, nSamples), this.sampleRateHz);
    channels.forEach((samples, channel) =>
      buffer.copyToChannel(samples.subarray(offset, offset + nSamples) as Float32Array<ArrayBuffer>, channel),
    );
    const node = context.createBufferSource();
    node.buffer = buffer;
    node.connect(into);
    node.start(at);
    return node;
  }

  private ended(): void {
    this.ticket++;
    this.playing = this.waiting = false;
    this.still = 0;
    this.pieces = [];
    this.onChange();
  }

  private stopPieces(after = 0): void {
    const when = (this.context?.currentTime ?? 0) + after;
    for (const piece of this.pieces) for (const node of piece.nodes) node.stop(when);
    this.pieces = [];
  }

  private hush(): void {
    this.alone?.stop();
    this.alone = null;
  }

  // Something by itself, at once: an event or a selection.
  hear(channels: Float32Array[]): void {
    if (this.playing) this.pause();
    this.hush();
    if (this.scope.ended || !channels.length || !channels[0].length) return;
    const context = this.ready();
    this.alone = this.start(context, channels, 0, channels[0].length, 0, this.bus!);
  }

  // A grain of the sound at this place, as the hand moves over it.
  async scrub(seconds: number): Promise<void> {
    this.seek(seconds);
    if (this.playing) return;
    if (this.scope.ended) return;
    const context = this.ready();
    if (context.currentTime - this.lastGrain < 0.045) return;
    this.lastGrain = context.currentTime;
    const sample = Math.min(this.still, this.nSamples - 1);
    await this.load(sample).catch(() => {});
    const track: Track = this.source === "original" ? "original" : "reconstruction";
    const blocks = this.blocks.get(track)!;
    const channels = blocks.peek(blocks.indexOf(sample));
    if (!channels) return;
    const offset = sample - blocks.indexOf(sample) * blocks.blockSamples;
    const grain = channels.map((all) => {
      const part = all.slice(offset, offset + Math.round(0.09 * this.sampleRateHz));
      return part.map(
        (value, k) => this.makeup[track] * value * (0.5 - 0.5 * Math.cos((2 * Math.PI * k) / part.length)),
      );
    });
    if (grain[0].length) this.start(context, grain, 0, grain[0].length, 0, this.bus!);
  }

  close(): void {
    this.ticket++;
    this.playing = false;
    this.hush();
    this.stopPieces();
    for (const blocks of this.blocks.values()) blocks.invalidate(0, Infinity);
    this.scope.end();
    this.context = null;
  }
}
