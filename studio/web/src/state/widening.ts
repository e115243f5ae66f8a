// What belongs to a selection, and how it is asked for: in the inspector, and by keys.

import type * as api from "../api.ts";
import type { Document } from "./document.svelte.ts";
import { studio } from "./studio.svelte.ts";

export interface Widening {
  label: string;
  key: string;
  title: string;
  isFor: (document: Document) => boolean;
  run: (document: Document) => unknown;
}

const hasEvents = (document: Document) => document.selected.n > 0 && !document.selected.notes.length;
const hasPartials = (document: Document) =>
  hasEvents(document) && studio.kinds.some((of) => of.has_partials && document.selected.kinds[of.kind]);

const widened = (widen: NonNullable<api.What["widen"]>) => (document: Document) =>
  hasEvents(document) && document.choose({ ...document.what, widen }, "only", document.pick.revision);

// The notes that sound when what is selected does, at its pitches.
function notesHere(document: Document): void {
  const { start_s, end_s, low_hz, high_hz } = document.selected;
  if (start_s === null || end_s === null || low_hz === null || high_hz === null) return;
  const here = document.notes.rows.filter(
    (note) =>
      note.onset_s < end_s &&
      note.end_s > start_s &&
      note.f0_hz !== null &&
      note.f0_hz >= low_hz * 0.97 &&
      note.f0_hz <= high_hz * 1.03,
  );
  if (here.length) document.chooseNotes(here.map(({ note }) => note));
}

export const WIDENINGS: Widening[] = [
  {
    label: "similar",
    key: "Y",
    title: "And events within half a semitone, half an octave of length and 6 dB of one of these",
    isFor: hasEvents,
    run: widened("similar"),
  },
  {
    label: "harmonics",
    key: "K",
    title: "And what sounds with these at whole multiples of the lowest of them",
    isFor: hasEvents,
    run: widened("harmonics"),
  },
  {
    label: "further in time",
    key: "T",
    title: "And events within 0.1 s and half a semitone of one of these",
    isFor: hasEvents,
    run: widened("in_time"),
  },
  {
    label: "whole partials",
    key: "P",
    title: "And all atoms of the partials that these are of",
    isFor: hasPartials,
    run: widened("partials"),
  },
  {
    label: "the notes here",
    key: "O",
    title: "The notes that sound here",
    isFor: (document) => hasEvents(document) && document.notes.rows.length > 0,
    run: notesHere,
  },
  {
    label: "all others",
    key: "I",
    title: "All events but these",
    isFor: hasEvents,
    run: (document) => document.choose({ ranges: document.ranges, invert: true }, "only", document.pick.revision),
  },
];
