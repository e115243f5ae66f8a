// By what events and items can be coloured, in words.

import type { EventColours } from "../draw/event_colours.ts";

export const BY: Record<EventColours, string> = {
  kind: "Kind",
  level: "Level",
  window: "Length",
  note: "Note",
  part: "Part",
};
