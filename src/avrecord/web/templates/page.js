// Comfort only: every page works without it. A click on a moment plays from there; j, k and Enter walk a case's items.
"use strict";

const player = document.getElementById("player");

function playFrom(link) {
  if (link.dataset.clip) {
    const source = `/clip/watch?clip=${encodeURIComponent(link.dataset.clip)}`;
    if (!player.src.endsWith(source)) player.src = source;
    player.closest(".stage-player").hidden = false;
  }
  player.currentTime = Number(link.dataset.second || 0);
  player.play().catch(() => {});
  player.scrollIntoView({ block: "nearest" });
}

if (player) {
  for (const link of document.querySelectorAll("a[data-second]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      playFrom(link);
    });
  }
}

const items = [...document.querySelectorAll("tr[data-item]")];
let at = -1;

function go(step) {
  if (!items.length) return;
  at = Math.min(items.length - 1, Math.max(0, at + step));
  items.forEach((row, index) => row.classList.toggle("current", index === at));
  items[at].scrollIntoView({ block: "center" });
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea, video") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (at >= 0 && event.key === "p") items[at].querySelector("a[data-second]")?.click();
  else if (at >= 0 && event.key === "r") {
    const box = items[at].querySelector("details");
    if (box) {
      box.open = true;
      event.preventDefault();
      box.querySelector("select").focus();
    }
  }
});
