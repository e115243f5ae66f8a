// Where in each scene one was: what was in view and selected, kept by the browser over reloads.

import type { View } from "../draw/view.ts";
import { isNumber, isRecord, keep, keptOf } from "./kept.ts";

const KEY = "motes places";
const MOST = 30;
const MOST_NUMBERS = 4000; // of a selection, more are not kept

export interface KeptPlace {
  id: string; // of the document, and its revision: numbers of events hold in these alone
  revision: number;
  view: { fromS: number; toS: number; lowHz: number; highHz: number };
  mode: "spectrogram" | "roll";
  layers: { spectrogram: boolean; events: boolean; partials: boolean };
  ranges: number[];
  notes: number[];
}

const areWhole = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length <= MOST_NUMBERS &&
  value.every((each) => Number.isSafeInteger(each) && (each as number) >= 0);

function isPlace(value: unknown): value is KeptPlace {
  if (!isRecord(value) || !isRecord(value.view) || !isRecord(value.layers)) return false;
  const { fromS, toS, lowHz, highHz } = value.view;
  const { spectrogram, events, partials } = value.layers;
  return (
    typeof value.id === "string" &&
    isNumber(value.revision) &&
    [fromS, toS, lowHz, highHz].every(isNumber) &&
    (fromS as number) >= 0 &&
    (toS as number) > (fromS as number) &&
    (lowHz as number) >= 0 &&
    (highHz as number) > (lowHz as number) &&
    (value.mode === "spectrogram" || value.mode === "roll") &&
    [spectrogram, events, partials].every((flag) => typeof flag === "boolean") &&
    areWhole(value.ranges) &&
    areWhole(value.notes)
  );
}

function all(): [string, unknown][] {
  const kept = keptOf(KEY);
  return Array.isArray(kept)
    ? kept.filter((each): each is [string, unknown] => Array.isArray(each) && typeof each[0] === "string")
    : [];
}

// Of a scene by its path, or by its id where it has none.
export function placeOf(name: string): KeptPlace | null {
  const found = all().find(([key]) => key === name)?.[1];
  return isPlace(found) ? found : null;
}

export function keepPlace(name: string, place: KeptPlace): void {
  const few = (numbers: number[]) => (numbers.length <= MOST_NUMBERS ? numbers : []);
  const kept = { ...place, ranges: few(place.ranges), notes: few(place.notes) };
  keep(KEY, [[name, kept], ...all().filter(([key]) => key !== name)].slice(0, MOST));
}

export function viewOf({ fromS, toS, band }: View): KeptPlace["view"] {
  return { fromS, toS, lowHz: band.lowHz, highHz: band.highHz };
}
