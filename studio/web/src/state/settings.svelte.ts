// How scenes are shown and heard, the same for all and kept by the browser.

import type { AxisScale } from "../draw/axis.ts";
import { MAPS, type MapName } from "../draw/colour_maps.ts";
import { AXES, type AxesName } from "../map/map_axes.ts";
import type { Tool } from "./document.svelte.ts";
import { isNumber, isRecord, keep, keptOf } from "./kept.ts";

const KEY = "motes settings";
export const COLOURS = ["plain", ...(Object.keys(MAPS) as MapName[])] as const;
export const CHANNELS = ["all", "left", "right", "mid", "side"] as const;
export const EVENT_COLOURS = ["kind", "level", "window", "note", "part"] as const;
export const WINDOWS_S = [0.006, 0.012, 0.023, 0.046, 0.093, 0.186, 0.372] as const;
export const SIDES = ["inspector", "map"] as const;
export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2] as const;
const TOOLS: readonly Tool[] = ["select", "box", "lasso", "hand", "measure"];
const SCALES: readonly AxisScale[] = ["erb", "log", "linear"];
export const GAIN_DB = [-40, 40] as const;
export const RANGE_DB = [20, 120] as const;
export const VOLUME_DB = [-60, 0] as const;

export interface Settings {
  colours: (typeof COLOURS)[number]; // of the spectrogram
  gainDb: number;
  rangeDb: number;
  windowS: number;
  channel: (typeof CHANNELS)[number];
  eventColours: (typeof EVENT_COLOURS)[number];
  waveform: boolean;
  harmonics: boolean;
  tool: Tool;
  scale: AxisScale;
  following: boolean;
  volumeDb: number; // the lowest is silence
  side: (typeof SIDES)[number]; // what is beside the timeline
  axes: AxesName; // of the map
}

export const DEFAULTS: Settings = {
  colours: "plain",
  gainDb: 0,
  rangeDb: 76,
  windowS: 0.046,
  channel: "all",
  eventColours: "kind",
  waveform: false,
  harmonics: false,
  tool: "select",
  scale: "erb",
  following: true,
  volumeDb: 0,
  side: "inspector",
  axes: "alike",
};

const oneOf =
  (all: readonly unknown[]) =>
  (value: unknown): boolean =>
    all.includes(value);
const within =
  ([low, high]: readonly [number, number]) =>
  (value: unknown): boolean =>
    isNumber(value) && value >= low && value <= high;
const isFlag = (value: unknown): boolean => typeof value === "boolean";

const CHECKS: Record<keyof Settings, (value: unknown) => boolean> = {
  colours: oneOf(COLOURS),
  gainDb: within(GAIN_DB),
  rangeDb: within(RANGE_DB),
  windowS: oneOf(WINDOWS_S),
  channel: oneOf(CHANNELS),
  eventColours: oneOf(EVENT_COLOURS),
  waveform: isFlag,
  harmonics: isFlag,
  tool: oneOf(TOOLS),
  scale: oneOf(SCALES),
  following: isFlag,
  volumeDb: within(VOLUME_DB),
  side: oneOf(SIDES),
  axes: oneOf(Object.keys(AXES)),
};

// The defaults, with all that was kept and can be.
export function checked(kept: unknown): Settings {
  const found = isRecord(kept) ? kept : {};
  const good = Object.entries(CHECKS).filter(([name, check]) => check(found[name]));
  return { ...structuredClone(DEFAULTS), ...Object.fromEntries(good.map(([name]) => [name, found[name]])) };
}

export const settings: Settings = $state(checked(keptOf(KEY)));

// To be called once, by what shows the page.
export function keepSettings(): void {
  $effect(() => keep(KEY, settings));
}

// What is about the picture, as it was at first.
export function resetView(): void {
  const { colours, gainDb, rangeDb, windowS, channel, eventColours, waveform, harmonics, scale } = DEFAULTS;
  Object.assign(settings, { colours, gainDb, rangeDb, windowS, channel, eventColours, waveform, harmonics, scale });
}
