// One scene of a report: what is chosen and heard, and what hands do to it.

import { strengthOf } from "../draw/strength.ts";
import { titled } from "../state/words.ts";
import { wordOf } from "../map/items.ts";
import { Matrix, NO_CELL } from "../map/matrix.ts";
import { clamp, sortColour, type SceneData } from "./data.ts";
import { MapCard } from "./map_card.ts";
import { keyboardOf } from "./keyboard.ts";
import { Sound } from "./sound.ts";
import { besideInPitch, besideInTime } from "./steps.ts";
import { Timeline } from "./timeline.ts";

const RANGE_DB = 50;
const STILL_PX = 5;

export class Scene {
  private data: SceneData;
  private chosen = -1;
  private track: string;
  private sound: Sound;
  private timeline: Timeline;
  private map: MapCard;
  private matrices: Matrix[];
  private sortOf = new Map<number, [name: string, column: number]>();

  private root: Element;

  constructor(root: Element) {
    this.root = root;
    this.data = JSON.parse(this.find(".data").textContent!);
    const { sorts, at } = this.data;
    const decibels = at[2].map((gain) => 20 * Math.log10(Math.max(gain, 1e-9)));
    const loudestDb = decibels.reduce((most, db) => Math.max(most, db), -180);
    const strength = decibels.map((db) => strengthOf(db, loudestDb, RANGE_DB));
    for (const [name, sort] of Object.entries(sorts))
      sort.items.forEach((item, column) => this.sortOf.set(item, [name, column]));
    this.track = this.find<HTMLInputElement>(".choice input:checked").value;
    this.timeline = new Timeline(this.find(".timeline"), this.data, strength);
    const titleOf = (item: number) => `${wordOf(this.data.sort[item])} ${item + 1}`;
    this.map = new MapCard(root, this.data, titleOf, (item) => this.choose(item));
    this.matrices = Object.entries(sorts)
      .sort((a, b) => b[1].items.length - a[1].items.length)
      .map(([name, sort]) => new Matrix(name, sort, titleOf, sortColour));
    this.find(".matrices").append(...this.matrices.map(({ box }) => box));
    this.sound = new Sound(root, this.data, () => this.clock());
    keyboardOf(this.find<HTMLDetailsElement>(".keyboard"), this.data, () => this.sound.events());
    this.listen();
    this.readPictures();
    this.draw();
  }

  private find<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.root.querySelector<E>(selector)!;
  }

  private get n(): number {
    return this.data.sort.length;
  }

  private get marked(): ReadonlySet<number> {
    return new Set(this.chosen < 0 ? [] : [this.chosen]);
  }

  private get isShown(): boolean {
    return this.find<HTMLInputElement>(".overlay").checked;
  }

  private readPictures(): void {
    for (const image of this.root.querySelectorAll<HTMLImageElement>("img[data-picture]")) {
      image.decode().then(
        () => {
          this.timeline.addPicture(image.dataset.picture!, image);
          this.drawTimeline();
        },
        () => {},
      );
    }
  }

  // --- pictures

  private draw(): void {
    this.drawTimeline();
    this.map.draw(this.marked);
    for (const matrix of this.matrices) matrix.draw(this.marked);
  }

  private drawTimeline(): void {
    this.timeline.draw({
      track: this.track,
      items: this.isShown,
      chosen: this.chosen,
      positionS: this.sound.positionS,
    });
  }

  private clock(): void {
    this.find(".now").textContent = this.sound.positionS.toFixed(2);
    this.drawTimeline();
  }

  // --- sound

  private toggle(): void {
    if (this.sound.playing) this.sound.pause();
    else void this.sound.play(this.track, this.sound.positionS);
  }

  private hear(item: number): void {
    void this.sound.hear(item, this.find<HTMLInputElement>(".raise").checked);
  }

  private seek(seconds: number): void {
    const at = clamp(seconds, 0, this.data.seconds);
    if (this.sound.playing) void this.sound.play(this.track, at);
    else {
      this.sound.positionS = at;
      this.clock();
    }
  }

  private chooseTrack(track: string): void {
    this.track = track;
    if (this.sound.playing) void this.sound.play(track, this.sound.read());
    this.drawTimeline();
  }

  // --- choosing

  private choose(item: number): void {
    if (!(item >= 0 && item < this.n)) return;
    this.chosen = item;
    this.inspect(item);
    const middle = (this.data.start[item] + this.data.end[item]) / 2;
    const { fromS, toS, widthS } = this.timeline;
    if (middle < fromS || middle > toS) this.show(middle - widthS / 2, widthS);
    this.draw();
    this.hear(item);
  }

  private inspect(item: number): void {
    const [name, column] = this.sortOf.get(item)!;
    const { params, values } = this.data.sorts[name];
    const title = document.createElement("p");
    const bold = document.createElement("b");
    bold.textContent = `${wordOf(name)} ${item + 1}`;
    title.append(bold, ` of ${this.n}`);
    const parts = params.map(([param, unit, meaning], row) => {
      const part = document.createElement("span");
      const label = document.createElement("i");
      label.textContent = `${titled(param, "")} `;
      part.title = meaning;
      part.append(label, spoken(values[row][column], unit));
      return part;
    });
    this.find(".inspector").replaceChildren(title, ...parts);
  }

  private show(fromS: number, widthS: number): void {
    this.timeline.show(fromS, widthS);
    this.drawTimeline();
  }

  private zoom(factor: number, about = (this.timeline.fromS + this.timeline.toS) / 2): void {
    this.show(about - (about - this.timeline.fromS) * factor, this.timeline.widthS * factor);
  }

  // --- hands

  private listen(): void {
    this.find(".play").addEventListener("click", () => this.toggle());
    for (const input of this.root.querySelectorAll<HTMLInputElement>(".choice input"))
      input.addEventListener("change", () => this.chooseTrack(input.value));
    this.find(".overlay").addEventListener("change", () => this.drawTimeline());
    this.find(".in").addEventListener("click", () => this.zoom(0.5));
    this.find(".out").addEventListener("click", () => this.zoom(2));
    this.find(".whole").addEventListener("click", () => this.show(0, this.data.seconds));
    this.listenToPointer(this.timeline.canvas);
    this.timeline.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    for (const matrix of this.matrices) {
      const { canvas } = matrix;
      const cell = ({ offsetX, offsetY }: MouseEvent) => matrix.cellAt(offsetX, offsetY);
      canvas.addEventListener("click", (event) => this.choose(cell(event).item));
      canvas.addEventListener("pointermove", (event) => matrix.draw(this.marked, cell(event)));
      canvas.addEventListener("pointerleave", () => matrix.draw(this.marked, NO_CELL));
    }
    this.listenToKeys();
    new ResizeObserver(() => this.draw()).observe(this.root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  private listenToKeys(): void {
    const { data } = this;
    const pitch = (isUp: boolean) => this.choose(besideInPitch(data, this.chosen, isUp, this.timeline.widthS));
    this.keys(this.find(".timeline"), {
      ArrowLeft: () => this.choose(besideInTime(data, this.chosen, -1)),
      ArrowRight: () => this.choose(besideInTime(data, this.chosen, 1)),
      ArrowUp: () => pitch(true),
      ArrowDown: () => pitch(false),
      Home: () => this.choose(0),
      End: () => this.choose(this.n - 1),
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
    });
    const toward = (right: number, up: number) => () => this.choose(this.map.beside(this.chosen, right, up));
    this.keys(this.find(".map"), {
      ArrowLeft: toward(-1, 0),
      ArrowRight: toward(1, 0),
      ArrowUp: toward(0, 1),
      ArrowDown: toward(0, -1),
    });
    for (const matrix of this.matrices) {
      this.keys(matrix.box, {
        ArrowLeft: () => this.choose(matrix.beside(this.chosen, -1)),
        ArrowRight: () => this.choose(matrix.beside(this.chosen, 1)),
      });
    }
  }

  private keys(element: HTMLElement, own: Record<string, () => void>): void {
    const actions: Record<string, () => void> = {
      ...own,
      " ": () => this.toggle(),
      Enter: () => this.chosen >= 0 && this.hear(this.chosen),
    };
    element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    });
  }

  // With Ctrl it zooms about the pointer, sideways or with Shift it pans; else the page scrolls.
  private wheel(event: WheelEvent): void {
    const { fromS, widthS } = this.timeline;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey) {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY / 300), this.timeline.timeAt(event.offsetX));
    } else if (Math.abs(sideways) > 0 && widthS < this.data.seconds) {
      event.preventDefault();
      this.show(fromS + (sideways / 800) * widthS, widthS);
    }
  }

  // A click chooses an event or seeks, a drag pans.
  private listenToPointer(canvas: HTMLCanvasElement): void {
    let held: { x: number; fromS: number; moved: boolean } | null = null;
    const under = ({ offsetX, offsetY }: PointerEvent) => (this.isShown ? this.timeline.itemAt(offsetX, offsetY) : -1);
    canvas.addEventListener("pointerdown", (event) => {
      held = { x: event.offsetX, fromS: this.timeline.fromS, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) {
        canvas.style.cursor = under(event) >= 0 ? "pointer" : "crosshair";
        return;
      }
      if (Math.abs(event.offsetX - held.x) > STILL_PX) held.moved = true;
      if (held.moved) this.show(held.fromS - this.timeline.secondsIn(event.offsetX - held.x), this.timeline.widthS);
    });
    canvas.addEventListener("pointercancel", () => (held = null));
    canvas.addEventListener("pointerup", (event) => {
      const isClick = held && !held.moved;
      held = null;
      if (!isClick) return;
      const item = under(event);
      if (item >= 0) this.choose(item);
      else this.seek(this.timeline.timeAt(event.offsetX));
    });
  }
}

// Three digits that matter, with a real minus sign.
function spoken(value: number, unit: string): string {
  const size = Math.abs(value);
  const text = Number.isInteger(value)
    ? String(value)
    : size >= 100
      ? value.toFixed(0)
      : size >= 1
        ? value.toFixed(2)
        : value.toPrecision(3);
  return (unit ? `${text} ${unit}` : text).replace("-", "−");
}
