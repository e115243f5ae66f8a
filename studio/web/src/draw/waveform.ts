// Least, largest and root mean square samples, as the server sends them, and as a picture.

export interface WaveTile {
  fromS: number;
  spanS: number;
  least: Float32Array;
  largest: Float32Array;
  rms: Float32Array;
}

export function parseWave(buffer: ArrayBuffer): WaveTile {
  const head = new DataView(buffer);
  if (head.getUint32(0, false) !== 0x4d545731) throw new Error("not a tile of a waveform");
  const n = head.getUint32(4, true);
  const first = head.getUint32(36, true);
  const row = (k: number) => new Float32Array(buffer, first + 4 * n * k, n);
  return {
    fromS: head.getFloat64(20, true),
    spanS: head.getFloat64(28, true),
    least: row(0),
    largest: row(1),
    rms: row(2),
  };
}

// Peaks pale, root mean square strong; full scale is the height.
export function paintWave(
  canvas: HTMLCanvasElement,
  tiles: WaveTile[],
  fromS: number,
  pxPerS: number,
  colour: string,
  axis: string,
): void {
  const density = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d")!;
  pen.scale(density, density);
  pen.fillStyle = axis;
  pen.fillRect(0, height / 2, width, 1);
  pen.fillStyle = colour;
  const row = (value: number) => (height / 2) * (1 - Math.max(-1, Math.min(1, value)));
  for (const { fromS: start, spanS, least, largest, rms } of tiles) {
    const wide = (spanS / least.length) * pxPerS;
    for (let k = 0; k < least.length; k++) {
      const x = (start - fromS) * pxPerS + k * wide;
      if (x + wide < 0 || x > width) continue;
      const bar = (low: number, high: number, opacity: number) => {
        pen.globalAlpha = opacity;
        pen.fillRect(x, row(high), Math.max(wide, 0.7), Math.max(0.7, row(low) - row(high)));
      };
      bar(least[k], largest[k], 0.4);
      bar(Math.max(least[k], -rms[k]), Math.min(largest[k], rms[k]), 0.7);
    }
  }
}
