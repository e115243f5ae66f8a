// Levels over time and frequency, as the server sends them, and as pixels.

import { hzOfRow, type Frame } from "./frame.ts";
import { warp } from "./axis.ts";

export interface SpectrogramTile {
  nColumns: number;
  nRows: number;
  fromS: number;
  spanS: number;
  topHz: number;
  level: Uint8Array; // 0: −120 dB or less, 255: 0 dB; column by column, low frequencies first
}

export function parseSpectrogram(buffer: ArrayBuffer): SpectrogramTile {
  const head = new DataView(buffer);
  if (head.getUint32(0, false) !== 0x4d545331) throw new Error("not a tile of a spectrogram");
  return {
    nColumns: head.getUint32(4, true),
    nRows: head.getUint32(8, true),
    fromS: head.getFloat64(24, true),
    spanS: head.getFloat64(32, true),
    topHz: head.getFloat32(40, true),
    level: new Uint8Array(buffer, head.getUint32(44, true)),
  };
}

// Where each row of the frame lies among the rows of a tile, −1 above its top.
function sourceRows(frame: Frame, tile: SpectrogramTile): Float32Array {
  const top = warp("erb", tile.topHz);
  return Float32Array.from({ length: frame.axisHeight }, (_, y) => {
    const hz = hzOfRow(frame, y + 0.5);
    return hz > tile.topHz ? -1 : Math.min(tile.nRows - 1, Math.max(0, (warp("erb", hz) / top) * tile.nRows - 0.5));
  });
}

// Into `out` (frame.width × frame.height levels, 0 … 255), the part of the frame that the tile covers; between its
// values, evenly.
export function spread(tile: SpectrogramTile, frame: Frame, out: Uint8Array): void {
  const rows = sourceRows(frame, tile);
  const perPx = tile.nColumns / tile.spanS / frame.pxPerS;
  const first = Math.max(0, Math.ceil((tile.fromS - frame.fromS) * frame.pxPerS - 0.5));
  const last = Math.min(frame.width - 1, Math.ceil((tile.fromS + tile.spanS - frame.fromS) * frame.pxPerS - 0.5) - 1);
  for (let x = first; x <= last; x++) {
    const column = Math.min(
      tile.nColumns - 1,
      Math.max(0, (x + 0.5) * perPx - ((tile.fromS - frame.fromS) / tile.spanS) * tile.nColumns - 0.5),
    );
    const left = Math.floor(column);
    const right = Math.min(tile.nColumns - 1, left + 1);
    const across = column - left;
    const a = left * tile.nRows;
    const b = right * tile.nRows;
    for (let y = 0; y < frame.axisHeight; y++) {
      const row = rows[y];
      if (row < 0) continue;
      const below = row | 0;
      const above = below + 1 < tile.nRows ? below + 1 : below;
      const up = row - below;
      const lower = tile.level[a + below] * (1 - across) + tile.level[b + below] * across;
      const upper = tile.level[a + above] * (1 - across) + tile.level[b + above] * across;
      out[y * frame.width + x] = lower * (1 - up) + upper * up;
    }
  }
}
