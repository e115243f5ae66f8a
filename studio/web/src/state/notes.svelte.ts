// The notes of one open scene, as its revision in force has them.

import * as api from "../api.ts";
import type { Bend } from "../draw/notes.ts";

const AGAIN_MS = 60;

export class Notes {
  rows: api.Note[] = $state.raw([]);
  bends: Map<number, Bend> = $state.raw(new Map());
  revision = $state(-1);
  readonly byNumber = $derived(new Map(this.rows.map((note) => [note.note, note])));
  // How many notes each part has, in order of their numbers; 0 is none.
  readonly parts = $derived.by(() => {
    const counts = new Map<number, number>();
    for (const { part } of this.rows) counts.set(part, (counts.get(part) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => a - b);
  });
  private known = new Map<number, string>(); // what each bend is of
  private bending = 0;
  private document: string;

  constructor(document: string) {
    this.document = document;
  }

  of(numbers: number[]): api.Note[] {
    return numbers.flatMap((number) => this.byNumber.get(number) ?? []);
  }

  // The lowest and the highest of all, in Hz.
  get range(): [number, number] {
    const hz = this.rows.flatMap(({ f0_hz }) => (f0_hz === null ? [] : [f0_hz]));
    return hz.length ? [Math.min(...hz), Math.max(...hz)] : [110, 880];
  }

  take(rows: api.Note[], revision: number): void {
    this.rows = rows;
    this.revision = revision;
  }

  // Those of a revision, unless others have been taken in meanwhile, as an edit does.
  async load(revision: number): Promise<void> {
    const { rows } = this;
    const { notes } = await api.notes(this.document, revision);
    if (this.rows === rows) this.take(notes, revision);
  }

  // The curves of what is in view, as the server finds them: some at a time.
  async bend(fromS: number, toS: number): Promise<void> {
    const turn = ++this.bending;
    const { revision } = this;
    const isNew = (note: api.Note) => this.known.get(note.note) !== keyOf(note);
    while (turn === this.bending && revision === this.revision && revision >= 0) {
      if (!this.rows.some((note) => note.f0_hz !== null && note.end_s > fromS && note.onset_s < toS && isNew(note)))
        return;
      const { curves, n_left } = await api.curves(this.document, revision, Math.max(0, fromS), toS);
      if (revision !== this.revision) return;
      const bends = new Map(this.bends);
      for (const curve of curves) {
        const note = this.byNumber.get(curve.note);
        if (!note || note.f0_hz === null) continue;
        const { f0_hz, onset_s } = note;
        bends.set(note.note, {
          afterS: curve.time_s.map((time) => time - onset_s),
          cents: curve.f0_hz.map((hz) => 1200 * Math.log2(Math.max(hz, 1) / f0_hz)),
        });
        this.known.set(note.note, keyOf(note));
      }
      this.bends = bends;
      if (!n_left) return;
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}

const keyOf = ({ onset_s, end_s, f0_hz }: api.Note): string => `${onset_s} ${end_s} ${f0_hz}`;
