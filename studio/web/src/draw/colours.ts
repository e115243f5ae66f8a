// The colours of the style sheet, for what is drawn on a canvas.

export type Rgb = [number, number, number];

export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function rgb(colour: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/i.exec(colour)?.[1] ?? "808080";
  return [0, 2, 4].map((k) => parseInt(digits.slice(k, k + 2), 16)) as Rgb;
}

export const kindColour = (kind: string): string => colourOf(kind) || colourOf("quiet");
