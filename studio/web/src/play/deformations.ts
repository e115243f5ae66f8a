// Controls for the deformations that are held.

import type { Scope } from "../scope.ts";
import { NAMES, NEUTRAL, RANGES, type Deformation, type Name } from "./deformation.ts";
import { button, element } from "./element.ts";

// Damping is chosen on a logarithmic scale.
const toSlider = (name: Name, value: number) => (name === "damping" ? Math.log2(value) : value);
const fromSlider = (name: Name, value: number) => (name === "damping" ? 2 ** value : value);

// A share of a deformation's range, 0 … 1, as its value.
export function valueOf(name: Name, share: number): number {
  const { low, high } = RANGES[name];
  const [from, to] = [toSlider(name, low), toSlider(name, high)];
  return fromSlider(name, from + share * (to - from));
}

export class Deformations {
  readonly box = element("div", { class: "play-deformations", role: "group", "aria-label": "Deformations" });
  private sliders = new Map<Name, HTMLInputElement>();
  private said = new Map<Name, HTMLOutputElement>();
  private changed: (deformation: Partial<Deformation>) => void;
  private scope: Scope;

  constructor(changed: (deformation: Partial<Deformation>) => void, scope: Scope) {
    this.changed = changed;
    this.scope = scope;
    for (const name of NAMES) this.box.append(this.row(name));
    this.box.append(button("As recorded", () => this.set(NEUTRAL)));
  }

  set(deformation: Partial<Deformation>): void {
    for (const [name, value] of Object.entries(deformation) as [Name, number][]) {
      this.sliders.get(name)!.value = String(toSlider(name, value));
      this.say(name, value);
    }
    this.changed(deformation);
  }

  private row(name: Name): HTMLElement {
    const { low, high, step, label, meaning } = RANGES[name];
    const [from, to] = [toSlider(name, low), toSlider(name, high)];
    const slider = element("input", {
      type: "range",
      min: String(from),
      max: String(to),
      step: String(step),
      value: String(toSlider(name, NEUTRAL[name])),
      "aria-label": label,
      title: meaning,
    });
    const said = element("output");
    this.sliders.set(name, slider);
    this.said.set(name, said);
    this.say(name, NEUTRAL[name]);
    this.scope.on(slider, "input", () => {
      const value = fromSlider(name, slider.valueAsNumber);
      this.say(name, value);
      this.changed({ [name]: value });
    });
    return element("label", { class: "play-slider" }, element("span", {}, label), slider, said);
  }

  private say(name: Name, value: number): void {
    const { unit } = RANGES[name];
    const digits = name === "damping" || name === "inharmonicity" ? 2 : name === "position" ? 2 : 1;
    const shown = name === "send" || name === "spread" ? `${Math.round(100 * value)} %` : value.toFixed(digits);
    const text = `${shown}${unit ? ` ${unit}` : ""}`.replace("-", "−");
    this.said.get(name)!.textContent = text;
    this.sliders.get(name)!.setAttribute("aria-valuetext", text);
  }
}
