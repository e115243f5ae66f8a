// An instrument on the audio thread. Two outputs, dry and for the room, of two channels each.

import { Engine } from "./engine.ts";
import { PROCESSOR, type Message, type Options, type Report } from "./protocol.ts";

declare const sampleRate: number;
declare const currentFrame: number;
declare const currentTime: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: unknown): void;

const now: () => number = globalThis.performance ? () => performance.now() : Date.now;
const REPORT_S = 0.5;

class Processor extends AudioWorkletProcessor {
  private engine: Engine;
  private over = false;
  private late = 0;
  private blocks = 0;
  private busyMs = 0;
  private reportedS = 0;
  // The frame at which a message with a strike came while nothing sounded; −1 for none.
  private struck = -1;

  constructor({ processorOptions }: { processorOptions: Options }) {
    super();
    const { instrument, strikes = [], held = {}, plain } = processorOptions;
    this.engine = new Engine(instrument, sampleRate, plain);
    Object.assign(this.engine.held, held);
    for (const strike of strikes) this.engine.strike(strike);
    this.port.onmessage = ({ data }: MessageEvent<Message>) => this.act(data);
    this.report({ kernel: this.engine.memory.kernel.name });
  }

  private report(report: Report): void {
    this.port.postMessage(report);
  }

  private act(message: Message): void {
    if (message.do === "strike") {
      const atOnce = message.strikes.some(({ atS, frame }) => atS === undefined && frame === undefined);
      if (atOnce && this.engine.nSounding === 0 && this.struck < 0) this.struck = currentFrame;
      for (const strike of message.strikes) {
        const frame = strike.atS === undefined ? currentFrame : strike.atS * sampleRate;
        this.engine.strike({ frame: Math.max(frame, currentFrame), ...strike });
      }
      this.report({ struck: message.id, frame: currentFrame });
    } else if (message.do === "hold") Object.assign(this.engine.held, message.deformation);
    else if (message.do === "bend") this.engine.bend(message.key, message.deformation);
    else if (message.do === "silence") this.engine.silence();
    else this.over = true;
  }

  process(_: unknown, [dry, wet]: Float32Array[][]): boolean {
    const began = now();
    this.engine.process({ dry: dry as never, wet: wet as never }, currentFrame);
    const n = dry[0].length;
    const tookMs = now() - began;
    this.blocks++;
    this.busyMs += tookMs;
    if (tookMs > (1000 * n) / sampleRate) this.late++;
    if (this.struck >= 0) this.timed(dry[0], wet[0]);
    if (currentTime - this.reportedS > REPORT_S) this.measured();
    return !this.over;
  }

  private timed(dry: Float32Array, wet: Float32Array): void {
    for (let k = 0; k < dry.length; k++) {
      if (dry[k] === 0 && wet[k] === 0) continue;
      this.report({ latency: currentFrame + k - this.struck });
      this.struck = -1;
      return;
    }
  }

  private measured(): void {
    const busy = this.busyMs / 1000 / (currentTime - this.reportedS);
    this.report({ late: this.late, blocks: this.blocks, busy, sounding: this.engine.nSounding });
    this.reportedS = currentTime;
    this.busyMs = 0;
  }
}

registerProcessor(PROCESSOR, Processor);
