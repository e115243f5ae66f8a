// What a pointer does on the timeline: choose, drag, draw around, pan, zoom, scrub.

import { LEFT_PX } from "./axes.ts";
import type { FurtherEdit } from "../api.ts";
import { AS_IT_IS, hzOfRow, rowsOf, secondsAt, columnOf } from "./frame.ts";
import type { Change, Frame } from "./frame.ts";
import { draggedNotes, louder, notesInBox } from "./note_drag.ts";
import type { Touched } from "./notes.ts";
import type { Document, Place as RollPlace } from "../state/document.svelte.ts";
import type { Scope } from "../scope.ts";

type Spot = [number, number];
type Deed = "measure" | "undecided" | "pan" | "scrub" | "outline" | "drag" | "notes" | "axis" | "pinch";

const STILL_PX = 4;
const LINE_PX = 30; // what a wheel that turns by lines turns by
const BY_LINES = 1; // WheelEvent.DOM_DELTA_LINE

// What it lies on, looks through and works on: as much of an element, a stage and a document as a hand needs.
type Place = EventTarget &
  Pick<HTMLElement, "focus" | "setPointerCapture" | "getBoundingClientRect"> & { style: { cursor: string } };
// An event by its number in a revision; −1 for none, or where it cannot be found out.
export interface Hit {
  event: number;
  revision: number;
}
const MISS: Hit = { event: -1, revision: -1 };
export interface Seen {
  readonly plotHeight: number;
  readonly axisHeight: number;
  frame(): Frame;
  eventAt(x: number, y: number): Promise<Hit>;
  noteAt(x: number, y: number): Touched | null;
}
export type Worked = Pick<
  Document,
  | "tool"
  | "mode"
  | "notes"
  | "chooseNotes"
  | "hearNotes"
  | "menu"
  | "pointer"
  | "addNote"
  | "info"
  | "isChosen"
  | "settled"
  | "selected"
  | "change"
  | "outline"
  | "measured"
  | "playing"
  | "look"
  | "choose"
  | "chooseEvent"
  | "clearSelection"
  | "editSelected"
  | "hearEvent"
  | "hearSelected"
  | "seek"
> & { player: Pick<Document["player"], "scrub"> };

export class Hand {
  private pointers = new Map<number, Spot>();
  private deed: Deed = "undecided";
  private from: Spot = [0, 0];
  private last: Spot = [0, 0];
  private hit: Promise<Hit> = Promise.resolve(MISS);
  private path: Spot[] = [];
  private touched: Touched | null = null; // the note under the hand
  private spread = 0;
  private hovering = false;
  private place: Place;
  private stage: Seen;
  private document: Worked;

  constructor(place: Place, stage: Seen, document: Worked, scope: Scope) {
    this.place = place;
    this.stage = stage;
    this.document = document;
    scope.on(place, "pointerdown", (event) => this.press(event));
    scope.on(place, "pointermove", (event) => this.move(event));
    scope.on(place, "pointerup", (event) => void this.lift(event));
    scope.on(place, "pointercancel", (event) => this.forget(event));
    scope.on(place, "wheel", (event) => this.wheel(event), { passive: false });
    scope.on(place, "dblclick", (event) => this.clickTwice(event));
    scope.on(place, "pointerleave", () => (this.document.pointer = null));
    scope.on(place, "contextmenu", (event) => this.openMenu(event));
  }

  // From the corner of the plot.
  private spot(event: MouseEvent): Spot {
    const box = this.place.getBoundingClientRect();
    return [event.clientX - box.left - LEFT_PX, event.clientY - box.top];
  }

  private press(event: PointerEvent): void {
    if (event.button > 1) return;
    this.place.focus({ preventScroll: true });
    this.place.setPointerCapture(event.pointerId);
    const spot = this.spot(event);
    this.pointers.set(event.pointerId, spot);
    this.from = this.last = spot;
    this.path = [spot];
    this.hit = Promise.resolve(MISS);
    this.touched = null;
    if (this.pointers.size === 2) {
      const [a, b] = [...this.pointers.values()];
      this.deed = "pinch";
      this.spread = Math.hypot(a[0] - b[0], a[1] - b[1]);
      this.document.outline = null;
      this.document.change = AS_IT_IS;
    } else if (spot[0] < 0) this.deed = "axis";
    else if (spot[1] > this.stage.plotHeight) {
      this.deed = "scrub";
      this.scrub(spot);
    } else if (event.button === 1 || this.document.tool === "hand") this.deed = "pan";
    else {
      this.deed = "undecided";
      if (this.document.tool !== "select") return;
      if (this.document.mode === "roll") this.touched = this.stage.noteAt(spot[0], spot[1]);
      else this.hit = this.stage.eventAt(spot[0], spot[1]);
    }
  }

  private move(event: PointerEvent): void {
    const spot = this.spot(event);
    if (!this.pointers.has(event.pointerId)) return this.hover(spot);
    this.pointers.set(event.pointerId, spot);
    this.document.pointer = this.placeAt(spot);
    const [dx, dy] = [spot[0] - this.last[0], spot[1] - this.last[1]];
    if (this.deed === "undecided" && Math.hypot(spot[0] - this.from[0], spot[1] - this.from[1]) > STILL_PX)
      void this.decide();
    if (this.deed === "pan") this.pan(dx, dy);
    else if (this.deed === "axis") this.document.look((view) => view.panHz(dy / this.stage.axisHeight));
    else if (this.deed === "scrub") this.scrub(spot);
    else if (this.deed === "outline") this.draw(spot);
    else if (this.deed === "measure") this.measure(spot, event);
    else if (this.deed === "drag") this.drag(spot, event);
    else if (this.deed === "notes" && this.touched)
      this.document.change = draggedNotes(this.stage.frame(), this.touched, this.from, spot, event, this.startS);
    else if (this.deed === "pinch") this.pinch(dx);
    this.last = spot;
  }

  // Something selected, or under the hand, is dragged; elsewhere a line is drawn around what is to be chosen.
  private async decide(): Promise<void> {
    const held = this.path;
    if (this.document.tool === "measure") {
      this.deed = "measure";
      return;
    }
    if (this.touched) {
      this.deed = "notes";
      const { note } = this.touched.note;
      if (!this.document.selected.notes.includes(note)) this.document.chooseNotes([note]);
      return;
    }
    if (this.document.tool === "select" && this.document.mode !== "roll") {
      const { event, revision } = await this.hit;
      if (held !== this.path || this.deed !== "undecided") return;
      if (event >= 0 && !this.document.isChosen(event, revision)) void this.document.chooseEvent(event, revision);
      if (event >= 0 || this.isInSelection(this.from)) {
        this.deed = "drag";
        return;
      }
    }
    this.deed = "outline";
  }

  private get startS(): number {
    return this.document.selected.start_s ?? 0;
  }

  private isInSelection([x, y]: Spot): boolean {
    const { start_s, end_s, low_hz, high_hz } = this.document.selected;
    if (start_s === null || end_s === null || low_hz === null || high_hz === null) return false;
    const frame = this.stage.frame();
    const rowOf = rowsOf(frame);
    const inTime = x >= columnOf(frame, start_s) - 4 && x <= columnOf(frame, end_s) + 4;
    return inTime && y >= rowOf(high_hz) - 6 && y <= rowOf(low_hz) + 6;
  }

  private async lift(event: PointerEvent): Promise<void> {
    if (!this.pointers.delete(event.pointerId)) return;
    const deed = this.deed;
    const { change } = this.document;
    this.deed = "undecided";
    if (deed === "drag" || deed === "notes") this.make(change);
    else if (deed === "outline") await this.chooseWithin(event);
    else if (deed === "undecided") await this.click(event);
  }

  // All that a drag does, in one step.
  private make({ byS, ratio, stretch, db }: Change): void {
    const edits: FurtherEdit[] = [];
    if (byS) edits.push({ op: "move", by_s: byS });
    if (ratio !== 1) edits.push({ op: "transpose", semitones: 12 * Math.log2(ratio) });
    if (stretch !== 1) edits.push({ op: "stretch", factor: stretch });
    if (db) edits.push({ op: "gain", db });
    if (edits.length) void this.document.editSelected(edits[0], ...edits.slice(1));
  }

  private openMenu(event: MouseEvent): void {
    if (this.document.mode !== "roll") return;
    const [x, y] = this.spot(event);
    const touched = this.stage.noteAt(x, y);
    if (!touched && !this.document.notes.rows.length) return;
    event.preventDefault();
    if (touched && !this.document.selected.notes.includes(touched.note.note))
      this.document.chooseNotes([touched.note.note]);
    this.document.menu = { x: event.clientX, y: event.clientY, at: this.placeAt([x, y]) };
  }

  // In seconds and Hz, where notes can be.
  private placeAt([x, y]: Spot): RollPlace | null {
    if (x < 0 || y > this.stage.axisHeight) return null;
    const frame = this.stage.frame();
    return { seconds: secondsAt(frame, x), hz: hzOfRow(frame, y) };
  }

  // Beside the notes of a piano roll a new one, Alt: at any pitch; elsewhere what is chosen is heard.
  private clickTwice(event: MouseEvent): void {
    const spot = this.spot(event);
    const at = this.placeAt(spot);
    if (this.document.mode !== "roll" || this.stage.noteAt(...spot)) void this.document.hearSelected();
    else if (at && this.document.tool !== "hand") void this.document.addNote(at, event.altKey || undefined);
  }

  private forget(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    this.deed = "undecided";
    this.document.outline = null;
    this.document.change = AS_IT_IS;
  }

  private async click(event: PointerEvent): Promise<void> {
    const [x, y] = this.from;
    if (this.document.tool === "measure") {
      this.document.measured = null;
      return;
    }
    await this.document.settled();
    if (this.document.mode === "roll") return this.clickRoll(event);
    let { event: found, revision } = await (this.document.tool === "select" ? this.hit : this.stage.eventAt(x, y));
    if (revision !== this.document.info.revision) ({ event: found, revision } = await this.stage.eventAt(x, y));
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    if (found >= 0) {
      await this.document.chooseEvent(found, revision, adds ? "toggle" : "only");
      if (!adds && !this.document.playing) void this.document.hearEvent(found, revision);
    } else {
      if (!adds) this.document.clearSelection();
      this.document.seek(secondsAt(this.stage.frame(), x));
    }
  }

  private clickRoll(event: PointerEvent): void {
    const [x, y] = this.from;
    const touched = this.stage.noteAt(x, y);
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    if (touched) {
      const { note } = touched.note;
      this.document.chooseNotes([note], adds ? "toggle" : "only");
      if (!adds && !this.document.playing) void this.document.hearNotes([note]);
    } else {
      if (!adds) this.document.clearSelection();
      this.document.seek(secondsAt(this.stage.frame(), x));
    }
  }

  private async chooseWithin(event: PointerEvent): Promise<void> {
    const frame = this.stage.frame();
    const outline = this.document.outline ?? [];
    this.document.outline = null;
    const adds = event.shiftKey || event.ctrlKey || event.metaKey ? "more" : "only";
    if (outline.length < 3) return;
    if (this.document.mode === "roll") {
      this.document.chooseNotes(notesInBox(this.document.notes.rows, frame, outline), adds);
      return;
    }
    if (this.document.tool === "lasso") {
      const lasso = outline.map(([x, y]): [number, number] => [secondsAt(frame, x), Math.max(0, hzOfRow(frame, y))]);
      await this.document.choose({ lasso }, adds);
      return;
    }
    const [a, , b] = outline;
    const within = {
      start_s: secondsAt(frame, Math.min(a[0], b[0])),
      end_s: secondsAt(frame, Math.max(a[0], b[0])),
      low_hz: Math.max(0, hzOfRow(frame, Math.min(frame.axisHeight, Math.max(a[1], b[1])))),
      high_hz: Math.max(0, hzOfRow(frame, Math.min(a[1], b[1]))),
    };
    await this.document.choose({ box: within }, adds);
  }

  private draw(spot: Spot): void {
    const [ax, ay] = this.from;
    if (this.document.tool === "lasso") {
      const [lx, ly] = this.path[this.path.length - 1];
      if (Math.hypot(spot[0] - lx, spot[1] - ly) > 3) this.path.push(spot);
      this.document.outline = [...this.path];
    } else this.document.outline = [[ax, ay], [spot[0], ay], spot, [ax, spot[1]]];
  }

  // Sideways in time, up and down in semitones (Alt: any pitch); Shift keeps to the one that is larger; Ctrl: louder, softer.
  private drag(spot: Spot, event: PointerEvent): void {
    if (event.ctrlKey || event.metaKey) {
      this.document.change = louder(this.from[1] - spot[1]);
      return;
    }
    const frame = this.stage.frame();
    let dx = spot[0] - this.from[0];
    let dy = spot[1] - this.from[1];
    if (event.shiftKey) [dx, dy] = Math.abs(dx) > Math.abs(dy) ? [dx, 0] : [0, dy];
    const hz = Math.max(20, hzOfRow(frame, this.from[1]));
    const to = Math.max(20, hzOfRow(frame, this.from[1] + dy));
    const semitones = Math.abs(dy) < 5 ? 0 : 12 * Math.log2(to / hz);
    const byS = Math.max(dx / frame.pxPerS, -(this.document.selected.start_s ?? 0));
    const ratio = 2 ** ((event.altKey ? semitones : Math.round(semitones)) / 12);
    this.document.change = { byS, ratio, stretch: 1 };
  }

  // From where it was pressed to here; Shift keeps to the side that is longer.
  private measure([x, y]: Spot, { shiftKey }: PointerEvent): void {
    const [fromX, fromY] = this.from;
    const isAcross = Math.abs(x - fromX) > Math.abs(y - fromY);
    const inside = (row: number) => Math.min(this.stage.axisHeight, Math.max(0, row));
    const from = this.placeAt([fromX, inside(fromY)]);
    const to = this.placeAt([Math.max(0, shiftKey && !isAcross ? fromX : x), inside(shiftKey && isAcross ? fromY : y)]);
    if (from && to) this.document.measured = [from, to];
  }

  private pan(dx: number, dy: number): void {
    this.document.look((view) => {
      view.pan(-dx);
      view.panHz(dy / this.stage.axisHeight);
    });
  }

  private pinch(dx: number): void {
    const [a, b] = [...this.pointers.values()];
    if (!b) return;
    const spread = Math.hypot(a[0] - b[0], a[1] - b[1]);
    const middle = secondsAt(this.stage.frame(), (a[0] + b[0]) / 2);
    this.document.look((view) => {
      view.zoom(spread / Math.max(this.spread, 10), middle);
      view.pan(-dx / 2);
    });
    this.spread = spread;
  }

  private scrub([x]: Spot): void {
    void this.document.player.scrub(secondsAt(this.stage.frame(), x));
  }

  private hover([x, y]: Spot): void {
    this.document.pointer = this.placeAt([x, y]);
    if (x < 0) this.place.style.cursor = "ns-resize";
    else if (y > this.stage.plotHeight) this.place.style.cursor = "col-resize";
    else if (this.document.tool === "hand") this.place.style.cursor = "grab";
    else if (this.document.tool !== "select") this.place.style.cursor = "crosshair";
    else if (this.document.mode === "roll") this.place.style.cursor = this.cursorOn(this.stage.noteAt(x, y));
    else if (!this.hovering) {
      this.hovering = true;
      void this.stage.eventAt(x, y).then(({ event, revision }) => {
        this.hovering = false;
        this.place.style.cursor = event < 0 ? "default" : this.document.isChosen(event, revision) ? "move" : "pointer";
      });
    }
  }

  private cursorOn(touched: Touched | null): string {
    if (!touched) return "default";
    if (touched.isEnd) return "ew-resize";
    return this.document.selected.notes.includes(touched.note.note) ? "move" : "pointer";
  }

  // Zooms about the pointer; sideways or with Shift it pans, with Alt or on the axis it zooms in frequency.
  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const [x, y] = this.spot(event);
    const unit = event.deltaMode === BY_LINES ? LINE_PX : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.altKey || x < 0) {
      const hz = hzOfRow(this.stage.frame(), Math.min(y, this.stage.axisHeight));
      this.document.look((view) => view.zoomHz(Math.exp(-dy / 400), hz));
    } else if (event.shiftKey || Math.abs(dx) > Math.abs(dy))
      this.document.look((view) => view.pan(event.shiftKey ? dx || dy : dx));
    else this.document.look((view) => view.zoom(Math.exp(-dy / 400), secondsAt(this.stage.frame(), x)));
  }
}
