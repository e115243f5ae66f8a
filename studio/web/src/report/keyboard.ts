// The notes of a scene, or its splats, under a keyboard.

import { element } from "../play/element.ts";
import { Keyboard } from "../play/keyboard.ts";
import { listenToMidi, MidiHands } from "../play/midi.ts";
import { nearestNote, NoteVoices, type Note } from "../play/notes.ts";
import { Scope } from "../scope.ts";
import type { SceneData } from "./data.ts";

const FEWEST = 2;

// In a part of the page that is hidden where there are no notes, and plays while it is open.
export function keyboardOf(part: HTMLDetailsElement, data: SceneData, sounds: () => Promise<AudioBuffer>): void {
  const notes = notesOf(data);
  if (notes.length < FEWEST) return;
  part.hidden = false;
  let scope: Scope | null = null;
  part.addEventListener("toggle", () => {
    scope?.end();
    scope = part.open ? new Scope() : null;
    if (scope) show(part, notes, data, sounds, scope);
  });
}

function show(
  part: HTMLElement,
  notes: Note[],
  { at: [starts, lengths, gains] }: SceneData,
  sounds: () => Promise<AudioBuffer>,
  scope: Scope,
): void {
  const said = element("p", { class: "quiet", role: "status" }, `${notes.length} notes.`);
  const voices: NoteVoices = new NoteVoices(
    async (row): Promise<AudioBuffer> => {
      const [all, item] = [await sounds(), notes[row].note];
      const first = Math.round(starts[item] * all.sampleRate);
      const n = Math.max(1, Math.round(lengths[item] * all.sampleRate));
      const buffer = voices.context.createBuffer(1, n, all.sampleRate);
      // As loud as it is in the scene.
      const sound = all.getChannelData(0).subarray(first, first + n);
      buffer.getChannelData(0).set(sound.map((x) => x * gains[item]));
      return buffer;
    },
    (error) => (said.textContent = String(error)),
  );
  const hands = new MidiHands((key, velocity) => nearestNote(notes, key, velocity), voices);
  const keyboard = new Keyboard(
    { down: (key, velocity) => hands.keyDown(key, velocity), up: (key) => hands.keyUp(key) },
    scope,
  );
  const midi = element("button", { type: "button" }, "Use MIDI");
  scope.on(midi, "click", () => void listenToMidi(hands, (words) => (said.textContent = words)));
  const extras = element("div", { class: "play-extras" }, midi, said);
  part.append(keyboard.box, extras);
  scope.own(() => {
    voices.close();
    keyboard.box.remove();
    extras.remove();
  });
}

// What has a pitch: notes, or where there are none, splats. `note` is the item's number.
function notesOf({ sorts, at, end, start }: SceneData): Note[] {
  const name = sorts.note ? "note" : "splat";
  const sort = sorts[name];
  if (!sort) return [];
  const values = new Map(sort.params.map(([param], row) => [param, sort.values[row]]));
  const hz = values.get("f0_hz");
  if (!hz) return [];
  return sort.items.flatMap((item, k) =>
    hz[k] > 0 && end[item] > start[item]
      ? {
          note: item,
          pitch: 69 + 12 * Math.log2(hz[k] / 440),
          gainDb: 20 * Math.log10(Math.max(at[2][item], 1e-9)),
          sureness: values.get("sureness")?.[k] ?? 1,
        }
      : [],
  );
}
