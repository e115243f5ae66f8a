// One open scene: what is selected, what is heard, what is in view, and the edits that change it.

import { tick } from "svelte";
import * as api from "../api.ts";
import { Player, type Source } from "../audio/player.ts";
import { AS_IT_IS, type Change } from "../draw/frame.ts";
import { View } from "../draw/view.ts";
import type { AxisScale } from "../draw/axis.ts";
import type { Lanes } from "../draw/axes.ts";
import { nearestInPitch } from "../draw/notes.ts";
import { pitchOfHz } from "../draw/pitch.ts";
import { DocumentMap } from "./map.svelte.ts";
import { Notes } from "./notes.svelte.ts";
import { settings, VOLUME_DB } from "./settings.svelte.ts";
import { keepPlace, placeOf, viewOf, type KeptPlace } from "./places.ts";
import { has, joined, NOTHING, type Picked, type Ranges } from "./ranges.ts";

const SEMITONE = 2 ** (1 / 12);
const LEAST_OCTAVES = 2;
export type Tool = "select" | "box" | "lasso" | "hand" | "measure";
export type Mode = "spectrogram" | "roll";
// All channels, one by its number, or of two half their sum or difference.
export type Heard = "all" | "mid" | "side" | number;
export interface Place {
  seconds: number;
  hz: number;
}
type Trouble = (error: unknown) => void;

const NONE: api.Selected = {
  revision: 0,
  n: 0,
  ranges: NOTHING,
  notes: [],
  start_s: null,
  end_s: null,
  low_hz: null,
  high_hz: null,
  kinds: {},
  n_muted: 0,
  groups: [],
  rooms: [],
  wetness: null,
};

export class Document {
  info: api.DocumentInfo = $state.raw()!;
  selected: api.Selected = $state.raw(NONE);
  focused: number | null = $state(null); // the event that was last pointed at
  event: api.SceneEvent | null = $state.raw(null); // all about the focused one
  source: Source = $state("reconstruction");
  matched = $state(true);
  looping = $state(false);
  loop: { fromS: number; toS: number } | null = $state.raw(null);
  playing = $state(false);
  speed = $state(1);
  waiting = $state(false);
  positionS = $state(0);
  layers = $state({ spectrogram: true, events: true, partials: false });
  mode: Mode = $state("spectrogram");
  readonly notes: Notes;
  // What can be done with the notes that are chosen, and at which place of the piano roll.
  menu: { x: number; y: number; at: Place | null } | null = $state.raw(null);
  pointer: Place | null = $state.raw(null); // where it is on the timeline
  measured: [Place, Place] | null = $state.raw(null); // the two ends of what is measured
  private model: number | null = $state(null); // the note that was chosen last: new ones are like it
  change: Change = $state.raw(AS_IT_IS);
  outline: [number, number][] | null = $state.raw(null);
  hasGroups = $derived(this.info.groups > 0);
  // Whether anything is selected, and how many events these are or have of their own.
  hasSelection = $derived(this.selected.n > 0 || this.selected.notes.length > 0);
  // Whether what is selected sounds alone.
  isSoloed = $derived(
    this.selected.n > 0 &&
      !this.selected.n_muted &&
      this.info.n_muted > 0 &&
      this.info.n_muted === this.info.n_events - this.selected.n,
  );
  choice = $state(0); // counts what has been chosen; edits carry the choice over
  expression = $state("");
  expressionTrouble: string | null = $state(null);
  // What is saved of muted events, and of how many that was said.
  saving: { muted: api.OfMuted; n: number } | null = null;
  veiled = $state(false); // in a blind test nothing may tell what is heard
  seen = $state(0); // counts changes of what is in view
  busy = $state(0); // edits under way
  readonly view: View;
  readonly map = new DocumentMap(this);
  player: Player;
  private before: KeptPlace | null = null; // where one was, until it is shown
  private gesture: string | null = null; // that is under way
  private picked: Picked = { revision: 0, ranges: NOTHING, notes: [] };
  private queue: Promise<unknown> = Promise.resolve();
  private choosing: Promise<unknown> = Promise.resolve();
  private gains: api.Levels | null = null;
  private gainsOf = -1;

  // What was drawn by chance last: of which revision, and what that led to.
  private drawn: { of: number; what: api.What; made: number; choice: number } | null = $state.raw(null);
  // Whether the next draw is another one of the same events as they were.
  isDrawnAgain = $derived(this.drawn?.made === this.info.revision && this.drawn.choice === this.choice);
  heard: Heard = $state("all"); // which channel

  private kinds: () => api.Kind[];
  private trouble: Trouble;

  constructor(info: api.DocumentInfo, kinds: () => api.Kind[], trouble: Trouble) {
    this.kinds = kinds;
    this.trouble = trouble;
    this.info = info;
    this.picked = { revision: info.revision, ranges: NOTHING, notes: [] };
    this.view = new View(info.duration_s, info.top_hz);
    this.view.setScale(settings.scale);
    this.notes = new Notes(info.id);
    this.player = this.newPlayer();
    if (!info.n_events && info.original) this.source = "original";
    this.player.choose(this.source);
    this.before = placeOf(this.placeName);
    if (info.notes.n) void this.readNotes();
    else this.showPlace();
  }

  private get placeName(): string {
    return this.info.path ?? this.info.id;
  }

  // Where one was when the page was last open: shown as soon as it is known how wide the timeline is.
  private showPlace(): void {
    const place = this.before;
    if (!place) return;
    if (place.mode === "roll" && !this.notes.rows.length) return void (this.before = null);
    this.show(place.mode);
    this.layers = { ...place.layers };
    const isSame = place.id === this.info.id && place.revision === this.info.revision;
    if (isSame) void this.selectAgain(place);
  }

  // After the timeline has got its size; once.
  restoreView(): void {
    const { before } = this;
    if (!before || this.view.pxPerS < 1e-6 || (this.info.notes.n && !this.notes.rows.length)) return;
    this.before = null;
    this.look((view) => view.restore(before.view));
  }

  private async selectAgain({ ranges, notes, revision }: KeptPlace): Promise<void> {
    const known = notes.filter((note) => this.notes.byNumber.has(note));
    if (known.length) return this.chooseNotes(known);
    if (!ranges.length) return;
    const found = await api.select(this.id, revision, { ranges }).catch(() => null); // what was kept may be anything
    if (found?.n && !this.hasSelection) await this.take(found, revision);
  }

  keepPlace(): void {
    const { id, revision } = this.info;
    const { ranges, notes } = this.selected;
    if (this.before || this.view.pxPerS < 1e-6) return; // not shown yet
    keepPlace(this.placeName, {
      id,
      revision,
      view: viewOf(this.view),
      mode: this.mode,
      layers: { ...this.layers },
      ranges: [...ranges],
      notes: [...notes],
    });
  }

  // Of all documents alike.
  get tool(): Tool {
    return settings.tool;
  }

  set tool(tool: Tool) {
    settings.tool = tool;
  }

  get following(): boolean {
    return settings.following;
  }

  set following(following: boolean) {
    settings.following = following;
  }

  get scale(): AxisScale {
    return settings.scale;
  }

  private newPlayer(): Player {
    const { id, sample_rate_hz, n_samples, n_channels, original } = this.info;
    const fetch = (track: "original" | "reconstruction", first: number, end: number, signal: AbortSignal, speed = 1) =>
      api.audio(id, this.info.revision, track, first, end - first, n_channels, signal, speed);
    const player = new Player(fetch, sample_rate_hz, n_samples, original !== null);
    player.setVolume(volumeOf(settings.volumeDb));
    player.setSpeed(this.speed);
    player.listenTo(weightsOf(this.heard, n_channels));
    player.onChange = () => {
      this.playing = player.playing;
      this.waiting = player.waiting;
      this.positionS = player.positionS;
    };
    return player;
  }

  get id(): string {
    return this.info.id;
  }

  // What is selected, by the numbers of its revision.
  get pick(): Picked {
    void this.selected;
    return { ...this.picked };
  }

  // The same, as requests about its revision call it.
  get what(): api.What {
    return whatOf(this.pick) ?? { ranges: NOTHING };
  }

  get ranges(): Ranges {
    return this.selected.ranges;
  }

  // Whether an event of a revision is selected.
  isChosen(event: number, revision: number): boolean {
    return this.picked.revision === revision && has(this.selected.ranges, event);
  }

  // The server tells of a change: of ours, or of what another page made.
  update(told: api.DocumentInfo): void {
    const had = this.info.original?.name;
    this.takeInfo(told);
    if (this.info.original?.name !== had) this.withOriginal();
  }

  private takeInfo(told: api.DocumentInfo): void {
    const info = this.latest(told);
    if (info.revision === this.info.revision || this.busy) {
      if (!this.busy) this.info = info;
      else this.info = { ...this.info, notes: info.notes };
      if (info.notes.n && this.notes.revision !== this.info.revision) void this.readNotes();
      return;
    }
    const isNew = !this.info.n_events && info.n_events > 0;
    this.info = info;
    if (isNew && !this.playing && !this.veiled) void this.hear("reconstruction");
    this.view.durationS = info.duration_s;
    this.player.changed(0, Number.MAX_SAFE_INTEGER, info.n_samples);
    this.clearSelection();
    void this.readNotes();
  }

  // What is done about notes is told while other answers are on their way.
  private latest(told: api.DocumentInfo): api.DocumentInfo {
    const held = this.info.notes;
    return told.notes.change < held.change ? { ...told, notes: { ...held, n: told.notes.n } } : told;
  }

  // --- notes

  // Those of the revision in force; where there were none before, they are shown.
  private async readNotes(): Promise<void> {
    const { revision } = this.info;
    const isFirst = !this.notes.rows.length;
    try {
      await this.notes.load(revision);
    } catch (error) {
      return this.trouble(error);
    }
    if (isFirst && this.notes.rows.length && this.before) this.showPlace();
    else if (isFirst && this.notes.rows.length) this.show("roll");
    if (!this.notes.rows.length && this.mode === "roll") this.show("spectrogram");
    this.seen++;
  }

  show(mode: Mode): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.layers.events = mode === "spectrogram";
    this.wholeBand();
  }

  // All frequencies, or in a piano roll those of the notes and some beside them.
  wholeBand(): void {
    if (this.mode === "spectrogram") return this.look((view) => view.setScale(this.scale));
    let [low, high] = this.notes.range;
    const span = 12 * Math.log2(high / low);
    const beside = Math.max(3, (12 * LEAST_OCTAVES - span) / 2);
    const below = this.notes.rows.some(({ f0_hz }) => f0_hz === null) ? 2 + span / 14 : 0; // room for their row
    [low, high] = [low * SEMITONE ** -(beside + below), high * SEMITONE ** beside];
    this.look((view) => view.setRoll(low, high));
  }

  async findNotes(): Promise<void> {
    try {
      this.info = { ...this.info, notes: (await api.findNotes(this.id)).notes };
    } catch (error) {
      this.trouble(error);
    }
  }

  async cancelNotes(): Promise<void> {
    await api.cancelNotes(this.id).catch(this.trouble);
  }

  // Notes as wholes: what they are is known here, so nothing is asked.
  chooseNotes(numbers: number[], how: "only" | "more" | "toggle" = "only"): void {
    const before = this.selected.notes;
    const inBoth = how === "toggle" ? numbers.filter((number) => before.includes(number)) : [];
    const all = how === "only" ? numbers : [...before.filter((number) => !inBoth.includes(number)), ...numbers];
    const notes = [...new Set(all)].filter((number) => !inBoth.includes(number));
    const found = this.ofNotes(notes);
    this.set(found, null, { revision: this.info.revision, ranges: NOTHING, notes: found.notes });
  }

  private ofNotes(numbers: number[]): api.Selected {
    const rows = this.notes.of(numbers);
    if (!rows.length) return NONE;
    const hz = rows.flatMap(({ f0_hz }) => (f0_hz === null ? [] : [f0_hz]));
    const n = rows.reduce((sum, { n_events }) => sum + n_events, 0);
    const muted = rows.filter(({ muted }) => muted);
    return {
      ...NONE,
      revision: this.info.revision,
      notes: rows.map(({ note }) => note),
      n,
      n_muted: muted.reduce((sum, { n_events }) => sum + n_events, 0),
      start_s: Math.min(...rows.map(({ onset_s }) => onset_s)),
      end_s: Math.max(...rows.map(({ end_s }) => end_s)),
      low_hz: hz.length ? Math.min(...hz) : null,
      high_hz: hz.length ? Math.max(...hz) : null,
    };
  }

  async hearNotes(notes: number[]): Promise<void> {
    if (notes.length) await this.hearAlone({ notes }, this.info.revision);
  }

  // The note next in time, heard.
  stepNote(by: number): void {
    const inTime = [...this.notes.rows].sort((a, b) => a.onset_s - b.onset_s || a.note - b.note);
    if (!inTime.length) return;
    const here = inTime.findIndex(({ note }) => note === this.selected.notes[0]);
    const after = inTime.findIndex(({ onset_s }) => onset_s >= this.view.fromS);
    const at = here < 0 ? Math.max(0, after) : Math.min(inTime.length - 1, Math.max(0, here + by));
    this.chooseNotes([inTime[at].note]);
    this.bringIntoView(inTime[at].onset_s);
    if (!this.playing) void this.hearNotes([inTime[at].note]);
  }

  bringIntoView(seconds: number): void {
    const { fromS, toS } = this.view;
    if (seconds < fromS || seconds > toS)
      this.look((view) => view.pan((seconds - view.fromS) * view.pxPerS - view.width / 3));
  }

  // What a new note would be like: the one that was chosen last, or else the one nearest in pitch.
  modelOf(hz: number): api.Note | null {
    const chosen = this.notes.byNumber.get(this.selected.notes[0] ?? this.model ?? -1);
    return chosen ?? nearestInPitch(this.notes.rows, hz);
  }

  // A note like another: at a place, there at the pitch nearest to it that the keys have, or at the play head; heard.
  async addNote(at: Place | null, isExact = false): Promise<void> {
    const like = this.modelOf(at?.hz ?? 440);
    if (!like) return;
    const pitch = at && like.pitch !== null ? pitchOfHz(at.hz) : null;
    const before = this.info.revision;
    await this.editNotes({
      op: "add_note",
      like: like.note,
      pitch: pitch === null || isExact ? pitch : Math.round(pitch),
      onset_s: Math.max(0, at?.seconds ?? this.positionS),
    });
    if (this.info.revision !== before && !this.playing) await this.hearNotes(this.selected.notes);
  }

  // Edits that name their notes themselves.
  editNotes(edit: api.Edit): Promise<void> {
    return this.inTurn(() => api.edit(this.id, this.info.revision, {}, edit));
  }

  // --- what is in view

  look(change: (view: View) => void): void {
    change(this.view);
    this.seen++;
  }

  setScale(scale: AxisScale): void {
    settings.scale = scale;
    this.look((view) => view.setScale(scale));
  }

  get lanes(): Lanes[] {
    return this.kinds().flatMap(({ kind, lane }) => {
      const numbers = this.info.lanes[kind];
      return numbers ? [{ kind, title: lane, numbers }] : [];
    });
  }

  showSelection(): void {
    const { start_s, end_s } = this.selected;
    if (start_s === null || end_s === null) return;
    const beside = Math.max(0.05, (end_s - start_s) * 0.25);
    this.look((view) => view.show(Math.max(0, start_s - beside), end_s + beside));
  }

  // --- what is selected

  // One choice after the other. What names events by their numbers comes with the revision that these are of: what an
  // edit has overtaken is left alone, since those numbers are others' now.
  choose(
    what: api.What,
    how: "only" | "more" | "toggle" = "only",
    revision = this.info.revision,
    focused: number | null = null,
  ): Promise<boolean> {
    const turn = this.choosing.then(async () => {
      try {
        await this.take(await this.found(what, how, revision), revision, focused);
        return true;
      } catch (error) {
        this.trouble(error);
        return false;
      }
    });
    this.choosing = turn;
    return turn;
  }

  private async found(what: api.What, how: "only" | "more" | "toggle", revision: number): Promise<api.Selected> {
    const found = await api.select(this.id, revision, what);
    if (how === "only" || this.picked.revision !== revision) return found;
    return api.select(this.id, revision, { ranges: joined(this.picked.ranges, found.ranges, how) });
  }

  async chooseEvent(event: number, revision: number, how: "only" | "more" | "toggle" = "only"): Promise<void> {
    await this.choose({ ids: [event] }, how, revision, event);
  }

  async chooseByExpression(): Promise<void> {
    this.expressionTrouble = null;
    const expression = this.expression.trim();
    if (!expression) return this.clearSelection();
    const { revision } = this.info;
    try {
      this.busy++; // a state with divided atoms may come in place of this one, which is no other's edit
      const found = await api.select(this.id, revision, { expression }).finally(() => this.busy--);
      if (found.revision !== revision) await this.goOn(found.revision);
      await this.take(found, found.revision);
    } catch (error) {
      this.expressionTrouble = error instanceof Error ? error.message : String(error);
    }
  }

  // A state that sounds as the one before did has come in its place.
  private async goOn(revision: number): Promise<void> {
    const info = await api.getDocument(this.id);
    if (info.revision === revision) this.info = this.latest(info);
    await this.readNotes();
  }

  clearSelection(): void {
    this.set(NONE, null, { revision: this.info.revision, ranges: NOTHING, notes: [] });
  }

  // A choice of the user's, unless it was made in a revision that is no longer in force.
  private async take(found: api.Selected, revision: number, focused: number | null = null): Promise<void> {
    const event = await this.eventOf(found, revision, focused);
    if (revision !== this.info.revision) return;
    if (found.notes.length) this.chooseNotes(found.notes);
    else this.set(found, event, { revision, ranges: found.ranges, notes: [] });
  }

  // All about the one that is pointed at.
  private async eventOf(found: api.Selected, revision: number, focused: number | null): Promise<api.SceneEvent | null> {
    const event = found.n === 1 ? found.ranges[0] : found.n ? focused : null;
    return event === null ? null : api.event(this.id, revision, event).catch(() => null);
  }

  private set(found: api.Selected, event: api.SceneEvent | null, picked: Picked): void {
    if (picked !== this.picked) this.choice++;
    if (found.notes.length) this.model = found.notes[0];
    this.picked = picked;
    this.selected = found;
    this.event = event;
    this.focused = event?.id ?? null;
    this.change = AS_IT_IS;
  }

  // --- edits, one after the other

  // Of what is selected now, as the edits before this one leave it. An edit that depends on what there is when its turn
  // comes is a function.
  editSelected(change: api.Edit | (() => api.Edit | null), ...then: api.FurtherEdit[]): Promise<void> {
    const { gesture } = this;
    return this.inTurn(async (picked) => {
      const edit = typeof change === "function" ? change() : change;
      const what = whatOf(picked);
      return edit && what ? api.edit(this.id, picked.revision, what, edit, then, gesture) : null;
    });
  }

  // --- names that users give

  setMarkers(markers: api.Marker[]): Promise<void> {
    return this.named({ markers });
  }

  // At the play head, or where it loops a region as long as that.
  addMarker(): Promise<void> {
    const { looping, loop, positionS, info } = this;
    const isRegion = looping && loop !== null;
    const name = `${isRegion ? "Region" : "Marker"} ${info.markers.length + 1}`;
    const made = isRegion ? { start_s: loop.fromS, end_s: loop.toS, name } : { start_s: positionS, end_s: null, name };
    return this.setMarkers([...info.markers, made]);
  }

  goToMarker({ start_s, end_s }: api.Marker): void {
    this.seek(start_s);
    this.bringIntoView(start_s);
    if (end_s !== null) this.setLoop({ fromS: start_s, toS: end_s });
  }

  nameGroup(group: number, name: string): Promise<void> {
    return this.named({ group_names: { [group]: name } });
  }

  private named(what: Parameters<typeof api.setNames>[2]): Promise<void> {
    return this.inTurn(async ({ ranges, notes }) => {
      const edited = await api.setNames(this.id, this.info.revision, what);
      return { ...edited, selection: { n: ranges.length, ranges, notes } };
    });
  }

  toggleMute(): Promise<void> {
    return this.editSelected(() => ({ op: this.selected.n_muted ? "unmute" : "mute" }));
  }

  toggleSolo(): Promise<void> {
    return this.inTurn(async (picked) => {
      if (this.isSoloed) return this.withoutMutes(picked);
      const what = whatOf(picked);
      return what ? api.edit(this.id, picked.revision, what, { op: "solo" }) : null;
    });
  }

  unmuteAll(): Promise<void> {
    return this.inTurn((picked) => this.withoutMutes(picked));
  }

  private async withoutMutes({ ranges, notes }: Picked): Promise<api.Edited | null> {
    if (!this.info.n_muted) return null;
    const edited = await api.edit(this.id, this.info.revision, { muted: true }, { op: "unmute" });
    return { ...edited, selection: { n: ranges.length, ranges, notes } };
  }

  // Events of a revision of a document, this one or another.
  paste(document: string, picked: Picked): Promise<void> {
    const paste = { op: "paste", document, revision: picked.revision, at_s: this.positionS } as const;
    return this.inTurn(() => api.edit(this.id, this.info.revision, whatOf(picked) ?? { ranges: [] }, paste));
  }

  // What was played on the instrument, as strikes.
  play(strikes: api.Struck[]): Promise<void> {
    return this.inTurn(() => api.edit(this.id, this.info.revision, { ranges: [] }, { op: "play", strikes }));
  }

  // Pitch, length and strength of what is selected, or of all but noise, by chance, its times, or both. Drawn again, it
  // is of what there was before the last draw, and another step to undo.
  draw(how: { events: boolean; times: boolean; strength: number; seed: number }): Promise<void> {
    return this.inTurn(async (picked) => {
      const again = this.isDrawnAgain ? this.drawn : null;
      const of = again?.of ?? this.info.revision;
      const what = again?.what ?? whatOf(picked) ?? {};
      const edited = await api.edit(this.id, this.info.revision, what, { op: "chance", of, ...how });
      this.drawn = { of, what, made: edited.revision, choice: this.choice };
      return !Object.keys(what).length ? { ...edited, selection: { n: 0, ranges: NOTHING, notes: [] } } : edited;
    });
  }

  undo(): Promise<void> {
    return this.inTurn(async () => (this.info.undo === null ? null : api.undo(this.id)));
  }

  redo(): Promise<void> {
    return this.inTurn(async () => (this.info.redo === null ? null : api.redo(this.id)));
  }

  // To any state that undo and redo lead to.
  goTo(revision: number): Promise<void> {
    return this.inTurn(async () => (revision === this.info.revision ? null : api.goTo(this.id, revision)));
  }

  // What one gesture asks for, such as a key that is held, is one step to undo, however many edits it takes.
  during(gesture: string, ask: () => unknown): void {
    this.gesture = gesture;
    ask();
    this.gesture = null;
  }

  // When all edits are done and drawn from: what is pointed at then has the numbers in force.
  async settled(): Promise<void> {
    while (this.busy) await this.queue;
    await tick();
  }

  // What was selected when an act was asked for is carried over to those asked for after it, as long as nothing else is
  // chosen; the server refuses what was chosen in a revision that is not in force any more.
  private inTurn(act: (picked: Picked) => Promise<api.Edited | null>): Promise<void> {
    const { picked } = this;
    this.busy++;
    const turn = this.queue.then(async () => {
      let isStale = false;
      try {
        const edited = await act(picked);
        if (edited) await this.apply(edited, picked);
      } catch (error) {
        this.change = AS_IT_IS;
        isStale = error instanceof api.ApiError && error.status === 409;
        this.trouble(error);
      } finally {
        this.busy--;
      }
      if (isStale) await api.getDocument(this.id).then((info) => this.update(info), this.trouble);
    });
    this.queue = turn;
    return turn;
  }

  // Selected is what was edited, but where nothing is to be any more, meanwhile.
  private async apply(edited: api.Edited, picked: Picked): Promise<void> {
    const { revision } = edited;
    const { n, ranges, notes } = edited.selection;
    const isOfNotes = notes.length > 0 || (picked.notes.length > 0 && !n);
    const [found, read] = await Promise.all([
      n && !isOfNotes ? api.select(this.id, revision, { ranges }) : NONE,
      edited.document.notes.n || this.notes.rows.length ? api.notes(this.id, revision) : null,
    ]);
    const event = await this.eventOf(found, revision, found.ranges[0] ?? null);
    const isCleared = this.picked !== picked && !this.hasSelection;
    const rate = edited.document.sample_rate_hz;
    this.info = this.latest(edited.document);
    if (read) this.notes.take(read.notes, revision);
    this.view.durationS = this.info.duration_s;
    if (edited.changed) {
      const { start_s, end_s } = edited.changed;
      this.player.changed(Math.floor(start_s * rate) - 1, Math.ceil(end_s * rate) + 1, this.info.n_samples);
    }
    Object.assign(picked, { revision, ranges: found.ranges, notes });
    if (isCleared) this.clearSelection();
    else this.set(isOfNotes ? this.ofNotes(notes) : found, event, picked);
    if (!this.notes.rows.length && this.mode === "roll") this.show("spectrogram");
    this.seen++;
    if (this.playing) void this.levelTracks();
  }

  // --- what is heard

  async hear(source: Source): Promise<void> {
    if (source !== "reconstruction" && this.speed !== 1) this.setSpeed(1);
    this.source = source;
    this.player.choose(source);
    await this.levelTracks();
  }

  // In a blind test tracks are equally loud whatever is chosen.
  private get isLevel(): boolean {
    return this.matched || this.veiled;
  }

  private async levelTracks(): Promise<void> {
    if (this.info.original && this.isLevel && this.gainsOf !== this.info.revision) {
      const revision = this.info.revision;
      this.gains = await api.levels(this.id, revision).catch(() => null);
      this.gainsOf = this.gains ? revision : -1;
    }
    const gain = (source: Source) => (this.isLevel ? (this.gains?.tracks[source]?.gain ?? 1) : 1);
    this.player.match({
      original: gain("original"),
      reconstruction: gain("reconstruction"),
      residual: gain("residual"),
    });
  }

  setVolume(volumeDb: number): void {
    settings.volumeDb = volumeDb;
    this.player.setVolume(volumeOf(volumeDb));
  }

  // One channel, or what two have in common or differ by.
  listenTo(heard: Heard): void {
    this.heard = heard;
    this.player.listenTo(weightsOf(heard, this.info.n_channels));
  }

  // The scene is stretched for it, which a recording cannot be.
  setSpeed(speed: number): void {
    this.speed = speed;
    if (speed !== 1 && this.source !== "reconstruction") void this.hear("reconstruction");
    this.player.setSpeed(speed);
  }

  setMatched(matched: boolean): void {
    this.matched = matched;
    void this.levelTracks();
  }

  toggle(): void {
    if (this.playing) return this.player.pause();
    void this.levelTracks();
    void this.player.play(this.positionS);
  }

  seek(seconds: number): void {
    this.player.seek(seconds);
  }

  setLoop(loop: { fromS: number; toS: number } | null): void {
    this.loop = loop;
    this.looping = loop !== null;
    this.player.loop = loop;
    if (this.playing && loop && (this.positionS < loop.fromS || this.positionS > loop.toS))
      void this.player.play(loop.fromS);
  }

  // Around what is selected, or else what is in view.
  toggleLoop(): void {
    if (this.looping) return this.setLoop(null);
    const { start_s, end_s } = this.selected;
    const fromS = Math.max(0, start_s ?? this.view.fromS);
    this.setLoop({ fromS, toS: Math.min(this.info.duration_s, Math.max(fromS + 0.05, end_s ?? this.view.toS)) });
  }

  async hearSelected(): Promise<void> {
    const what = whatOf(this.picked);
    if (what) await this.hearAlone(what, this.picked.revision);
  }

  async hearEvent(event: number, revision: number): Promise<void> {
    await this.hearAlone({ ids: [event] }, revision);
  }

  private async hearAlone(what: api.What, revision: number): Promise<void> {
    try {
      const made = await api.sound(this.id, revision, what);
      const most = Math.min(made.n_samples, Math.round(60 * this.info.sample_rate_hz));
      this.player.hear(await api.soundSamples(made, most, this.info.n_channels));
    } catch (error) {
      this.trouble(error);
    }
  }

  // Another recording belongs to the scene, or none.
  private withOriginal(): void {
    this.player.close();
    this.player = this.newPlayer();
    this.gainsOf = -1;
    if (!this.info.original) this.source = "reconstruction";
    this.player.choose(this.source);
  }

  close(): void {
    this.player.close();
  }
}

const volumeOf = (db: number): number => (db <= VOLUME_DB[0] ? 0 : 10 ** (db / 20));

// How much of each channel sounds on both sides; null for all as they are.
function weightsOf(heard: Heard, nChannels: number): number[] | null {
  if (heard === "all") return null;
  if (heard === "mid") return [0.5, 0.5];
  if (heard === "side") return [0.5, -0.5];
  return Array.from({ length: nChannels }, (_, channel) => (channel === heard ? 1 : 0));
}

// What a request calls what is picked; null where that is nothing.
function whatOf({ ranges, notes }: Picked): api.What | null {
  if (notes.length) return { notes };
  return ranges.length ? { ranges } : null;
}
