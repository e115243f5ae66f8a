// Two octaves of piano keys on the page, for fingers and the mouse, and on the computer keyboard, whose rows have
// velocities of their own.

import type { Scope } from "../scope.ts";
import { element } from "./element.ts";
import { nameOf } from "./keys.ts";

export interface Keys {
  down(key: number, velocity: number): void;
  up(key: number): void;
}

// By place on the keyboard, not by letter, so that all layouts have the same keys: semitones from the lowest.
const LOWER = ["KeyZ", "KeyS", "KeyX", "KeyD", "KeyC", "KeyV", "KeyG", "KeyB", "KeyH", "KeyN", "KeyJ", "KeyM"];
const UPPER = [
  "KeyQ",
  "Digit2",
  "KeyW",
  "Digit3",
  "KeyE",
  "KeyR",
  "Digit5",
  "KeyT",
  "Digit6",
  "KeyY",
  "Digit7",
  "KeyU",
];
const TOP = "KeyI";
const BLACK = [1, 3, 6, 8, 10];
const VELOCITIES = { lower: 84, upper: 108 };
const ACCENT = 19;
const N_KEYS = 25;

export class Keyboard {
  readonly box: HTMLElement;
  low = 48;
  velocities = { ...VELOCITIES };
  private keys: HTMLElement[] = [];
  // By what is pressed: which of the keys, and what it plays.
  private pressed = new Map<string, [i: number, key: number]>();
  private out: Keys;
  private scope: Scope;
  private label = element("output", { class: "play-octave", "aria-label": "Lowest key" });

  constructor(out: Keys, scope: Scope) {
    this.out = out;
    this.scope = scope;
    const board = element("div", { class: "play-keys", role: "group", "aria-label": "Keyboard of two octaves" });
    for (let i = 0; i < N_KEYS; i++) this.keys.push(this.keyAt(i));
    board.append(...this.keys);
    this.box = element("div", { class: "play-keyboard" }, board);
    this.name();
    scope.on(window, "keydown", (event) => this.typed(event));
    scope.on(window, "keyup", (event) => this.release(event.code));
    scope.on(window, "blur", () => [...this.pressed.keys()].forEach((code) => this.release(code)));
  }

  get shown(): HTMLElement {
    return this.label;
  }

  shift(octaves: number): void {
    this.low = Math.min(96, Math.max(12, this.low + 12 * octaves));
    this.name();
  }

  private name(): void {
    this.keys.forEach((key, i) => key.setAttribute("aria-label", nameOf(this.low + i)));
    this.label.textContent = nameOf(this.low);
  }

  private keyAt(i: number): HTMLElement {
    const key = element("button", {
      type: "button",
      class: BLACK.includes(i % 12) ? "play-black" : "play-white",
      tabindex: i ? "-1" : "0",
    });
    const { scope } = this;
    scope.on(key, "pointerdown", (event) => {
      event.preventDefault();
      const { top, height } = key.getBoundingClientRect();
      // Further down is louder, as on the keys of a piano.
      this.press(`pointer ${event.pointerId}`, i, 60 + Math.round((60 * (event.clientY - top)) / height));
    });
    for (const name of ["pointerup", "pointerleave", "pointercancel"])
      scope.on(key, name, (event) => this.release(`pointer ${(event as PointerEvent).pointerId}`));
    scope.on(key, "keydown", (event) => this.walked(event, i));
    scope.on(key, "keyup", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      this.release(`key ${i}`);
    });
    // Of a screen reader, which presses no key.
    scope.on(key, "click", (event) => {
      if (event.detail !== 0) return;
      this.press(`click ${i}`, i, VELOCITIES.lower);
      scope.after(250, () => this.release(`click ${i}`));
    });
    return key;
  }

  // With the arrows from key to key, Space or Enter plays one.
  private walked(event: KeyboardEvent, i: number): void {
    const next = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: N_KEYS - 1 }[event.key];
    if (next !== undefined) {
      this.keys[i].tabIndex = -1;
      const key = this.keys[Math.min(N_KEYS - 1, Math.max(0, next))];
      key.tabIndex = 0;
      key.focus();
    } else if (event.key === " " || event.key === "Enter") {
      if (event.repeat) return event.preventDefault();
      this.press(`key ${i}`, i, VELOCITIES.lower + (event.shiftKey ? ACCENT : 0));
    } else return;
    event.preventDefault();
  }

  private typed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isWritten(event.target)) return;
    const [below, above] = [LOWER.indexOf(event.code), event.code === TOP ? 12 : UPPER.indexOf(event.code)];
    if (below < 0 && above < 0) return;
    event.preventDefault();
    const velocity = below >= 0 ? this.velocities.lower : this.velocities.upper;
    this.press(event.code, below >= 0 ? below : 12 + above, Math.min(127, velocity + (event.shiftKey ? ACCENT : 0)));
  }

  private press(by: string, i: number, velocity: number): void {
    this.release(by);
    this.pressed.set(by, [i, this.low + i]);
    this.keys[i].classList.add("on");
    this.out.down(this.low + i, velocity);
  }

  private release(by: string): void {
    const found = this.pressed.get(by);
    if (!found) return;
    this.pressed.delete(by);
    const [i, key] = found;
    this.keys[i].classList.remove("on");
    this.out.up(key);
  }
}

// Where letters are written, they are no keys.
function isWritten(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["range", "checkbox", "radio", "button"].includes(target.type);
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
