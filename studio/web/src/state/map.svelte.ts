// The map and matrix of a document: what they show, what of it is selected, and what a choice in them selects.

import * as api from "../api.ts";
import { wordOf } from "../map/items.ts";
import type { Document } from "./document.svelte.ts";
import { has, rangesOf } from "./ranges.ts";
import { studio } from "./studio.svelte.ts";
import { count } from "./words.ts";

export type Of = "notes" | "events";
export type Method = "PCA" | "t-SNE";
type How = "only" | "more" | "toggle";

export class DocumentMap {
  items: api.MapItems | null = $state.raw(null);
  wished: Of | null = $state(null);
  method: Method = $state("PCA");
  waiting = $state(false);
  trouble: string | null = $state(null);
  private revision = -1; // of the items
  private shownOf: Of = "events";
  private askedFor: Method = "PCA"; // which of few items is another

  private open: Document;

  constructor(open: Document) {
    this.open = open;
  }

  // Notes come first where there are any.
  get of(): Of {
    return this.open.notes.rows.length ? (this.wished ?? "notes") : "events";
  }

  // Whether numbers of events are those in force.
  get isCurrent(): boolean {
    return this.items !== null && this.revision === this.open.info.revision;
  }

  // Whether this is what is asked for now.
  get isShown(): boolean {
    return this.isCurrent && this.shownOf === this.of && this.askedFor === this.method;
  }

  async load(signal: AbortSignal): Promise<void> {
    const { of, method } = this;
    const { id, revision } = this.open.info;
    this.waiting = true;
    try {
      const items = await api.itemMap(id, revision, { of, method }, signal);
      [this.revision, this.shownOf, this.askedFor] = [revision, of, method];
      [this.items, this.trouble] = [items, null];
    } catch (error) {
      if (signal.aborted) return;
      this.trouble = error instanceof Error ? error.message : String(error);
    }
    this.waiting = false;
  }

  // What is selected, wherever that was done.
  get chosen(): ReadonlySet<number> {
    const { items, open } = this;
    if (!items || !this.isCurrent) return new Set();
    const { notes, ranges } = open.selected;
    const isChosen = (item: number) =>
      notes.length
        ? notes.includes(items.note[item])
        : (items.ranges[item] ?? []).some((event, k) => k % 2 === 0 && has(ranges, event));
    return new Set(items.sort.flatMap((_, item) => (isChosen(item) ? [item] : [])));
  }

  titleOf = (item: number): string => {
    const { items } = this;
    if (!items) return "";
    const [sort, ranges] = [items.sort[item], items.ranges[item] ?? []];
    if (sort === "note") {
      const name = this.open.notes.byNumber.get(items.note[item])?.name;
      return `note ${items.note[item]}${name ? `, ${name}` : ""}`;
    }
    if (sort === "partial") {
      const n = ranges.reduce((sum, edge, k) => sum + (k % 2 ? edge : -edge), 0);
      return `partial of ${count(n, "atom")}`;
    }
    return `${studio.kind(sort) ? studio.word(sort, 1) : wordOf(sort)} ${ranges[0]}`;
  };

  partOf = (note: number): number => this.open.notes.byNumber.get(note)?.part ?? 0;

  // Items, as what they are: notes as wholes, or events.
  async choose(chosen: number[], how: How): Promise<void> {
    const { items, open, revision } = this;
    if (!items || !this.isCurrent) return;
    if (!chosen.length) return how === "only" ? open.clearSelection() : undefined;
    if (this.shownOf === "notes")
      return open.chooseNotes(
        chosen.map((item) => items.note[item]),
        how,
      );
    const ranges = chosen.flatMap((item) => items.ranges[item]);
    const ids: number[] = [];
    for (let k = 0; k < ranges.length; k += 2) for (let id = ranges[k]; id < ranges[k + 1]; id++) ids.push(id);
    await open.choose({ ranges: rangesOf(ids) }, how, revision);
  }

  // One, which is then heard alone.
  async point(item: number, how: How = "only"): Promise<void> {
    await this.choose(item < 0 ? [] : [item], how);
    if (item >= 0 && this.isCurrent && !this.open.playing) await this.open.hearSelected();
  }
}
