// Everything that a report does; each of its scenes is drawn and heard by itself. Times are seconds, frequencies Hz.

import { Scene } from "./scene.ts";

for (const root of document.querySelectorAll(".scene")) new Scene(root);

const copy = document.querySelector<HTMLElement>(".copy")!;
if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(".cite pre")!.textContent!);
    copy.textContent = "Copied";
  });
}
