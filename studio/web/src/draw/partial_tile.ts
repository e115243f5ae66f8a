// Lines through atoms, as the server sends them.

export interface PartialTile {
  n: number;
  fromS: number;
  firstPoint: Uint32Array; // n + 1
  number: Uint32Array;
  atom: Uint32Array;
  time: Float32Array; // s after fromS
  hz: Float32Array;
  levelDb: Float32Array;
}

export function parsePartials(buffer: ArrayBuffer): PartialTile {
  const head = new DataView(buffer);
  if (head.getUint32(0, false) !== 0x4d545031) throw new Error("not a tile of partials");
  const n = head.getUint32(4, true);
  const m = head.getUint32(8, true);
  const first = head.getUint32(24, true);
  const points = first + 4 * (n + 1) + 4 * n;
  return {
    n,
    fromS: head.getFloat64(16, true),
    firstPoint: new Uint32Array(buffer, first, n + 1),
    number: new Uint32Array(buffer, first + 4 * (n + 1), n),
    atom: new Uint32Array(buffer, points, m),
    time: new Float32Array(buffer, points + 4 * m, m),
    hz: new Float32Array(buffer, points + 8 * m, m),
    levelDb: new Float32Array(buffer, points + 12 * m, m),
  };
}
