// Draws pictures of stretches of time, away from the page, so that the page stays quick whatever a scene holds.

import { composed, type Plane } from "./plane.ts";
import { coloursOf, NO_NOTES, type NoteOf } from "./event_colours.ts";
import { drawEvents, eventAt } from "./events.ts";
import type { Rgb } from "./colours.ts";
import type { DrawnKind } from "./kind.ts";
import { drawPartials } from "./partials.ts";
import { BAND_OPACITY, coloured, fading, pixelsOf } from "./shading.ts";
import { spread } from "./spectrogram_tile.ts";
import { Supply } from "./supply.ts";
import { AS_IT_IS, type Frame } from "./frame.ts";
import { TILE_PX, type FromWorker, type Order, type Palette, type ToWorker } from "./messages.ts";

let supply: Supply | null = null;
let kinds: DrawnKind[] = [];
let palette: Palette | null = null;
let chosen = new Uint8Array(0);
let noteOf: NoteOf = NO_NOTES;
const cancelled = new Set<number>();

const tell = (message: FromWorker, transfer: Transferable[] = []) =>
  (self as unknown as Worker).postMessage(message, transfer);

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "document") {
    supply ??= new Supply(data.document);
    supply.finestLevel = data.finestLevel;
    supply.coarsestLevel = data.coarsestLevel;
    supply.durationS = data.durationS;
    kinds = data.kinds;
  } else if (data.type === "palette") palette = data.palette;
  else if (data.type === "notes") noteOf = data.notes;
  else if (data.type === "chosen") {
    chosen = new Uint8Array(data.nEvents);
    for (let k = 0; k + 1 < data.ranges.length; k += 2) chosen.fill(1, data.ranges[k], data.ranges[k + 1]);
  } else if (data.type === "cancel") cancelled.add(data.id);
  else if (data.type === "order") void fill(data.order);
  else void hit(data.id, data.revision, data.frame, data.x, data.y);
};

async function fill(order: Order): Promise<void> {
  try {
    const image = await picture(order);
    if (cancelled.delete(order.id)) return tell({ type: "failed", id: order.id });
    const bitmap = image && (await createImageBitmap(image));
    tell({ type: "picture", id: order.id, bitmap }, bitmap ? [bitmap] : []);
  } catch {
    cancelled.delete(order.id);
    tell({ type: "failed", id: order.id });
  }
}

function frameOf(order: Order): Frame {
  return {
    fromS: (order.index * TILE_PX) / order.pxPerS,
    pxPerS: order.pxPerS,
    width: TILE_PX,
    height: order.height,
    axisHeight: order.axisHeight,
    laneHeight: order.laneHeight,
    band: order.band,
  };
}

async function picture(order: Order): Promise<ImageData | null> {
  if (!supply || !palette) return null;
  const frame = frameOf(order);
  const spanS = TILE_PX / order.pxPerS;
  const toS = frame.fromS + spanS;
  if (order.layer === "spectrogram" || order.layer === "image") {
    const { picture } = order;
    const span = spanS / 3 / order.density;
    const tiles = await supply.spectrogram(order.revision, order.track, picture, span, frame.fromS, toS);
    if (cancelled.has(order.id) || !tiles.length) return null;
    const levels = new Uint8Array(frame.width * frame.height);
    for (const tile of tiles) spread(tile, frame, levels);
    if (order.layer === "spectrogram") return coloured(levels, frame, pixelsOf(picture, palette.shade));
    const colour = palette.kinds[kinds.findIndex(({ name }) => name === order.track)] ?? palette.muted;
    return coloured(levels, frame, fading(colour, 45, 205, BAND_OPACITY));
  }
  const { byS } = order.change;
  const loudestDb = await supply.loudestDb(order.revision);
  if (order.layer === "partials") {
    const lines = await supply.partials(order.revision, spanS, frame.fromS, toS);
    return cancelled.has(order.id)
      ? null
      : composed([[drawPartials(lines, frame, loudestDb), palette.partial]], frame.width, frame.height);
  }
  const tiles = await supply.events(order.revision, spanS / 2, frame.fromS - byS, toS - byS);
  if (cancelled.has(order.id)) return null;
  const mask = order.layer === "chosen" ? chosen : null;
  const colours = coloursOf(mask ? "kind" : order.eventColours, { palette, noteOf, loudestDb });
  const planes = drawEvents(tiles, frame, {
    mask,
    change: mask ? order.change : AS_IT_IS,
    loudestDb,
    kinds,
    durationS: supply.durationS,
    classOf: colours.classOf,
  });
  const { muted, chosen: choice } = palette;
  const painted = planes.flatMap((plane, at): [Plane, Rgb][] =>
    plane ? [[plane, mask ? choice : (colours.all[at] ?? muted)]] : [],
  );
  return composed(painted, frame.width, frame.height);
}

async function hit(id: number, revision: number, frame: Frame, x: number, y: number): Promise<void> {
  let event = -1;
  try {
    const spanS = TILE_PX / frame.pxPerS;
    const at = frame.fromS + x / frame.pxPerS;
    const tiles = await supply!.events(revision, spanS / 2, at - 12 / frame.pxPerS, at + 12 / frame.pxPerS);
    event = eventAt(tiles, frame, kinds, await supply!.loudestDb(revision), x, y);
  } catch {
    event = -1;
  }
  tell({ type: "hit", id, event });
}
