"use strict";
// One sound at a time; arrows go from player to player.
const players = [...document.querySelectorAll("audio")];
for (const player of players) {
  const card = player.parentElement;
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
    card.classList.add("playing");
  });
  player.addEventListener("pause", () => card.classList.remove("playing"));
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = players.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const next = Math.min(Math.max(at + step, 0), players.length - 1);
    players[next].focus();
  } else if (at >= 0 && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    const player = players[at];
    if (player.paused) {
      player.currentTime = 0;
      player.play().catch(() => {}); // or it was stopped before it began
    } else player.pause();
  }
}, true);
