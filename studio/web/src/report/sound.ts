// What is heard of a scene: one of its tracks from a place on, or one event alone. Of all scenes of a page one sounds
// at a time.

import { clamp, type SceneData } from "./data.ts";

let context: AudioContext | null = null;
let stopOthers: () => void = () => {};

function ready(): AudioContext {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return context;
}

function bytesOf(url: string): ArrayBuffer {
  const text = atob(url.slice(url.indexOf(",") + 1));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
}

export class Sound {
  positionS = 0;
  private track: AudioBufferSourceNode | null = null;
  private single: AudioBufferSourceNode | null = null;
  private began = 0; // when the scene would have begun, s on the context's clock
  private ticket = 0; // of what was asked for last
  private buffers = new Map<string, Promise<AudioBuffer>>();

  private root: Element;
  private data: SceneData;
  private changed: () => void;

  constructor(root: Element, data: SceneData, changed: () => void) {
    this.root = root;
    this.data = data;
    this.changed = changed;
    for (const player of root.querySelectorAll("audio")) player.addEventListener("play", () => stopOthers());
  }

  get playing(): boolean {
    return this.track !== null;
  }

  private buffer(name: string): Promise<AudioBuffer> {
    let held = this.buffers.get(name);
    if (!held) {
      const url = this.root.querySelector<HTMLAudioElement>(`audio[data-track="${name}"]`)!.src;
      this.buffers.set(name, (held = ready().decodeAudioData(bytesOf(url))));
    }
    return held;
  }

  // The sounds of all items, one after the other.
  events(): Promise<AudioBuffer> {
    return this.buffer("events");
  }

  async play(track: string, at: number): Promise<void> {
    stopOthers();
    stopOthers = () => this.pause();
    const ticket = this.halt();
    for (const player of document.querySelectorAll("audio")) player.pause();
    const audio = ready();
    this.showPlaying(true);
    const buffer = await this.buffer(track);
    if (ticket !== this.ticket) return;
    this.positionS = at >= this.data.seconds - 0.01 ? 0 : at;
    this.track = this.start(buffer, this.positionS, undefined, 1);
    this.began = audio.currentTime - this.positionS;
    this.track.onended = () => {
      if (ticket !== this.ticket) return;
      this.pause();
      this.positionS = 0;
      this.changed();
    };
    this.follow(ticket);
  }

  // One event, as loud as the loudest or, not raised, as it is in the scene.
  async hear(item: number, raised: boolean): Promise<void> {
    this.pause();
    stopOthers();
    stopOthers = () => this.pause();
    const ticket = this.ticket;
    const buffer = await this.buffer("events");
    if (ticket !== this.ticket) return;
    const [starts, lengths, gains] = this.data.at;
    this.single = this.start(buffer, starts[item], lengths[item], raised ? 1 : gains[item]);
  }

  pause(): void {
    this.halt();
    this.showPlaying(false);
    this.changed();
  }

  // Where the track is now.
  read(): number {
    if (this.track) this.positionS = clamp(context!.currentTime - this.began, 0, this.data.seconds);
    return this.positionS;
  }

  private start(buffer: AudioBuffer, offset: number, seconds: number | undefined, gain: number): AudioBufferSourceNode {
    const audio = ready();
    const source = audio.createBufferSource();
    const volume = audio.createGain();
    source.buffer = buffer;
    volume.gain.value = gain;
    source.connect(volume).connect(audio.destination);
    source.start(0, offset, seconds);
    return source;
  }

  private halt(): number {
    if (this.track) {
      this.read();
      this.track.onended = null;
      this.track.stop();
      this.track = null;
    }
    this.single?.stop();
    this.single = null;
    return ++this.ticket;
  }

  private showPlaying(is: boolean): void {
    const button = this.root.querySelector(".play")!;
    button.classList.toggle("on", is);
    button.setAttribute("aria-label", is ? "Pause" : "Play");
  }

  private follow(ticket: number): void {
    if (ticket !== this.ticket || !this.track) return;
    this.read();
    this.changed();
    if (still.matches) setTimeout(() => this.follow(ticket), 250);
    else requestAnimationFrame(() => this.follow(ticket));
  }
}

const still = matchMedia("(prefers-reduced-motion: reduce)");
