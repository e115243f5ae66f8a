// The map of a report with what it is drawn by: axes, colours, and the item under the pointer.

import { isDark } from "../draw/colours.ts";
import { legendOf, type EventColours } from "../draw/event_colours.ts";
import { EventMap, type MapLook } from "../map/event_map.ts";
import { BY } from "../map/looks.ts";
import { AXES, type AxesName } from "../map/map_axes.ts";
import { element } from "../play/element.ts";
import { sortColour, type SceneData } from "./data.ts";

export class MapCard {
  private map: EventMap;
  private look: MapLook = { by: "kind", axes: "alike", chosen: new Set(), hovered: -1, lasso: [] };
  private legend = element("span", { class: "steps" });

  constructor(root: Element, data: SceneData, titleOf: (item: number) => string, choose: (item: number) => void) {
    const canvas = root.querySelector<HTMLCanvasElement>(".map canvas")!;
    const parts = partsOf(data);
    this.map = new EventMap(canvas, titleOf, sortColour, (note) => parts.get(note) ?? 0);
    this.map.show(data);
    const bar = root.querySelector<HTMLElement>(".drawn-by")!;
    const ways = Object.entries(BY).filter(([by]) => data.note.length || !["note", "part"].includes(by));
    bar.append(
      this.picker("Axes", Object.entries(AXES), (axes) => (this.look.axes = axes as AxesName)),
      this.picker("Coloured by", ways, (by) => (this.look.by = by as EventColours)),
      this.legend,
    );
    bar.hidden = false;
    const under = ({ offsetX, offsetY }: MouseEvent) => this.map.itemAt(offsetX, offsetY);
    canvas.addEventListener("click", (event) => choose(under(event)));
    canvas.addEventListener("pointermove", (event) => this.hover(under(event)));
    canvas.addEventListener("pointerleave", () => this.hover(-1));
  }

  private picker(label: string, options: [string, string][], take: (value: string) => void): HTMLElement {
    const select = element("select", {}, ...options.map(([value, word]) => element("option", { value }, word)));
    select.addEventListener("change", () => {
      take(select.value);
      this.draw(this.look.chosen);
    });
    return element("label", {}, `${label} `, select);
  }

  private hover(item: number): void {
    if (item === this.look.hovered) return;
    this.look.hovered = item;
    this.map.canvas.style.cursor = item < 0 ? "" : "pointer";
    this.draw(this.look.chosen);
  }

  beside(item: number, right: number, up: number): number {
    return this.map.beside(item, right, up);
  }

  draw(chosen: ReadonlySet<number>): void {
    this.look.chosen = chosen;
    this.map.draw(this.look);
    const steps = legendOf(this.look.by, isDark());
    const swatches = (steps?.colours ?? []).map(([r, g, b]) => {
      const swatch = element("i", {});
      swatch.style.background = `rgb(${r} ${g} ${b})`;
      return swatch;
    });
    this.legend.replaceChildren(...(steps ? [`${steps.words[0]} `, ...swatches, ` ${steps.words[1]}`] : []));
  }
}

// The part of each note.
function partsOf({ sorts, note }: SceneData): Map<number, number> {
  const sort = sorts.note;
  const part = sort?.values[sort.params.findIndex(([name]) => name === "part")];
  return new Map(sort && part ? sort.items.map((item, k) => [note[item], part[k]]) : []);
}
