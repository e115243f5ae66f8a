// The colours of the style sheet and of kinds of event, for what is drawn on a canvas.

import type { Kind } from "../api.ts";

export type Rgb = [number, number, number];

export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function rgb(colour: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/i.exec(colour)?.[1] ?? "808080";
  return [0, 2, 4].map((k) => parseInt(digits.slice(k, k + 2), 16)) as Rgb;
}

export const isDark = (): boolean => matchMedia("(prefers-color-scheme: dark)").matches;

export const kindColour = ({ colour }: Kind): string => (isDark() ? colour.dark : colour.light);

// In either scheme, for elements.
export const kindPaint = (kind: Kind | undefined): string =>
  kind ? `light-dark(${kind.colour.light}, ${kind.colour.dark})` : "var(--quiet)";
