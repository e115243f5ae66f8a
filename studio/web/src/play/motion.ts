// A device that is moved: a jerk strikes, tilting it turns a deformation.

import type { Scope } from "../scope.ts";

export interface Motion {
  strike(strength: number): void;
  tilt(share: number): void; // 0 upright … 1 over the other way, 0.5 flat
}

// m/s² between two readings that count as a strike, and as the strongest.
const [WEAKEST, STRONGEST] = [6, 40];
const REST_MS = 120;
const SILENT_MS = 1500;
const G = 9.81;

interface Asks {
  requestPermission?: () => Promise<string>;
}

export async function listenToMotion(scope: Scope, motion: Motion, changed: (words: string) => void): Promise<void> {
  if (typeof DeviceMotionEvent === "undefined") return changed("This browser knows of no motion.");
  const ask = (DeviceMotionEvent as unknown as Asks).requestPermission;
  if (ask && (await ask().catch(() => "denied")) !== "granted") return changed("Motion is not allowed here.");
  let moves = false;
  let before: [number, number, number] | null = null;
  let struckMs = -Infinity;
  scope.on(window, "devicemotion", (event) => {
    const { acceleration, accelerationIncludingGravity: whole, timeStamp } = event as unknown as DeviceMotionEvent;
    const { x, y, z } = acceleration?.x == null ? (whole ?? {}) : acceleration;
    if (x == null || y == null || z == null) return;
    if (!moves) changed("Motion: a jerk strikes, tilting deforms.");
    moves = true;
    if (whole?.y != null) motion.tilt(Math.min(1, Math.max(0, 0.5 - whole.y / (2 * G))));
    const jerk = before ? Math.hypot(x - before[0], y - before[1], z - before[2]) : 0;
    before = [x, y, z];
    if (jerk < WEAKEST || timeStamp - struckMs < REST_MS) return;
    struckMs = timeStamp;
    motion.strike(Math.min(1, jerk / STRONGEST));
  });
  changed("Waiting for motion …");
  scope.after(SILENT_MS, () => moves || changed("No motion sensor answers here."));
}
