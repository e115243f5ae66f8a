import assert from "node:assert/strict";
import { test } from "node:test";
import { has, joined, rangesOf } from "../src/state/ranges.ts";

const members = (ranges: number[]) => Array.from({ length: 64 }, (_, id) => id).filter((id) => has(ranges, id));

test("sets as ranges do what sets do", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 300; round++) {
    const [a, b] = [0, 1].map(() => Array.from({ length: Math.floor(20 * random()) }, () => Math.floor(60 * random())));
    const [left, right] = [rangesOf(a), rangesOf(b)];
    assert.deepEqual(
      members(left),
      [...new Set(a)].sort((x, y) => x - y),
    );
    const ids = Array.from({ length: 64 }, (_, id) => id);
    assert.deepEqual(
      members(joined(left, right, "more")),
      ids.filter((id) => a.includes(id) || b.includes(id)),
    );
    assert.deepEqual(
      members(joined(left, right, "toggle")),
      ids.filter((id) => a.includes(id) !== b.includes(id)),
    );
    const edges = joined(left, right, "more");
    assert.ok(edges.every((edge, k) => k === 0 || edge > edges[k - 1]));
  }
});
