// The tiles that the server holds, kept while they may be needed. A tile of a revision never changes.

import * as api from "../api.ts";
import type { Picture } from "./messages.ts";
import { parseEvents, type EventTile } from "./event_tile.ts";
import { parsePartials, type PartialTile } from "./partial_tile.ts";
import { parseSpectrogram, type SpectrogramTile } from "./spectrogram_tile.ts";

export const FINEST_SPAN_S = 0.5;
const MOST_KEPT = 160;
const MOST_LINES = 1500;

export const spanOf = (level: number): number => FINEST_SPAN_S * 2 ** level;

export class Supply {
  private kept = new Map<string, Promise<unknown>>();
  finestLevel = 0;
  coarsestLevel = 0;
  durationS = 0;

  private document: string;

  constructor(document: string) {
    this.document = document;
  }

  // The level whose tiles are about this long, and the numbers of those that lie in from … to.
  private grid(spanS: number, fromS: number, toS: number): [number, number[]] {
    const wanted = Math.ceil(Math.log2(Math.max(spanS, 1e-6) / FINEST_SPAN_S) - 1e-6);
    const level = Math.min(this.coarsestLevel, Math.max(this.finestLevel, wanted));
    const span = spanOf(level);
    const last = Math.max(0, Math.ceil(this.durationS / span) - 1);
    const indices: number[] = [];
    for (let index = Math.max(0, Math.floor(fromS / span)); index <= Math.min(last, Math.ceil(toS / span) - 1); index++)
      indices.push(index);
    return [level, indices];
  }

  private once<T>(key: string, make: () => Promise<T>): Promise<T> {
    let held = this.kept.get(key) as Promise<T> | undefined;
    if (held) this.kept.delete(key);
    else {
      held = make();
      held.catch(() => this.kept.delete(key));
    }
    this.kept.set(key, held);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MOST_KEPT) break;
      this.kept.delete(oldest);
    }
    return held;
  }

  events(revision: number, spanS: number, fromS: number, toS: number): Promise<EventTile[]> {
    const [level, indices] = this.grid(spanS, fromS, toS);
    return Promise.all(indices.map((index) => this.eventTile(revision, level, index)));
  }

  private eventTile(revision: number, level: number, index: number): Promise<EventTile> {
    return this.once(`events ${revision} ${level} ${index}`, async () =>
      parseEvents(await api.eventTile(this.document, revision, level, index)),
    );
  }

  // The level of the loudest event of all.
  async loudestDb(revision: number): Promise<number> {
    const tile = await this.eventTile(revision, this.coarsestLevel, 0);
    return this.once(`loudest ${revision}`, async () => tile.levelDb.reduce((most, db) => Math.max(most, db), -200));
  }

  partials(revision: number, spanS: number, fromS: number, toS: number): Promise<PartialTile[]> {
    const [level, indices] = this.grid(spanS, fromS, toS);
    const span = spanOf(level);
    return Promise.all(
      indices.map((index) =>
        this.once(`partials ${revision} ${level} ${index}`, async () =>
          parsePartials(await api.partials(this.document, revision, index * span, (index + 1) * span, MOST_LINES)),
        ),
      ),
    );
  }

  spectrogram(
    revision: number,
    track: string,
    { windowS, channel }: Picture,
    spanS: number,
    fromS: number,
    toS: number,
  ): Promise<SpectrogramTile[]> {
    const [level, indices] = this.grid(spanS, fromS, toS);
    const from = track === "original" ? 0 : revision; // the original is the same in all revisions
    return Promise.all(
      indices.map((index) =>
        this.once(`spectrogram ${track} ${from} ${level} ${index} ${windowS} ${channel}`, async () =>
          parseSpectrogram(await api.spectrogramTile(this.document, revision, track, level, index, windowS, channel)),
        ),
      ),
    );
  }
}
