// A plane of coverage, 0 … 255 for each pixel, that shapes are drawn into. Cheap enough for 100,000 shapes without a
// graphics card.

export interface Plane {
  width: number;
  height: number;
  cover: Uint8Array;
}

export const newPlane = (width: number, height: number): Plane => ({
  width,
  height,
  cover: new Uint8Array(width * height),
});

// A Hann window, sampled; and one that does not fade.
const FADES = 64;
export const HANN = Float32Array.from({ length: FADES + 1 }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / FADES));
export const EVEN = new Float32Array(FADES + 1).fill(1);
export const RISE = Float32Array.from({ length: FADES + 1 }, (_, k) => 10 ** ((-1.2 * (FADES - k)) / FADES));
export const DECAY = Float32Array.from({ length: FADES + 1 }, (_, k) => 10 ** ((-1.2 * k) / FADES));

function blend(plane: Plane, at: number, amount: number): void {
  const old = plane.cover[at];
  plane.cover[at] = old + amount * (1 - old / 255) + 0.5;
}

// One column of a stroke: rows top … bottom (in pixels, fractions are partly covered) at this opacity, 0 … 255.
function column(plane: Plane, x: number, top: number, bottom: number, opacity: number): void {
  if (bottom <= 0 || top >= plane.height) return;
  const first = Math.max(0, Math.floor(top));
  const last = Math.min(plane.height - 1, Math.ceil(bottom) - 1);
  for (let y = first; y <= last; y++) {
    const inside = Math.min(y + 1, bottom) - Math.max(y, top);
    if (inside > 0) blend(plane, y * plane.width + x, opacity * Math.min(inside, 1));
  }
}

// A stroke from (x0, y0) to (x1, y1), x0 ≤ x1, `thickness` pixels high, its opacity following `fade` along it.
export function stroke(
  plane: Plane,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  thickness: number,
  opacity: number,
  fade: Float32Array = EVEN,
): void {
  const half = thickness / 2;
  const across = x1 - x0;
  if (x1 < 0 || x0 >= plane.width) return;
  if (across < 1.5) {
    const x = Math.min(plane.width - 1, Math.max(0, Math.floor((x0 + x1) / 2)));
    column(plane, x, Math.min(y0, y1) - half, Math.max(y0, y1) + half, opacity * Math.max(0.35, Math.min(1, across)));
    return;
  }
  const slope = (y1 - y0) / across;
  const steep = Math.abs(slope) / 2;
  const first = Math.max(0, Math.floor(x0));
  const last = Math.min(plane.width - 1, Math.ceil(x1) - 1);
  for (let x = first; x <= last; x++) {
    const part = Math.min(1, Math.max(0, (x + 0.5 - x0) / across));
    const y = y0 + slope * (x + 0.5 - x0);
    column(plane, x, y - half - steep, y + half + steep, opacity * fade[(part * FADES + 0.5) | 0]);
  }
}

// An ellipse with soft edges: an atom much shorter than it is wide in frequency.
export function lens(plane: Plane, x0: number, x1: number, y: number, half: number, opacity: number): void {
  if (x1 < 0 || x0 >= plane.width) return;
  const across = Math.max(x1 - x0, 1);
  const first = Math.max(0, Math.floor(x0));
  const last = Math.min(plane.width - 1, Math.max(first, Math.ceil(x0 + across) - 1));
  for (let x = first; x <= last; x++) {
    const fade = across < 1.5 ? 1 : HANN[(Math.min(1, Math.max(0, (x + 0.5 - x0) / across)) * FADES + 0.5) | 0];
    const reach = half * Math.sqrt(fade);
    const top = Math.max(0, Math.floor(y - reach));
    const bottom = Math.min(plane.height - 1, Math.ceil(y + reach) - 1);
    for (let row = top; row <= bottom; row++) {
      const far = (row + 0.5 - y) / (half || 1);
      const amount = opacity * fade * (1 - far * far);
      if (amount > 0.5) blend(plane, row * plane.width + x, amount);
    }
  }
}

// A filled box with its opacity following `fade` from left to right.
export function box(
  plane: Plane,
  x0: number,
  x1: number,
  top: number,
  bottom: number,
  opacity: number,
  fade: Float32Array = EVEN,
): void {
  if (x1 < 0 || x0 >= plane.width) return;
  const across = Math.max(x1 - x0, 1);
  const first = Math.max(0, Math.floor(x0));
  const last = Math.min(plane.width - 1, Math.max(first, Math.ceil(x0 + across) - 1));
  for (let x = first; x <= last; x++) {
    column(
      plane,
      x,
      top,
      Math.max(bottom, top + 1),
      opacity * fade[(Math.min(1, Math.max(0, (x - x0) / across)) * FADES + 0.5) | 0],
    );
  }
}

// Grains in a box, fewer towards its ends: noise. Where they lie depends on the place alone.
export function grain(
  plane: Plane,
  x0: number,
  x1: number,
  top: number,
  bottom: number,
  opacity: number,
  fades: Float32Array = EVEN,
): void {
  const across = Math.max(x1 - x0, 1);
  for (let x = Math.max(0, Math.floor(x0)); x <= Math.min(plane.width - 1, Math.ceil(x1) - 1); x++) {
    const fade = fades[(Math.min(1, Math.max(0, (x + 0.5 - x0) / across)) * FADES + 0.5) | 0];
    for (let y = Math.max(0, Math.floor(top)); y <= Math.min(plane.height - 1, Math.ceil(bottom) - 1); y++) {
      const hash =
        Math.imul(Math.imul(Math.floor(x - x0) >> 1, 0x9e3779b1) ^ Math.imul(y >> 1, 0x85ebca6b), 0xc2b2ae35) >>> 24;
      if (hash < 110 * fade) blend(plane, y * plane.width + x, opacity);
    }
  }
}

// Planes over one another, each in its colour, as the pixels of a picture with its opacity not multiplied in.
export function composed(planes: [Plane, [number, number, number]][], width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  const out = image.data;
  for (let k = 0, p = 0; k < width * height; k++, p += 4) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let left = 1;
    for (const [plane, [r, g, b]] of planes) {
      const amount = (plane.cover[k] / 255) * left;
      if (!amount) continue;
      red += r * amount;
      green += g * amount;
      blue += b * amount;
      left -= amount;
    }
    const opacity = 1 - left;
    if (!opacity) continue;
    out[p] = red / opacity;
    out[p + 1] = green / opacity;
    out[p + 2] = blue / opacity;
    out[p + 3] = opacity * 255;
  }
  return image;
}
