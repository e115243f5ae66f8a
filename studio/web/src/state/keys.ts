// Every key there is: what it does, and what the sheet of keys says of it.

import { studio } from "./studio.svelte.ts";
import { settings } from "./settings.svelte.ts";
import type { Document } from "./document.svelte.ts";
import * as api from "../api.ts";
import { WIDENINGS } from "./widening.ts";

export interface Key {
  group: "Hear" | "See" | "Select" | "Edit" | "Notes" | "Scene";
  keys: string; // "Ctrl+Shift+Z", "Space"; several with " or "
  what: string;
  run: (document: Document) => unknown;
  onlyTimeline?: boolean; // where arrows mean something else elsewhere
}

export const KEYS: Key[] = [
  { group: "Hear", keys: "Space", what: "play or pause", run: (d) => d.toggle() },
  {
    group: "Hear",
    keys: "Enter",
    what: "hear what is selected, alone",
    run: (d) => d.hearSelected(),
    onlyTimeline: true,
  },
  { group: "Hear", keys: "L", what: "loop the selection, or what is in view", run: (d) => d.toggleLoop() },
  { group: "Hear", keys: "F", what: "follow the sound", run: (d) => (d.following = !d.following) },
  { group: "Hear", keys: "1", what: "original", run: (d) => d.info.original && d.hear("original") },
  { group: "Hear", keys: "2", what: "reconstruction", run: (d) => d.hear("reconstruction") },
  { group: "Hear", keys: "3", what: "residual", run: (d) => d.info.original && d.hear("residual") },
  {
    group: "Hear",
    keys: "Home",
    what: "to the beginning",
    run: (d) => d.look((v) => (d.seek(0), v.follow(0))),
    onlyTimeline: true,
  },
  {
    group: "Hear",
    keys: "End",
    what: "to the end",
    run: (d) => d.look((v) => (d.seek(d.info.duration_s), v.follow(d.info.duration_s))),
    onlyTimeline: true,
  },

  { group: "See", keys: "+ or =", what: "zoom in", run: (d) => d.look((v) => v.zoom(1.5, centre(d))) },
  { group: "See", keys: "- or −", what: "zoom out", run: (d) => d.look((v) => v.zoom(1 / 1.5, centre(d))) },
  { group: "See", keys: "0", what: "the whole scene", run: (d) => (d.look((v) => v.whole()), d.wholeBand()) },
  { group: "See", keys: "Z", what: "zoom to the selection", run: (d) => d.showSelection() },
  {
    group: "See",
    keys: "Ctrl+ArrowLeft",
    what: "earlier",
    run: (d) => d.look((v) => v.pan(-v.width / 6)),
    onlyTimeline: true,
  },
  {
    group: "See",
    keys: "Ctrl+ArrowRight",
    what: "later",
    run: (d) => d.look((v) => v.pan(v.width / 6)),
    onlyTimeline: true,
  },
  {
    group: "See",
    keys: "Ctrl+ArrowUp",
    what: "zoom in, in frequency",
    run: (d) => d.look((v) => v.zoomHz(1.25, v.hzAt(0.4))),
    onlyTimeline: true,
  },
  {
    group: "See",
    keys: "Ctrl+ArrowDown",
    what: "zoom out, in frequency",
    run: (d) => d.look((v) => v.zoomHz(0.8, v.hzAt(0.4))),
    onlyTimeline: true,
  },
  {
    group: "See",
    keys: "PageUp",
    what: "higher frequencies",
    run: (d) => d.look((v) => v.panHz(0.25)),
    onlyTimeline: true,
  },
  {
    group: "See",
    keys: "PageDown",
    what: "lower frequencies",
    run: (d) => d.look((v) => v.panHz(-0.25)),
    onlyTimeline: true,
  },

  { group: "Select", keys: "ArrowRight", what: "next event", run: (d) => step(d, 1), onlyTimeline: true },
  { group: "Select", keys: "ArrowLeft", what: "event before", run: (d) => step(d, -1), onlyTimeline: true },
  { group: "Select", keys: "Ctrl+A", what: "all events", run: (d) => d.choose({}) },
  { group: "Select", keys: "Escape", what: "nothing", run: (d) => ((d.measured = null), d.clearSelection()) },
  ...WIDENINGS.map(({ label, key, run }): Key => ({ group: "Select", keys: key, what: label, run })),
  { group: "Select", keys: "/", what: "by an expression", run: () => document.getElementById("expression")?.focus() },
  { group: "Select", keys: "V", what: "tool: point and drag", run: (d) => (d.tool = "select") },
  { group: "Select", keys: "B", what: "tool: box", run: (d) => (d.tool = "box") },
  { group: "Select", keys: "Q", what: "tool: lasso", run: (d) => (d.tool = "lasso") },
  { group: "Select", keys: "H", what: "tool: hand", run: (d) => (d.tool = "hand") },
  { group: "See", keys: "R", what: "tool: measure distances", run: (d) => (d.tool = "measure") },
  { group: "See", keys: "X", what: "harmonics of the pointer", run: () => (settings.harmonics = !settings.harmonics) },
  {
    group: "See",
    keys: "D",
    what: "map and matrix beside the timeline, or the inspector",
    run: () => (settings.side = settings.side === "map" ? "inspector" : "map"),
  },
  { group: "See", keys: "W", what: "waveform", run: () => (settings.waveform = !settings.waveform) },

  {
    group: "Edit",
    keys: "Alt+ArrowRight",
    what: "move 10 ms later",
    run: (d) => d.editSelected({ op: "move", by_s: 0.01 }),
  },
  {
    group: "Edit",
    keys: "Alt+ArrowLeft",
    what: "move 10 ms earlier",
    run: (d) => d.editSelected({ op: "move", by_s: -0.01 }),
  },
  {
    group: "Edit",
    keys: "Alt+Shift+ArrowRight",
    what: "move 100 ms later",
    run: (d) => d.editSelected({ op: "move", by_s: 0.1 }),
  },
  {
    group: "Edit",
    keys: "Alt+Shift+ArrowLeft",
    what: "move 100 ms earlier",
    run: (d) => d.editSelected({ op: "move", by_s: -0.1 }),
  },
  {
    group: "Edit",
    keys: "Alt+ArrowUp",
    what: "a semitone higher",
    run: (d) => d.editSelected({ op: "transpose", semitones: 1 }),
  },
  {
    group: "Edit",
    keys: "Alt+ArrowDown",
    what: "a semitone lower",
    run: (d) => d.editSelected({ op: "transpose", semitones: -1 }),
  },
  {
    group: "Edit",
    keys: "Alt+Shift+ArrowUp",
    what: "an octave higher",
    run: (d) => d.editSelected({ op: "transpose", semitones: 12 }),
  },
  {
    group: "Edit",
    keys: "Alt+Shift+ArrowDown",
    what: "an octave lower",
    run: (d) => d.editSelected({ op: "transpose", semitones: -12 }),
  },
  { group: "Edit", keys: "]", what: "1 dB louder", run: (d) => d.editSelected({ op: "gain", db: 1 }) },
  { group: "Edit", keys: "[", what: "1 dB quieter", run: (d) => d.editSelected({ op: "gain", db: -1 }) },
  {
    group: "Edit",
    keys: "M",
    what: "mute, or unmute",
    run: (d) => d.toggleMute(),
  },
  { group: "Edit", keys: "S", what: "solo: mute all others, or unmute all", run: (d) => d.toggleSolo() },
  { group: "Edit", keys: "U", what: "unmute all", run: (d) => d.unmuteAll() },
  { group: "Edit", keys: "Delete or Backspace", what: "delete", run: (d) => d.editSelected({ op: "delete" }) },
  {
    group: "Edit",
    keys: "Ctrl+D",
    what: "duplicate at the play head",
    run: (d) => d.editSelected({ op: "duplicate", at_s: d.positionS }),
  },
  { group: "Edit", keys: "G", what: "group", run: (d) => d.editSelected({ op: "group" }) },
  { group: "Edit", keys: "Ctrl+C", what: "copy", run: (d) => studio.copy(d) },
  { group: "Edit", keys: "Ctrl+X", what: "cut", run: (d) => (studio.copy(d), d.editSelected({ op: "delete" })) },
  {
    group: "Edit",
    keys: "Ctrl+V",
    what: "paste at the play head, also into another scene",
    run: (d) => studio.paste(d),
  },
  { group: "Edit", keys: "Ctrl+Z", what: "undo", run: (d) => d.undo() },
  { group: "Edit", keys: "Ctrl+Shift+Z or Ctrl+Y", what: "redo", run: (d) => d.redo() },
  { group: "Edit", keys: "J", what: "the history, to go to any step", run: () => (studio.history = !studio.history) },

  {
    group: "Notes",
    keys: "N",
    what: "piano roll, or spectrogram",
    run: (d) => d.notes.rows.length && d.show(d.mode === "roll" ? "spectrogram" : "roll"),
  },
  {
    group: "Notes",
    keys: "A",
    what: "add a note like this one at the pointer, or else at the play head",
    run: (d) => d.mode === "roll" && d.addNote(d.pointer),
  },
  { group: "Notes", keys: ".", what: "next note", run: (d) => d.stepNote(1), onlyTimeline: true },
  { group: "Notes", keys: ",", what: "note before", run: (d) => d.stepNote(-1), onlyTimeline: true },

  {
    group: "Scene",
    keys: "Shift+M",
    what: "a marker at the play head, or a region of the loop",
    run: (d) => d.addMarker(),
  },
  { group: "Scene", keys: "Ctrl+S", what: "save", run: (d) => studio.save(d) },
  { group: "Scene", keys: "Ctrl+Shift+S", what: "save as", run: () => (studio.dialog = "save") },
  { group: "Scene", keys: "Ctrl+E", what: "export", run: () => (studio.dialog = "export") },
  { group: "Scene", keys: "?", what: "this sheet", run: () => (studio.dialog = "keys") },
];

const transpose = (semitones: number) => (d: Document) => d.editSelected({ op: "transpose", semitones });
const move = (by_s: number) => (d: Document) => d.editSelected({ op: "move", by_s });

// What keys do where notes are chosen; all others do what they do elsewhere.
export const NOTE_KEYS: Key[] = [
  { group: "Notes", keys: "ArrowUp", what: "notes a semitone higher", run: transpose(1), onlyTimeline: true },
  { group: "Notes", keys: "ArrowDown", what: "notes a semitone lower", run: transpose(-1), onlyTimeline: true },
  { group: "Notes", keys: "Shift+ArrowUp", what: "notes an octave higher", run: transpose(12), onlyTimeline: true },
  { group: "Notes", keys: "Shift+ArrowDown", what: "notes an octave lower", run: transpose(-12), onlyTimeline: true },
  { group: "Notes", keys: "ArrowRight", what: "notes 10 ms later", run: move(0.01), onlyTimeline: true },
  { group: "Notes", keys: "ArrowLeft", what: "notes 10 ms earlier", run: move(-0.01), onlyTimeline: true },
  { group: "Notes", keys: "Shift+ArrowRight", what: "notes 100 ms later", run: move(0.1), onlyTimeline: true },
  { group: "Notes", keys: "Shift+ArrowLeft", what: "notes 100 ms earlier", run: move(-0.1), onlyTimeline: true },
];

function centre(document: Document): number {
  const { fromS, toS } = document.view;
  const head = document.positionS;
  return head >= fromS && head <= toS ? head : (fromS + toS) / 2;
}

// To the event next in time, brought into view and heard.
async function step(document: Document, by: number): Promise<void> {
  const { info } = document;
  const { revision } = info;
  if (!info.n_events) return;
  const ask = {
    what: null,
    sort: "time_s",
    descending: false,
    offset: 0,
    limit: 1,
    columns: [],
    find: document.focused,
  };
  let offset = 0;
  if (document.focused !== null) {
    const here = await api.table(info.id, revision, ask);
    offset = Math.min(here.n - 1, Math.max(0, (here.position ?? 0) + by));
  } else {
    const from = { ...ask, what: { start_s: Math.max(0, document.view.fromS), end_s: info.duration_s }, find: null };
    const first = await api.table(info.id, revision, from);
    if (first.ids.length) return arrive(document, first.ids[0], revision);
  }
  const rows = await api.table(info.id, revision, { ...ask, offset, find: null });
  if (rows.ids.length) await arrive(document, rows.ids[0], revision);
}

async function arrive(document: Document, event: number, revision: number): Promise<void> {
  await document.chooseEvent(event, revision);
  const { start_s } = document.selected;
  if (start_s !== null && (start_s < document.view.fromS || start_s > document.view.toS)) {
    document.look((view) => view.pan((start_s - view.fromS) * view.pxPerS - view.width / 3));
  }
  if (!document.playing) await document.hearEvent(event, revision);
}

// How the browser tells of a key, as the table writes it.
function named(event: KeyboardEvent): string {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const isSign = event.key.length === 1 && !/[a-z0-9 ]/i.test(event.key);
  const shift = event.shiftKey && !isSign ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

const byName = (keys: Key[]) =>
  new Map(keys.flatMap((key) => key.keys.split(" or ").map((name) => [name, key] as const)));
const BY_NAME = byName(KEYS);
const NOTES_BY_NAME = byName(NOTE_KEYS);

// A field takes undo and redo to itself only while something is typed in it that is not taken in yet.
const OF_FIELDS = ["Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y"];
const typing = new WeakSet<EventTarget>();
export const beginTyping = (event: Event): unknown => event.target && typing.add(event.target);
export const endTyping = (event: Event): unknown => event.target && typing.delete(event.target);

let presses = 0;
let held = ""; // the key that is held down, and repeats

export function press(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (studio.dialog || target.closest("dialog, [popover]")) return;
  const name = named(event);
  const typed = target.closest("input:not([type=checkbox], [type=radio], [type=range]), select, textarea");
  if (typed) {
    if (name === "Escape") (target as HTMLInputElement).blur();
    const isOfField = OF_FIELDS.includes(name) && typing.has(target);
    if (isOfField || ![...OF_FIELDS, "Ctrl+S"].includes(name)) return;
  }
  const ofNotes = studio.current?.selected.notes.length ? NOTES_BY_NAME.get(name) : undefined;
  const key = ofNotes ?? BY_NAME.get(name);
  if (!key || (key.group !== "Scene" && !studio.current)) return;
  const isPressed = target.closest("button, a, summary, [role=tab], input");
  if (isPressed && ["Space", "Enter"].includes(name)) return;
  const isElsewhere =
    target.closest("[data-keys]")?.getAttribute("data-keys") !== "timeline" && target !== document.body;
  if (key.onlyTimeline && isElsewhere) return;
  if (name === "?" || studio.current) {
    event.preventDefault();
    if (!event.repeat) held = `key ${++presses}`;
    if (studio.current) studio.current.during(held, () => void key.run(studio.current!));
    else void key.run(studio.current!);
  }
}
