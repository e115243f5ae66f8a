// The audio of one track in blocks of about a second, fetched when first needed and forgotten when the scene changes
// there.

export type Track = "original" | "reconstruction";
export type Fetch = (
  track: Track,
  startSample: number,
  endSample: number,
  signal: AbortSignal,
  speed?: number,
) => Promise<Float32Array[]>;

const MOST_KEPT_BYTES = 256e6;

interface Held {
  channels: Promise<Float32Array[]>;
  ready: Float32Array[] | null;
  abort: AbortController;
}

export class Blocks {
  readonly blockSamples: number;
  private held = new Map<number, Held>();

  private fetch: Fetch;
  private track: Track;
  nSamples: number;

  constructor(fetch: Fetch, track: Track, nSamples: number, sampleRateHz: number) {
    this.fetch = fetch;
    this.track = track;
    this.nSamples = nSamples;
    this.blockSamples = Math.max(4096, Math.round(sampleRateHz));
  }

  indexOf(sample: number): number {
    return Math.floor(sample / this.blockSamples);
  }

  // The block if it is here already.
  peek(index: number): Float32Array[] | null {
    return this.held.get(index)?.ready ?? null;
  }

  get(index: number): Promise<Float32Array[]> {
    let held = this.held.get(index);
    if (!held) {
      const start = index * this.blockSamples;
      const abort = new AbortController();
      const channels = this.fetch(this.track, start, Math.min(start + this.blockSamples, this.nSamples), abort.signal);
      const made: Held = { channels, ready: null, abort };
      channels.then(
        (audio) => (made.ready = audio),
        () => this.held.get(index) === made && this.held.delete(index),
      );
      this.held.set(index, (held = made));
      this.forgetOldest();
    }
    return held.channels;
  }

  // What lies in start … end has changed; the rest stays.
  invalidate(startSample: number, endSample: number): void {
    for (const [index, held] of this.held) {
      const first = index * this.blockSamples;
      if (first < endSample && first + this.blockSamples > startSample) {
        held.abort.abort();
        this.held.delete(index);
      }
    }
  }

  private forgetOldest(): void {
    const most = Math.max(8, Math.floor(MOST_KEPT_BYTES / (8 * this.blockSamples)));
    for (const index of this.held.keys()) {
      if (this.held.size <= most) break;
      this.held.delete(index);
    }
  }
}
