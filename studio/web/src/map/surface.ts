// A canvas as sharp as the screen, as large as what it lies in, in a context whose unit is the style sheet's pixel.

import { FONT } from "../draw/axes.ts";

export function surface(canvas: HTMLCanvasElement): { pen: CanvasRenderingContext2D; width: number; height: number } {
  const { width, height } = canvas.parentElement!.getBoundingClientRect();
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d")!;
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.font = FONT;
  return { pen, width, height };
}
