// An instrument and its score as pictures: modes by frequency and decay time, strikes by time and control.

import { colourOf } from "../draw/colours.ts";
import { surface } from "../map/surface.ts";
import { loudnessOf } from "./panel.ts";
import type { Instrument } from "./document.ts";

const [LEFT, BOTTOM, TOP, RIGHT] = [46, 22, 8, 8];

type Scale = (value: number) => number;

function logarithmic(low: number, high: number, from: number, to: number): Scale {
  const [a, b] = [Math.log(low), Math.log(Math.max(high, low * 1.01))];
  return (value) => from + ((Math.log(Math.max(value, 1e-9)) - a) / (b - a)) * (to - from);
}

export function drawModes(canvas: HTMLCanvasElement, { modes, controls }: Instrument): void {
  const { pen, width, height } = surface(canvas);
  pen.clearRect(0, 0, width, height);
  const { frequency_hz, t60_s } = modes;
  const strength = frequency_hz.map(() => 0);
  for (const { modes: struck, re, im } of controls)
    struck.forEach((m, k) => (strength[m] = Math.max(strength[m], re[k] ** 2 + im[k] ** 2)));
  const most = Math.max(...strength, 1e-30);
  const x = logarithmic(Math.max(20, Math.min(...frequency_hz)), Math.max(...frequency_hz), LEFT, width - RIGHT);
  const y = logarithmic(Math.max(1e-3, Math.min(...t60_s)), Math.max(...t60_s), height - BOTTOM, TOP);
  const ticks = (values: number[], word: (value: number) => string) =>
    values.map((value) => ({ value, word: word(value) }));
  frame(pen, width, height);
  for (const { value, word } of ticks([50, 100, 200, 500, 1000, 2000, 5000, 10000], spokenHz)) {
    if (x(value) > LEFT && x(value) < width - RIGHT - 16) label(pen, word, x(value), height - 5, "center");
  }
  for (const { value, word } of ticks([0.001, 0.01, 0.1, 1, 10, 100], (s) => `${s} s`)) {
    if (y(value) > TOP && y(value) < height - BOTTOM) label(pen, word, LEFT - 6, y(value) + 4, "right");
  }
  pen.fillStyle = colourOf("strike") || colourOf("accent");
  pen.globalAlpha = 0.6;
  frequency_hz.forEach((hz, m) => {
    pen.beginPath();
    pen.arc(x(hz), y(t60_s[m]), 1.5 + 5 * Math.max(0, 1 + Math.log10(Math.max(strength[m], 1e-30) / most) / 6), 0, 7);
    pen.fill();
  });
  pen.globalAlpha = 1;
}

export function drawStrikes(canvas: HTMLCanvasElement, instrument: Instrument, nowS: number): void {
  const { pen, width, height } = surface(canvas);
  pen.clearRect(0, 0, width, height);
  const { strikes, controls, duration_s } = instrument;
  const loudness = loudnessOf(instrument);
  const power = strikes.control.map((control, i) => loudness[control] * strikes.amplitude[i] ** 2);
  const most = Math.max(...power, 1e-30);
  const x: Scale = (s) => LEFT + (s / Math.max(duration_s, 1e-3)) * (width - LEFT - RIGHT);
  const y: Scale = (control) => TOP + (1 - (control + 0.5) / controls.length) * (height - TOP - BOTTOM);
  frame(pen, width, height);
  const step = 10 ** Math.floor(Math.log10(Math.max(duration_s, 1e-3) / 2));
  for (let s = 0; x(s) < width - RIGHT - 16; s += step) label(pen, `${+s.toFixed(3)} s`, x(s), height - 5, "center");
  label(pen, "control", LEFT + 6, TOP + 16, "left");
  pen.fillStyle = colourOf("strike") || colourOf("accent");
  strikes.time_s.forEach((s, i) => {
    pen.globalAlpha = 0.25 + 0.75 * Math.max(0, 1 + Math.log10(Math.max(power[i], 1e-30) / most) / 5);
    pen.fillRect(x(s) - 1.5, y(strikes.control[i]) - 5, 3, 10);
  });
  pen.globalAlpha = 1;
  if (nowS >= 0) {
    pen.fillStyle = colourOf("chosen");
    pen.fillRect(x(nowS) - 1, TOP, 2, height - TOP - BOTTOM);
  }
}

function frame(pen: CanvasRenderingContext2D, width: number, height: number): void {
  pen.strokeStyle = colourOf("line");
  pen.lineWidth = 1;
  pen.strokeRect(LEFT + 0.5, TOP + 0.5, width - LEFT - RIGHT - 1, height - TOP - BOTTOM - 1);
}

function label(pen: CanvasRenderingContext2D, words: string, x: number, y: number, align: CanvasTextAlign): void {
  pen.fillStyle = colourOf("quiet");
  pen.textAlign = align;
  pen.fillText(words, x, y);
}

const spokenHz = (hz: number): string => (hz >= 1000 ? `${hz / 1000} kHz` : `${hz} Hz`);
