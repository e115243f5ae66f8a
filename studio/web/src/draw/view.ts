// The part of the timeline that is in view. Sizes are in the style sheet's pixels.

import { hzAt, heightOf, unwarp, warp, type AxisScale, type Band } from "./axis.ts";

const MOST_PX_PER_S = 40_000;
const LOWEST_ROLL_HZ = 20;

export class View {
  fromS = 0;
  pxPerS = 1e-9; // the whole scene, as soon as the width is known
  width = 800;
  band: Band;
  private pitches: [number, number] | null = null; // the range of notes in a piano roll, Hz

  durationS: number;
  readonly topHz: number;

  constructor(durationS: number, topHz: number) {
    this.durationS = durationS;
    this.topHz = topHz;
    this.band = { scale: "erb", lowHz: 0, highHz: topHz };
  }

  get toS(): number {
    return this.fromS + this.width / this.pxPerS;
  }

  private get leastPxPerS(): number {
    return (this.width / Math.max(this.durationS, 0.02)) * 0.98;
  }

  resize(width: number): void {
    const whole = this.pxPerS <= this.leastPxPerS * 1.001;
    this.width = Math.max(50, width);
    if (whole) this.whole();
    this.keepInside();
  }

  whole(): void {
    this.pxPerS = this.leastPxPerS;
    this.fromS = 0;
  }

  show(fromS: number, toS: number): void {
    this.pxPerS = this.width / Math.max(toS - fromS, 0.002);
    this.fromS = fromS;
    this.keepInside();
  }

  // As it was once, as far as that can be here: from … to once the width is known.
  restore({ fromS, toS, lowHz, highHz }: { fromS: number; toS: number; lowHz: number; highHz: number }): void {
    this.pxPerS = this.width / Math.max(toS - fromS, 0.002);
    this.fromS = fromS;
    const { scale } = this.band;
    this.setBand(warp(scale, lowHz), warp(scale, highHz));
    this.keepInside();
  }

  pan(px: number): void {
    this.fromS += px / this.pxPerS;
    this.keepInside();
  }

  zoom(factor: number, aroundS: number): void {
    const x = (aroundS - this.fromS) * this.pxPerS;
    this.pxPerS *= factor;
    this.keepScale();
    this.fromS = aroundS - x / this.pxPerS;
    this.keepInside();
  }

  // So that this moment is in view: where it runs out of it, the view turns over like a page.
  follow(seconds: number): boolean {
    if (seconds >= this.fromS && seconds <= this.toS - 0.02 * (this.toS - this.fromS)) return false;
    this.fromS = seconds - 0.06 * (this.toS - this.fromS);
    this.keepInside();
    return true;
  }

  zoomHz(factor: number, aroundHz: number): void {
    const height = heightOf(this.band, aroundHz);
    const low = warp(this.band.scale, this.band.lowHz);
    const span = (warp(this.band.scale, this.band.highHz) - low) / factor;
    const at = warp(this.band.scale, aroundHz);
    this.setBand(at - height * span, at + (1 - height) * span);
  }

  panHz(heights: number): void {
    const low = warp(this.band.scale, this.band.lowHz);
    const high = warp(this.band.scale, this.band.highHz);
    const least = warp(this.band.scale, this.floorHz);
    const most = warp(this.band.scale, this.topHz);
    const by = Math.min(most - high, Math.max(least - low, heights * (high - low)));
    this.setBand(low + by, high + by);
  }

  // All notes between two frequencies, on an axis of semitones.
  setRoll(lowHz: number, highHz: number): void {
    this.pitches = [Math.max(LOWEST_ROLL_HZ, lowHz), Math.min(this.topHz, highHz)];
    this.band = { scale: "log", lowHz: this.pitches[0], highHz: this.pitches[1] };
  }

  setScale(scale: AxisScale): void {
    this.pitches = null;
    this.band = { scale, lowHz: scale === "log" ? Math.min(30, this.topHz / 4) : 0, highHz: this.topHz };
  }

  get floorHz(): number {
    if (this.pitches) return Math.min(LOWEST_ROLL_HZ, this.topHz / 4);
    return this.band.scale === "log" ? Math.min(30, this.topHz / 4) : 0;
  }

  hzAt(heightFraction: number): number {
    return hzAt(this.band, heightFraction);
  }

  private setBand(low: number, high: number): void {
    const { scale } = this.band;
    const least = warp(scale, this.floorHz);
    const most = warp(scale, this.topHz);
    if (high - low < (most - least) / 40) return;
    this.band = { scale, lowHz: unwarp(scale, Math.max(least, low)), highHz: unwarp(scale, Math.min(most, high)) };
  }

  private keepScale(): void {
    this.pxPerS = Math.min(MOST_PX_PER_S, Math.max(this.leastPxPerS, this.pxPerS));
  }

  private keepInside(): void {
    this.keepScale();
    const most = Math.max(0, this.durationS * 1.02 - this.width / this.pxPerS);
    this.fromS = Math.min(most, Math.max(0, this.fromS));
  }
}
