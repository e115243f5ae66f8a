// How near a place on the screen is to what is drawn there, and which of many is nearest.

// From (x, y) to the nearest point of the line from a to b.
export function toSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const part = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(ax + part * dx - x, ay + part * dy - y);
}

// The number below n whose distance is least, and less than `reach`; −1 for none. Of equals the first.
export function nearest(n: number, reach: number, distance: (index: number) => number): number {
  let best = -1;
  let least = reach;
  for (let index = 0; index < n; index++) {
    const far = distance(index);
    if (far < least) [least, best] = [far, index];
  }
  return best;
}
