// One open scene: what is selected, what is heard, what is in view, and the edits that change it.

import * as api from "../api.ts";
import { Player, type Source } from "../audio/player.ts";
import { AS_IT_IS, type Change } from "../draw/frame.ts";
import { View } from "../draw/view.ts";
import type { AxisScale } from "../draw/axis.ts";
import type { Lanes } from "../draw/axes.ts";
import { joined, NOTHING, type Ranges } from "./ranges.ts";

const NO_LANES: Lanes = { title: "", names: [] };
const MOST_LANES = 256;
export type Tool = "select" | "box" | "lasso" | "hand";
type Trouble = (error: unknown) => void;

const NONE: api.Selected = {
  n: 0,
  ranges: NOTHING,
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
  following = $state(true);
  looping = $state(false);
  loop: { fromS: number; toS: number } | null = $state.raw(null);
  playing = $state(false);
  waiting = $state(false);
  positionS = $state(0);
  tool: Tool = $state("select");
  layers = $state({ spectrogram: true, events: true, partials: false });
  scale: AxisScale = $state("erb");
  change: Change = $state.raw(AS_IT_IS);
  outline: [number, number][] | null = $state.raw(null);
  lanes: Lanes = $state.raw(NO_LANES);
  hasGroups = $derived(this.info.groups > 0);
  expression = $state("");
  expressionTrouble: string | null = $state(null);
  veiled = $state(false); // in a blind test nothing may tell what is heard
  seen = $state(0); // counts changes of what is in view
  busy = $state(0); // edits under way
  readonly view: View;
  player: Player;
  private queue: Promise<unknown> = Promise.resolve();
  private gains: api.Levels | null = null;
  private gainsOf = -1;

  private kinds: () => api.Kind[];
  private trouble: Trouble;

  constructor(info: api.DocumentInfo, kinds: () => api.Kind[], trouble: Trouble) {
    this.kinds = kinds;
    this.trouble = trouble;
    this.info = info;
    this.view = new View(info.duration_s, info.top_hz);
    this.player = this.newPlayer();
    if (!info.n_events && info.original) this.source = "original";
    this.player.choose(this.source);
    void this.findLanes();
  }

  private newPlayer(): Player {
    const { id, sample_rate_hz, n_samples, n_channels, original } = this.info;
    const fetch = (track: "original" | "reconstruction", first: number, end: number, signal: AbortSignal) =>
      api.audio(id, this.info.revision, track, first, end - first, n_channels, signal);
    const player = new Player(fetch, sample_rate_hz, n_samples, original !== null);
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

  get ranges(): Ranges {
    return this.selected.ranges;
  }

  // The server tells of a change: of ours, or of what another page made.
  update(info: api.DocumentInfo): void {
    if (info.revision === this.info.revision || this.busy) {
      if (!this.busy) this.info = info;
      return;
    }
    const isNew = !this.info.n_events && info.n_events > 0;
    this.info = info;
    if (isNew) void this.hear("reconstruction");
    this.view.durationS = info.duration_s;
    this.player.changed(0, Number.MAX_SAFE_INTEGER, info.n_samples);
    this.clearSelection();
    void this.findLanes();
  }

  // --- what is in view

  look(change: (view: View) => void): void {
    change(this.view);
    this.seen++;
  }

  setScale(scale: AxisScale): void {
    this.scale = scale;
    this.look((view) => view.setScale(scale));
  }

  showSelection(): void {
    const { start_s, end_s } = this.selected;
    if (start_s === null || end_s === null) return;
    const beside = Math.max(0.05, (end_s - start_s) * 0.25);
    this.look((view) => view.show(Math.max(0, start_s - beside), end_s + beside));
  }

  private laneKinds(): api.Kind[] {
    return this.kinds().filter(({ kind, shape }) => shape === "lane" && this.info.counts[kind]);
  }

  // As many lanes as the highest number among the events that lie on lanes.
  private async findLanes(): Promise<void> {
    const held = this.laneKinds();
    const { revision } = this.info;
    const highest = await Promise.all(
      held.map(async ({ kind, lane }) => {
        const ask = { what: { kind }, sort: lane, descending: true, offset: 0, limit: 1, columns: [lane], find: null };
        const rows = await api.table(this.id, revision, ask).catch(() => null);
        return Number(rows?.columns[lane]?.[0] ?? 0);
      }),
    );
    if (revision !== this.info.revision) return;
    const n = held.length ? Math.min(MOST_LANES, Math.max(...highest) + 1) : 0;
    this.lanes = { title: held[0]?.lane ?? "", names: Array.from({ length: n }, (_, lane) => String(lane)) };
  }

  // --- what is selected

  async choose(what: api.What, how: "only" | "more" | "toggle" = "only"): Promise<boolean> {
    const revision = this.info.revision;
    try {
      let found = await api.select(this.id, revision, what);
      if (how !== "only")
        found = await api.select(this.id, revision, { ranges: joined(this.ranges, found.ranges, how) });
      if (revision === this.info.revision) this.take(found);
      return true;
    } catch (error) {
      this.trouble(error);
      return false;
    }
  }

  async chooseEvent(event: number, how: "only" | "more" | "toggle" = "only"): Promise<void> {
    this.focused = event;
    await this.choose({ ids: [event] }, how);
  }

  async chooseByExpression(): Promise<void> {
    this.expressionTrouble = null;
    const expression = this.expression.trim();
    if (!expression) return this.clearSelection();
    try {
      this.take(await api.select(this.id, this.info.revision, { expression }));
    } catch (error) {
      this.expressionTrouble = error instanceof Error ? error.message : String(error);
    }
  }

  clearSelection(): void {
    this.take(NONE);
  }

  private take(found: api.Selected): void {
    this.selected = found;
    this.change = AS_IT_IS;
    if (found.n === 1) this.focused = found.ranges[0];
    else if (!found.n) this.focused = null;
    void this.readEvent();
  }

  private async readEvent(): Promise<void> {
    const { focused } = this;
    if (focused === null || focused >= this.info.n_events) {
      this.event = null;
      return;
    }
    const event = await api.event(this.id, this.info.revision, focused).catch(() => null);
    if (focused === this.focused) this.event = event;
  }

  // --- edits, one after the other

  edit(change: api.Edit, what: api.What = { ranges: this.ranges }): Promise<void> {
    return this.inTurn(() =>
      api.edit(this.id, this.info.revision, what.ranges ? { ranges: [...what.ranges] } : what, change),
    );
  }

  // Of what is selected at the time when its turn comes.
  editSelected(change: api.Edit): Promise<void> {
    return this.inTurn(async () =>
      this.selected.n ? api.edit(this.id, this.info.revision, { ranges: this.ranges }, change) : null,
    );
  }

  unmuteAll(): Promise<void> {
    const { ranges } = this;
    return this.inTurn(async () => {
      const edited = this.info.n_muted
        ? await api.edit(this.id, this.info.revision, { muted: true }, { op: "unmute" })
        : null;
      return edited && { ...edited, selection: { n: ranges.length, ranges } };
    });
  }

  undo(): Promise<void> {
    return this.inTurn(async () => (this.info.undo === null ? null : api.undo(this.id)));
  }

  redo(): Promise<void> {
    return this.inTurn(async () => (this.info.redo === null ? null : api.redo(this.id)));
  }

  private inTurn(act: () => Promise<api.Edited | null>): Promise<void> {
    this.busy++;
    const turn = this.queue.then(async () => {
      try {
        const before = this.selected;
        const edited = await act();
        if (edited) await this.apply(edited, before !== this.selected && !this.selected.n);
      } catch (error) {
        this.change = AS_IT_IS;
        this.trouble(error);
      } finally {
        this.busy--;
      }
    });
    this.queue = turn;
    return turn;
  }

  // Selected is what was edited, but where nothing is to be any more, meanwhile.
  private async apply(edited: api.Edited, isCleared: boolean): Promise<void> {
    const rate = edited.document.sample_rate_hz;
    this.info = edited.document;
    this.view.durationS = this.info.duration_s;
    if (edited.changed) {
      const { start_s, end_s } = edited.changed;
      this.player.changed(Math.floor(start_s * rate) - 1, Math.ceil(end_s * rate) + 1, this.info.n_samples);
    }
    this.change = AS_IT_IS;
    const ranges = edited.selection.ranges;
    this.take(edited.selection.n && !isCleared ? await api.select(this.id, this.info.revision, { ranges }) : NONE);
    if (this.laneKinds().length || this.lanes.names.length) void this.findLanes();
    this.seen++;
    if (this.playing) void this.levelTracks();
  }

  // --- what is heard

  async hear(source: Source): Promise<void> {
    this.source = source;
    this.player.choose(source);
    await this.levelTracks();
  }

  private async levelTracks(): Promise<void> {
    if (this.info.original && this.matched && this.gainsOf !== this.info.revision) {
      const revision = this.info.revision;
      this.gains = await api.levels(this.id, revision).catch(() => null);
      this.gainsOf = this.gains ? revision : -1;
    }
    const gain = (source: Source) => (this.matched ? (this.gains?.tracks[source]?.gain ?? 1) : 1);
    this.player.match({
      original: gain("original"),
      reconstruction: gain("reconstruction"),
      residual: gain("residual"),
    });
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
    if (this.selected.n) await this.hearAlone({ ranges: this.ranges });
  }

  async hearEvent(event: number): Promise<void> {
    await this.hearAlone({ ids: [event] });
  }

  private async hearAlone(what: api.What): Promise<void> {
    try {
      const made = await api.sound(this.id, this.info.revision, what);
      const most = Math.min(made.n_samples, Math.round(60 * this.info.sample_rate_hz));
      this.player.hear(await api.soundSamples(made, most, this.info.n_channels));
    } catch (error) {
      this.trouble(error);
    }
  }

  // A recording was found for the scene.
  withOriginal(): void {
    this.player.close();
    this.player = this.newPlayer();
    this.gainsOf = -1;
    this.player.choose(this.source);
  }

  close(): void {
    this.player.close();
  }
}
