// The canvas of the timeline: layers of pictures over one another, then axes, and what the hand is doing.

import type { Kind } from "../api.ts";
import type { Scope, WorkerLike } from "../scope.ts";
import { LEFT_PX, BOTTOM_PX, paintFrequencies, paintLanes, paintTimes, type Ink, type Lanes } from "./axes.ts";
import { colourOf, isDark, kindColour, rgb } from "./colours.ts";
import { AS_IT_IS, columnOf, rowsOf, type Change, type Frame } from "./frame.ts";
import { paintKeys, paintRows } from "./keyboard.ts";
import { drawnKind } from "./kind.ts";
import { type FromWorker, type Look, type Palette, type Picture, type ToWorker } from "./messages.ts";
import type { EventColours, NoteOf } from "./event_colours.ts";
import { noteAt, paintNotes, type NotesShown, type Touched } from "./notes.ts";
import { Tiles } from "./tiles.ts";
import type { Hit } from "./hand.ts";
import type { View } from "./view.ts";

export interface Shown {
  document: string;
  revision: number;
  track: string; // whose spectrogram
  kinds: Kind[];
  finestLevel: number;
  coarsestLevel: number;
  durationS: number;
  nEvents: number;
  picture: Picture;
  eventColours: EventColours;
  images: string[]; // kinds that occur whose levels are drawn as images
  lanes: Lanes[];
  layers: { spectrogram: boolean; events: boolean; partials: boolean };
  selected: {
    n: number;
    ranges: number[];
    startS: number | null;
    endS: number | null;
    lowHz: number | null;
    highHz: number | null;
  };
  notes: NotesShown | null; // in a piano roll
  change: Change; // of what is selected, while it is dragged
  outline: [number, number][] | null; // of a box or a lasso, in pixels of the style sheet from the plot's corner
  loop: { fromS: number; toS: number } | null;
}

const LANE_PX = 16;
export const N_PART_COLOURS = 8;
const nLanesOf = (all: Lanes[]): number => all.reduce((n, { numbers }) => n + numbers.length, 0);
const newWorker = (): WorkerLike => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

export class Stage {
  private pen: CanvasRenderingContext2D;
  private scope: Scope;
  private post: (message: ToWorker) => void;
  private isDead = false; // the worker: nothing more is drawn
  private tiles: Tiles;
  private ink!: Ink;
  private partColours: string[] = [];
  private hits = new Map<number, (event: number) => void>();
  private nextHit = 1;
  private shown: Shown | null = null;
  private chosenRanges: number[] | null = null;
  private chosenVersion = 0;
  private paletteVersion = 0;
  private due: (() => void) | null = null; // calls off the next painting
  private height = 0; // not known yet
  frames: number[] = []; // when each of the latest was painted, ms

  private canvas: HTMLCanvasElement;
  readonly view: View;

  // In its scope; `trouble` is for what the user has to know.
  constructor(
    canvas: HTMLCanvasElement,
    view: View,
    { scope, trouble, worker = newWorker() }: { scope: Scope; trouble: (text: string) => void; worker?: WorkerLike },
  ) {
    this.canvas = canvas;
    this.view = view;
    this.pen = canvas.getContext("2d", { alpha: false })!;
    this.tiles = new Tiles(
      (order) => (this.isDead ? this.tiles.failed(order.id) : this.post({ type: "order", order })),
      (id) => this.post({ type: "cancel", id }),
      () => this.ask(),
    );
    this.scope = scope;
    this.post = scope.worker<ToWorker, FromWorker>(
      worker,
      (message) => this.hear(message),
      (why) => {
        this.giveUp();
        trouble(`The timeline is no longer drawn (${why}): reload the page.`);
      },
    );
    scope.own(() => {
      this.giveUp();
      this.tiles.clear();
    });
  }

  private hear(message: FromWorker): void {
    if (message.type === "picture") this.tiles.take(message.id, message.bitmap);
    else if (message.type === "failed") this.tiles.failed(message.id);
    else {
      this.hits.get(message.id)?.(message.event);
      this.hits.delete(message.id);
    }
  }

  // Nobody waits any longer for what the worker would have found.
  private giveUp(): void {
    this.isDead = true;
    for (const found of this.hits.values()) found(-1);
    this.hits.clear();
    this.tiles.failAll();
  }

  show(shown: Shown): void {
    const before = this.shown;
    this.shown = shown;
    if (!before || before.revision !== shown.revision) {
      const { document, finestLevel, coarsestLevel, durationS, nEvents } = shown;
      const kinds = shown.kinds.map((kind) => {
        const at = shown.lanes.findIndex((lanes) => lanes.kind === kind.kind);
        return at < 0 ? drawnKind(kind) : drawnKind(kind, shown.lanes[at].numbers, nLanesOf(shown.lanes.slice(0, at)));
      });
      this.post({ type: "document", document, kinds, finestLevel, coarsestLevel, durationS, nEvents });
    }
    if (!before) this.readColours();
    if (this.chosenRanges !== shown.selected.ranges || before?.nEvents !== shown.nEvents) {
      this.chosenRanges = shown.selected.ranges;
      this.chosenVersion++;
      this.post({ type: "chosen", ranges: [...shown.selected.ranges], nEvents: shown.nEvents });
    }
    this.ask();
  }

  // Of which note each event is, for colours by these.
  giveNotes(notes: NoteOf): void {
    this.paletteVersion++;
    this.post({ type: "notes", notes });
    this.ask();
  }

  // After the scheme of colours has changed.
  readColours(): void {
    const keys = ["key", "blackKey", "keyEdge", "keyText"] as const;
    const names = ["ink", "quiet", "line", "edge", "card", "chosen", "accent", ...keys] as const;
    this.partColours = Array.from({ length: N_PART_COLOURS }, (_, k) => colourOf(`part${k + 1}`));
    this.ink = Object.fromEntries(names.map((name) => [name, colourOf(name)])) as unknown as Ink;
    const palette: Palette = {
      kinds: (this.shown?.kinds ?? []).map((kind) => rgb(kindColour(kind))),
      parts: this.partColours.map(rgb),
      isDark: isDark(),
      muted: rgb(colourOf("edge")),
      partial: rgb(colourOf("partial")),
      chosen: rgb(colourOf("chosen")),
      shade: rgb(colourOf("shade")),
    };
    this.paletteVersion++;
    this.post({ type: "palette", palette });
    this.ask();
  }

  resize(width: number, height: number): void {
    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    this.height = height;
    this.view.resize(width - LEFT_PX - 8);
    this.paint();
  }

  // Paint before the screen is next refreshed.
  ask(): void {
    if (!this.scope.ended) this.due ??= this.scope.frame(() => this.paint());
  }

  private get nLanes(): number {
    return nLanesOf(this.shown?.lanes ?? []);
  }

  private get lanesHeight(): number {
    const n = this.nLanes;
    return n ? Math.min(n * LANE_PX, Math.max(LANE_PX, 0.4 * this.height)) : 0;
  }

  get axisHeight(): number {
    return Math.max(40, this.height - BOTTOM_PX - this.lanesHeight);
  }

  get plotHeight(): number {
    return this.axisHeight + this.lanesHeight;
  }

  // The frame in pixels of the style sheet, or in those of the device.
  frame(density = 1): Frame {
    const { fromS, pxPerS, width, band } = this.view;
    return {
      fromS,
      pxPerS: pxPerS * density,
      width: Math.round(width * density),
      height: Math.round(this.plotHeight * density),
      axisHeight: Math.round(this.axisHeight * density),
      laneHeight: this.nLanes ? (this.lanesHeight / this.nLanes) * density : 0,
      band,
    };
  }

  eventAt(x: number, y: number): Promise<Hit> {
    const revision = this.shown?.revision ?? -1;
    if (!this.shown || this.isDead) return Promise.resolve({ event: -1, revision });
    const id = this.nextHit++;
    return new Promise((done) => {
      this.hits.set(id, (event) => done({ event, revision }));
      this.post({ type: "hit", id, revision, frame: this.frame(), x, y });
    });
  }

  // The note at a place of the plot; null where there is none, or notes are not shown.
  noteAt(x: number, y: number): Touched | null {
    const notes = this.shown?.notes;
    if (!notes || x < 0 || y > this.axisHeight) return null;
    return noteAt(notes.rows, notes.chosen, this.frame(), x, y);
  }

  paint(): void {
    this.due?.();
    this.due = null;
    const { pen, shown } = this;
    if (!shown || !this.height) return;
    const density = window.devicePixelRatio || 1;
    const frame = this.frame(density);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = this.ink.card;
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    pen.save();
    pen.translate(Math.round(LEFT_PX * density), 0);
    pen.beginPath();
    pen.rect(0, 0, frame.width, frame.height);
    pen.clip();
    this.paintLayers(frame, density);
    pen.restore();
    pen.setTransform(density, 0, 0, density, 0, 0);
    this.paintAxes();
    pen.save();
    pen.translate(LEFT_PX, 0);
    pen.beginPath();
    pen.rect(0, 0, this.view.width, this.plotHeight);
    pen.clip();
    this.paintNotes();
    this.paintHand();
    pen.restore();
    this.frames.push(performance.now());
    if (this.frames.length > 600) this.frames.splice(0, 300);
  }

  private paintLayers(frame: Frame, density: number): void {
    const shown = this.shown!;
    const look = (layer: Look["layer"], track = "", change: Change = AS_IT_IS): Look => ({
      layer,
      track,
      revision: shown.revision,
      version: layer === "chosen" ? `${this.paletteVersion}.${this.chosenVersion}` : String(this.paletteVersion),
      pxPerS: frame.pxPerS,
      height: frame.height,
      axisHeight: frame.axisHeight,
      laneHeight: frame.laneHeight,
      density,
      band: frame.band,
      change,
      picture: shown.picture,
      eventColours: shown.eventColours,
    });
    const paint = (wanted: Look) => this.tiles.paint(this.pen, wanted, frame.fromS, frame.width, shown.durationS);
    // Behind notes the sound steps back.
    if (shown.notes) this.pen.globalAlpha = 0.55;
    if (shown.layers.spectrogram) paint(look("spectrogram", shown.track));
    this.pen.globalAlpha = 1;
    // Beside what is selected the others step back, whatever the colours.
    if (shown.selected.n) this.pen.globalAlpha = 0.45;
    // Colours of a map are levels: nothing may tint them, and they show the noise too.
    const isTinted = shown.picture.colours === "plain" || !shown.layers.spectrogram;
    if (shown.layers.events && isTinted) for (const kind of shown.images) paint(look("image", kind));
    if (shown.layers.events) paint(look("events"));
    if (shown.layers.partials) paint(look("partials"));
    this.pen.globalAlpha = 1;
    if (shown.selected.n) paint(look("chosen", "", shown.change));
  }

  private paintNotes(): void {
    const { notes, change } = this.shown!;
    if (!notes) return;
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(0, 0, this.view.width, this.axisHeight);
    this.pen.clip();
    paintRows(this.pen, this.view.band, this.axisHeight, this.view.width, this.ink);
    paintNotes(this.pen, this.frame(), notes, change, this.partColours, this.ink);
    this.pen.restore();
  }

  private paintAxes(): void {
    const { pen, ink, view } = this;
    const shown = this.shown!;
    if (shown.notes) paintKeys(pen, view.band, this.axisHeight, ink);
    else paintFrequencies(pen, view.band, this.axisHeight, view.width, ink);
    let [top, high] = [this.axisHeight, this.lanesHeight / this.nLanes];
    for (const lanes of shown.lanes) {
      paintLanes(pen, lanes, top, high, view.width, ink);
      top += lanes.numbers.length * high;
    }
    paintTimes(pen, view.fromS, view.pxPerS, view.width, this.plotHeight, ink);
    pen.strokeStyle = ink.line;
    pen.lineWidth = 1;
    pen.strokeRect(LEFT_PX - 0.5, 0.5, view.width + 1, this.plotHeight);
  }

  private paintHand(): void {
    const { pen, ink } = this;
    const shown = this.shown!;
    const frame = this.frame();
    if (shown.loop) {
      const from = columnOf(frame, shown.loop.fromS);
      const to = columnOf(frame, shown.loop.toS);
      pen.globalAlpha = 0.1;
      pen.fillStyle = ink.accent;
      pen.fillRect(from, 0, to - from, frame.height);
      pen.globalAlpha = 1;
      pen.fillRect(from - 1, 0, 2, frame.height);
      pen.fillRect(to - 1, 0, 2, frame.height);
    }
    this.paintSelection(frame);
    if (shown.outline && shown.outline.length > 1) {
      pen.beginPath();
      for (const [x, y] of shown.outline) pen.lineTo(x, y);
      pen.closePath();
      pen.globalAlpha = 0.1;
      pen.fillStyle = ink.chosen;
      pen.fill();
      pen.globalAlpha = 1;
      pen.setLineDash([5, 4]);
      pen.strokeStyle = ink.chosen;
      pen.stroke();
      pen.setLineDash([]);
    }
  }

  // A quiet frame around all that is selected; it goes where the hand drags it.
  private paintSelection(frame: Frame): void {
    const { startS, endS, lowHz, highHz } = this.shown!.selected;
    const { byS, ratio } = this.shown!.change;
    if (startS === null || endS === null || lowHz === null || highHz === null) return;
    const rowOf = rowsOf(frame, ratio);
    const left = Math.max(-10, columnOf(frame, startS + byS) - 4);
    const right = Math.min(frame.width + 10, columnOf(frame, endS + byS) + 4);
    const top = Math.max(-10, rowOf(highHz) - 6);
    const bottom = Math.min(frame.axisHeight + 10, rowOf(lowHz) + 6);
    this.pen.strokeStyle = this.ink.chosen;
    this.pen.lineWidth = 1;
    this.pen.globalAlpha = 0.8;
    this.pen.setLineDash([3, 3]);
    this.pen.strokeRect(left + 0.5, top + 0.5, right - left, Math.max(4, bottom - top));
    this.pen.setLineDash([]);
    this.pen.globalAlpha = 1;
  }

  get colours(): Ink {
    return this.ink;
  }

  get settled(): boolean {
    return !this.tiles.busy && !this.due;
  }
}
