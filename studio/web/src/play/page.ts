// The page of an instrument: `motes.report.instrument_page` has the document.

import { Scope } from "../scope.ts";
import { Panel, panelOf, type Playable } from "./panel.ts";
import { drawModes, drawStrikes } from "./pictures.ts";
import WORKLET from "./worklet.gen.js?raw";

const find = <E extends HTMLElement>(selector: string): E => document.querySelector<E>(selector)!;

const scope = new Scope();
const playable: Playable = JSON.parse(find(".data").textContent!);
// A worklet of a page on disk can have no other address.
const worklet = `data:text/javascript;charset=utf-8,${encodeURIComponent(WORKLET)}`;
const panel = panelOf(playable, worklet, scope);
find(".panel").replaceWith(panel instanceof Panel ? panel.box : panel);
if (panel instanceof Panel) show(panel);

function show(playing: Panel): void {
  const { instrument } = playable;
  const [modes, strikes] = [find<HTMLCanvasElement>(".modes canvas"), find<HTMLCanvasElement>(".strikes canvas")];
  const button = find<HTMLButtonElement>(".score");
  let began = -1;
  let stop: (() => void) | null = null;
  const draw = () => {
    drawModes(modes, instrument);
    drawStrikes(strikes, instrument, began < 0 ? -1 : playing.sound.nowS - began);
  };
  const follow = () => {
    drawStrikes(strikes, instrument, began < 0 ? -1 : Math.min(playing.sound.nowS - began, instrument.duration_s));
    if (began >= 0) scope.frame(follow);
  };
  const end = () => {
    stop?.();
    stop = null;
    began = -1;
    button.setAttribute("aria-pressed", "false");
    playing.silence();
    follow();
  };
  scope.on(button, "click", async () => {
    if (stop) return end();
    await playing.sound.start();
    began = playing.sound.nowS;
    button.setAttribute("aria-pressed", "true");
    stop = playing.playScore(() => scope.after(2000, end));
    follow();
  });
  for (const player of document.querySelectorAll("audio")) {
    scope.on(player, "play", () => {
      if (stop) end();
      for (const other of document.querySelectorAll("audio")) if (other !== player) other.pause();
    });
  }
  new ResizeObserver(draw).observe(find("main"));
  scope.on(matchMedia("(prefers-color-scheme: dark)"), "change", draw);
  draw();
}
