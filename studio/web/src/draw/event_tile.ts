// Events that sound in a stretch of time, as the server sends them: columns of 4 bytes after a header.

export interface EventTile {
  n: number;
  nAll: number;
  fromS: number;
  spanS: number;
  id: Uint32Array;
  start: Float32Array; // s after fromS
  end: Float32Array; // s after fromS
  low: Float32Array; // Hz
  high: Float32Array; // Hz
  levelDb: Float32Array;
  group: Uint32Array;
  aux: [Float32Array, Float32Array];
  more: Float32Array[]; // what the kinds of its events name; none where no kind in the scene has any
  kind: Uint8Array;
  muted: Uint8Array;
}

export function parseEvents(buffer: ArrayBuffer): EventTile {
  const head = new DataView(buffer);
  if (head.getUint32(0, false) !== 0x4d544531) throw new Error("not a tile of events");
  const n = head.getUint32(4, true);
  const first = head.getUint32(40, true);
  const further = head.getUint32(44, true);
  const floats = (column: number) => new Float32Array(buffer, first + 4 * n * column, n);
  return {
    n,
    nAll: head.getUint32(8, true),
    fromS: head.getFloat64(24, true),
    spanS: head.getFloat64(32, true),
    id: new Uint32Array(buffer, first, n),
    start: floats(1),
    end: floats(2),
    low: floats(3),
    high: floats(4),
    levelDb: floats(5),
    group: new Uint32Array(buffer, first + 24 * n, n),
    aux: [floats(7), floats(8)],
    more: further ? [0, 1, 2, 3].map((column) => new Float32Array(buffer, further + 4 * n * column, n)) : [],
    kind: new Uint8Array(buffer, first + 36 * n, n),
    muted: new Uint8Array(buffer, first + 37 * n, n),
  };
}
