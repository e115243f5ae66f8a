// A square to strike on: its place chooses and blends controls, speed or pressure is the strength. Several fingers at
// once, a pen, a mouse, or the arrow keys and Space.

import { surface } from "../map/surface.ts";
import { colourOf } from "../draw/colours.ts";
import type { Scope } from "../scope.ts";
import { sharesAt, type Share } from "./blend.ts";
import type { Deformation, Name } from "./deformation.ts";
import type { Control } from "./document.ts";
import { element } from "./element.ts";

export interface Touch {
  shares: Share[];
  strength: number; // 0 … 1
  voice: string;
  deformation: Partial<Deformation>;
}

export interface Struck {
  strike(touch: Touch): void;
  bend(voice: string, deformation: Partial<Deformation>): void;
}

interface Finger {
  voice: string;
  x: number;
  y: number;
  ms: number;
  // Where it struck last.
  at: [x: number, y: number];
  strength: number;
}

const STEP = 0.04;
// A finger that has moved by so much strikes anew.
const STROKE = 0.09;
// Squares of the pad per second that are the strongest.
const FASTEST = 4;
const USUAL = 0.7;
const WEAKEST = 0.15;
const FADE_MS = 500;
// Between the pad's edge and its outermost controls.
const INSET_PX = 16;

export class Pad {
  readonly box: HTMLElement;
  // What the second axis does: a deformation, or with the first it chooses controls.
  axis: Name | null = null;
  valueAt: (y: number) => number = (y) => y;
  private canvas = element("canvas");
  private controls: Control[];
  private loudness: number[];
  private out: Struck;
  private scope: Scope;
  private fingers = new Map<number, Finger>();
  private cursor = { x: 0.5, y: 0.5 };
  private hover = { x: 0.5, y: 0.5, ms: 0, speed: 0 };
  private marks: { x: number; y: number; strength: number; ms: number }[] = [];
  private count = 0;
  private drawing = false;

  constructor(controls: Control[], loudness: number[], out: Struck, scope: Scope) {
    this.controls = controls;
    this.loudness = loudness;
    this.out = out;
    this.scope = scope;
    this.box = element(
      "div",
      {
        class: "play-pad",
        tabindex: "0",
        role: "application",
        "aria-label": "Pad: arrow keys move, Space strikes, Shift is stronger",
      },
      this.canvas,
    );
    this.listen();
  }

  // Strikes where the cursor is.
  strikeHere(strength: number): void {
    this.hit(this.cursor.x, this.cursor.y, strength, `pad:${this.count++}`);
  }

  draw(): void {
    const { pen, width, height } = surface(this.canvas);
    pen.clearRect(0, 0, width, height);
    const toX = (x: number) => INSET_PX + x * (width - 2 * INSET_PX);
    const toY = (y: number) => INSET_PX + (1 - y) * (height - 2 * INSET_PX);
    const [ink, chosen] = [colourOf("strike") || colourOf("accent"), colourOf("chosen")];
    const loudest = Math.max(...this.loudness, 1e-30);
    this.controls.forEach(({ pad }, i) => {
      const size = 3 + 7 * Math.max(0, 1 + Math.log10(Math.max(this.loudness[i], 1e-30) / loudest) / 4);
      pen.globalAlpha = 0.75;
      pen.fillStyle = ink;
      this.dot(pen, toX(pad[0]), this.axis ? height / 2 : toY(pad[1]), size);
      pen.fill();
    });
    const now = performance.now();
    this.marks = this.marks.filter(({ ms }) => now - ms < FADE_MS);
    for (const { x, y, strength, ms } of this.marks) {
      const age = (now - ms) / FADE_MS;
      pen.globalAlpha = 1 - age;
      pen.strokeStyle = chosen;
      pen.lineWidth = 1 + 4 * strength;
      this.dot(pen, toX(x), toY(y), 12 + 36 * age);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeStyle = chosen;
    for (const { x, y } of [this.cursor, ...this.fingers.values()]) {
      this.dot(pen, toX(x), toY(y), 9);
      pen.stroke();
    }
    if (this.marks.length) this.redraw();
  }

  private dot(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }

  private redraw(): void {
    if (this.drawing) return;
    this.drawing = true;
    this.scope.frame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  private hit(x: number, y: number, strength: number, voice: string): void {
    this.cursor = { x, y };
    this.marks.push({ x, y, strength, ms: performance.now() });
    this.out.strike({
      shares: sharesAt(this.controls, x, this.axis ? null : y),
      strength,
      voice,
      deformation: this.axis ? { [this.axis]: this.valueAt(y) } : {},
    });
    this.redraw();
  }

  private placeOf(event: PointerEvent): [x: number, y: number] {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const within = (value: number) => Math.min(1, Math.max(0, value));
    const [x, y] = [event.clientX - left - INSET_PX, event.clientY - top - INSET_PX];
    return [within(x / (width - 2 * INSET_PX)), within(1 - y / (height - 2 * INSET_PX))];
  }

  private listen(): void {
    const { box, scope } = this;
    scope.on(box, "pointerdown", (event) => this.down(event));
    scope.on(box, "pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"])
      scope.on(box, name, (event) => {
        this.fingers.delete((event as PointerEvent).pointerId);
        this.redraw();
      });
    scope.on(box, "keydown", (event) => this.key(event));
    const sizes = new ResizeObserver(() => this.draw());
    sizes.observe(box);
    scope.own(() => sizes.disconnect());
  }

  private down(event: PointerEvent): void {
    const [x, y] = this.placeOf(event);
    event.preventDefault();
    this.box.focus({ preventScroll: true });
    try {
      this.box.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that has already gone.
    }
    const isPen = event.pointerType === "pen";
    const moved = event.timeStamp - this.hover.ms < 80 ? this.hover.speed / FASTEST : 0;
    const strength = isPen ? Math.max(WEAKEST, event.pressure) : Math.min(1, USUAL + moved);
    const voice = `pad:${this.count++}`;
    this.fingers.set(event.pointerId, { voice, x, y, ms: event.timeStamp, at: [x, y], strength });
    this.hit(x, y, strength, voice);
  }

  private move(event: PointerEvent): void {
    const [x, y] = this.placeOf(event);
    const finger = this.fingers.get(event.pointerId);
    const before = finger ?? this.hover;
    const seconds = Math.max(1e-3, (event.timeStamp - before.ms) / 1000);
    const speed = Math.hypot(x - before.x, y - before.y) / seconds;
    if (!finger) {
      this.hover = { x, y, ms: event.timeStamp, speed };
      return;
    }
    [finger.x, finger.y, finger.ms] = [x, y, event.timeStamp];
    if (this.axis) this.out.bend(finger.voice, { [this.axis]: this.valueAt(y) });
    const apart = Math.hypot(x - finger.at[0], this.axis ? 0 : y - finger.at[1]);
    if (apart >= STROKE) {
      finger.at = [x, y];
      const pressed = event.pointerType === "pen" ? event.pressure : speed / FASTEST;
      this.hit(x, y, Math.min(1, Math.max(WEAKEST, pressed)), finger.voice);
    } else this.redraw();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, [number, number]> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, STEP],
      ArrowDown: [0, -STEP],
    };
    if (event.key === " " || event.key === "Enter") this.strikeHere(event.shiftKey ? 1 : USUAL);
    else if (steps[event.key]) {
      const [dx, dy] = steps[event.key];
      const within = (value: number) => Math.min(1, Math.max(0, value));
      this.cursor = { x: within(this.cursor.x + dx), y: within(this.cursor.y + dy) };
      this.redraw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
