import assert from "node:assert/strict";
import { test } from "node:test";
import { TILE_PX, type Look, type Order } from "../src/draw/messages.ts";
import { Tiles } from "../src/draw/tiles.ts";

const LOOK: Look = {
  layer: "events",
  track: "",
  revision: 0,
  version: "1",
  pxPerS: 512, // a tile is a second
  height: 100,
  axisHeight: 100,
  laneHeight: 0,
  density: 1,
  band: { scale: "erb", lowHz: 0, highHz: 8000 },
  change: { byS: 0, ratio: 1 },
};

class Bitmap {
  closed = false;
  close(): void {
    this.closed = true;
  }
}

// Tiles, what they ask for and call off, and what they paint: [bitmap, from, width].
function setUp() {
  const asked: Order[] = [];
  const cancelled: number[] = [];
  const painted: [unknown, number, number | undefined][] = [];
  let arrived = 0;
  const pen = new Proxy({} as Record<string, unknown>, {
    get: (_, name) =>
      name === "drawImage"
        ? (bitmap: unknown, x: number, _y: number, width?: number) => painted.push([bitmap, x, width])
        : () => {},
  }) as unknown as CanvasRenderingContext2D;
  const tiles = new Tiles(
    (order) => asked.push(order),
    (id) => cancelled.push(id),
    () => arrived++,
  );
  const paint = (look: Partial<Look> = {}, fromS = 0, untilS = 10) =>
    tiles.paint(pen, { ...LOOK, ...look }, fromS, 2 * TILE_PX, untilS);
  const answer = () => {
    const bitmaps = asked.map(({ id }) => [id, new Bitmap()] as const);
    for (const [id, bitmap] of bitmaps) tiles.take(id, bitmap as unknown as ImageBitmap);
    asked.length = 0;
    return bitmaps.map(([, bitmap]) => bitmap);
  };
  return { tiles, asked, cancelled, painted, paint, answer, arrivals: () => arrived };
}

test("tiles in view are asked for once, painted when they are there, and then those beside them", () => {
  const { asked, painted, paint, answer, arrivals } = setUp();
  assert.equal(paint(), false);
  assert.equal(paint(), false);
  assert.deepEqual(
    asked.map(({ index }) => index),
    [0, 1],
  );
  const [first, second] = answer();
  assert.equal(arrivals(), 2);
  assert.equal(paint(), true);
  assert.deepEqual(painted, [
    [first, 0, undefined],
    [second, TILE_PX, undefined],
  ]);
  assert.deepEqual(
    asked.map(({ index }) => index),
    [2],
  );
});

test("nothing is asked for past the end of the scene", () => {
  const { asked, paint } = setUp();
  paint({}, 0, 0.5);
  assert.deepEqual(
    asked.map(({ index }) => index),
    [0],
  );
});

test("what goes out of view before it is there is called off; other layers are left alone", () => {
  const { asked, cancelled, paint } = setUp();
  paint();
  paint({ layer: "partials" });
  const ids = asked.filter(({ layer }) => layer === "events").map(({ id }) => id);
  paint({}, 5);
  assert.deepEqual(cancelled, ids);
});

test("while a tile is missing an older picture of its layer stands in, stretched; never another image's", () => {
  const { painted, paint, answer } = setUp();
  paint();
  const [old] = answer();
  paint({ pxPerS: 1024 });
  assert.deepEqual(painted[0], [old, 0, 2 * TILE_PX]);
  const images = setUp();
  images.paint({ layer: "image", track: "texture" });
  images.answer();
  images.paint({ layer: "image", track: "mist" });
  assert.deepEqual(images.painted, []);
});

test("a tile that failed is asked for again, and nothing is waited for where all have failed", () => {
  const { tiles, asked, paint } = setUp();
  paint();
  tiles.failAll();
  assert.equal(tiles.busy, false);
  paint();
  assert.deepEqual(
    asked.map(({ index }) => index),
    [0, 1, 0, 1],
  );
});

test("old pictures are closed: those too many, those late, and all at the end", () => {
  const { tiles, asked, paint, answer } = setUp();
  const made: Bitmap[] = [];
  for (let revision = 0; revision < 100; revision++) {
    paint({ revision });
    made.push(...answer());
  }
  assert.ok(made[0].closed && !made.at(-1)!.closed);
  paint({ revision: 200 });
  const late = asked[0].id;
  tiles.clear();
  assert.ok(made.every(({ closed }) => closed));
  const bitmap = new Bitmap();
  tiles.take(late, bitmap as unknown as ImageBitmap);
  assert.ok(bitmap.closed);
});
