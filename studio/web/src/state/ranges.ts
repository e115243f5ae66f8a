// Sets of events as ranges, [first, end, first, end, …], rising and apart.

export type Ranges = number[];
export const NOTHING: Ranges = [];

// Events by their numbers, which hold in one revision only; or notes, as wholes.
export interface Picked {
  revision: number;
  ranges: Ranges;
  notes: number[];
}

export function rangesOf(ids: number[]): Ranges {
  const ranges: number[] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    if (ranges.length && ranges[ranges.length - 1] >= id)
      ranges[ranges.length - 1] = Math.max(ranges[ranges.length - 1], id + 1);
    else ranges.push(id, id + 1);
  }
  return ranges;
}

export function has(ranges: Ranges, id: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[2 * middle + 1] <= id) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length / 2 && ranges[2 * low] <= id;
}

// What is in either, or with "toggle" in just one of the two.
export function joined(a: Ranges, b: Ranges, how: "more" | "toggle"): Ranges {
  const edges = [...new Set([...a, ...b])].sort((x, y) => x - y);
  const ranges: number[] = [];
  for (let k = 0; k + 1 < edges.length; k++) {
    const inA = has(a, edges[k]);
    const inB = has(b, edges[k]);
    if (how === "more" ? !(inA || inB) : inA === inB) continue;
    if (ranges[ranges.length - 1] === edges[k]) ranges[ranges.length - 1] = edges[k + 1];
    else ranges.push(edges[k], edges[k + 1]);
  }
  return ranges;
}
