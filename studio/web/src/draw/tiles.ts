// Pictures of stretches of time, made by a worker when they come into view and kept, so that panning only moves what is
// there already.

import { TILE_PX, type Look, type Order } from "./messages.ts";

interface Tile {
  key: string;
  look: Look;
  fromS: number;
  toS: number;
  bitmap: ImageBitmap | null; // null while it is made, or where there is nothing to see
  done: boolean;
  used: number;
}

const MOST_KEPT = 120;

// Pictures that can stand in for one another; images of two kinds cannot.
const layerOf = ({ layer, track }: Look): string => (layer === "image" ? `${layer} ${track}` : layer);

export class Tiles {
  private tiles = new Map<string, Tile>();
  private waiting = new Map<number, Tile>();
  private nextId = 1;
  private clock = 0;

  private send: (order: Order) => void;
  private cancel: (id: number) => void;
  private arrived: () => void;

  constructor(send: (order: Order) => void, cancel: (id: number) => void, arrived: () => void) {
    this.send = send;
    this.cancel = cancel;
    this.arrived = arrived;
  }

  // All but where and how large.
  private static version(look: Look): string {
    const { scale, lowHz, highHz } = look.band;
    const { byS, ratio } = look.change;
    return [
      look.layer,
      look.track,
      look.revision,
      look.version,
      look.height,
      look.axisHeight,
      look.laneHeight,
      scale,
      lowHz,
      highHz,
      byS,
      ratio,
      ...(look.layer === "spectrogram" ? Object.values(look.picture) : [look.eventColours]),
    ].join();
  }

  // Paint the layer from `fromS` on; what is not there yet is stood in for by what is like it.
  paint(pen: CanvasRenderingContext2D, look: Look, fromS: number, width: number, untilS: number): boolean {
    this.clock++;
    const version = Tiles.version(look);
    const first = Math.floor((fromS * look.pxPerS) / TILE_PX);
    const end = Math.ceil((untilS * look.pxPerS) / TILE_PX) - 1; // nothing lies past the end
    const last = Math.min(end, Math.floor((fromS * look.pxPerS + width - 1) / TILE_PX));
    const wanted = new Set<Tile>();
    const missing: Tile[] = [];
    for (let index = Math.max(0, first); index <= last; index++) {
      const tile = this.wish(look, version, index);
      tile.used = this.clock;
      wanted.add(tile);
      if (!tile.done) missing.push(tile);
    }
    for (const tile of missing) this.standIn(pen, tile, look, fromS);
    for (const tile of wanted) {
      if (tile.bitmap) pen.drawImage(tile.bitmap, Math.round((tile.fromS - fromS) * look.pxPerS), 0);
    }
    if (!missing.length)
      for (const beside of [last + 1, first - 1])
        if (beside >= 0 && beside <= end) wanted.add(this.wish(look, version, beside));
    this.dropUnwanted(layerOf(look), wanted);
    return missing.length === 0;
  }

  private wish(look: Look, version: string, index: number): Tile {
    const key = `${version}|${look.pxPerS.toPrecision(9)}|${index}`;
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = {
        key,
        look,
        fromS: (index * TILE_PX) / look.pxPerS,
        toS: ((index + 1) * TILE_PX) / look.pxPerS,
        bitmap: null,
        done: false,
        used: this.clock,
      };
      this.tiles.set(key, tile);
      const id = this.nextId++;
      this.waiting.set(id, tile);
      this.send({ ...look, id, index });
      this.forget();
    }
    return tile;
  }

  // Of the tiles of this layer that show this stretch, those last used: the coarser first, so that the finer lie on
  // top.
  private standIn(pen: CanvasRenderingContext2D, missing: Tile, look: Look, fromS: number): void {
    let best = -1;
    for (const tile of this.tiles.values()) {
      if (
        tile.done &&
        layerOf(tile.look) === layerOf(look) &&
        tile.fromS < missing.toS &&
        tile.toS > missing.fromS &&
        tile.used > best
      )
        best = tile.used;
    }
    if (best < 0) return;
    const x0 = (missing.fromS - fromS) * look.pxPerS;
    pen.save();
    pen.beginPath();
    pen.rect(Math.round(x0), 0, TILE_PX, look.height);
    pen.clip();
    for (const tile of this.tiles.values()) {
      if (
        !tile.bitmap ||
        layerOf(tile.look) !== layerOf(look) ||
        tile.used !== best ||
        tile.fromS >= missing.toS ||
        tile.toS <= missing.fromS
      )
        continue;
      tile.used = best;
      pen.drawImage(
        tile.bitmap,
        (tile.fromS - fromS) * look.pxPerS,
        0,
        (tile.toS - tile.fromS) * look.pxPerS,
        look.height,
      );
    }
    pen.restore();
  }

  private dropUnwanted(layer: string, wanted: Set<Tile>): void {
    for (const [id, tile] of this.waiting) {
      if (layerOf(tile.look) !== layer || wanted.has(tile)) continue;
      this.cancel(id);
      this.waiting.delete(id);
      this.tiles.delete(tile.key);
    }
  }

  take(id: number, bitmap: ImageBitmap | null): void {
    const tile = this.waiting.get(id);
    this.waiting.delete(id);
    if (!tile) return bitmap?.close();
    tile.bitmap = bitmap;
    tile.done = true;
    this.arrived();
  }

  failed(id: number): void {
    const tile = this.waiting.get(id);
    this.waiting.delete(id);
    if (tile) this.tiles.delete(tile.key);
  }

  // What is waited for will not come.
  failAll(): void {
    for (const id of [...this.waiting.keys()]) this.failed(id);
  }

  private forget(): void {
    if (this.tiles.size <= MOST_KEPT) return;
    const oldest = [...this.tiles.values()].filter((tile) => tile.done).sort((a, b) => a.used - b.used);
    for (const tile of oldest.slice(0, this.tiles.size - MOST_KEPT)) {
      tile.bitmap?.close();
      this.tiles.delete(tile.key);
    }
  }

  get busy(): boolean {
    return this.waiting.size > 0;
  }

  clear(): void {
    for (const id of this.waiting.keys()) this.cancel(id);
    for (const tile of this.tiles.values()) tile.bitmap?.close();
    this.tiles.clear();
    this.waiting.clear();
  }
}
