// What a scene costs and how near it is: kbps and bytes of its file, signal-to-noise ratio, events a second.

import * as api from "../api.ts";
import type { Document } from "./document.svelte.ts";
import { bytes } from "./words.ts";

const known = new Map<string, number | null>(); // signal-to-noise ratios in dB, by document and revision
const MOST_KNOWN = 200;

// Both levels are measured for the whole scene, which takes a while for a long one: once a revision.
export async function snrDb({ info }: Document): Promise<number | null> {
  if (!info.original || !info.n_events) return null;
  const key = `${info.id} ${info.revision} ${info.original.name}`;
  if (!known.has(key)) {
    const { tracks } = await api.levels(info.id, info.revision);
    const { original, residual } = tracks;
    if (known.size > MOST_KNOWN) known.clear();
    known.set(key, original && residual ? original.rms_db - residual.rms_db : null);
  }
  return known.get(key) ?? null;
}

// Name and value of each that is known.
export function figures({ info }: Document, snr: number | null): [string, string][] {
  const { n_bytes, duration_s, n_events, dirty } = info;
  const found: [string, string][] = [];
  if (n_bytes !== null && duration_s > 0 && info.path !== null) {
    const saved = dirty ? " as saved" : "";
    found.push(["Bitrate", `${((8 * n_bytes) / duration_s / 1000).toFixed(1)} kbps${saved}`]);
    found.push(["File size", `${bytes(n_bytes)}${saved}`]);
  }
  if (snr !== null) found.push(["SNR", `${snr.toFixed(1).replace("-", "−")} dB`]);
  if (duration_s > 0 && n_events)
    found.push(["Events a second", Math.round(n_events / duration_s).toLocaleString("en")]);
  return found;
}
