// Comfort only: every page works without it. A click on a moment plays from there; j, k and Enter walk a case's items.
"use strict";

const player = document.getElementById("player");

function playFrom(link) {
  if (link.dataset.clip) {
    const from = player.dataset.from;
    const source = `${from}${from.includes("?") ? "&" : "?"}clip=${encodeURIComponent(link.dataset.clip)}`;
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

// A live page comes again by itself: its content is exchanged, so that nothing flickers and a reader's place is kept.
async function again() {
  const live = document.querySelector("[data-refresh]");
  if (!live) return;
  const main = document.getElementById("main");
  try {
    const answer = await fetch(location.href, { redirect: "error", headers: { "X-Avrecord-Again": "1" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    main.replaceChildren(...fresh.childNodes);
  } catch {
    if (!document.getElementById("lost")) {
      const lost = document.createElement("p");
      lost.id = "lost";
      lost.className = "warn";
      lost.setAttribute("role", "alert");
      lost.textContent = "与采集站的连接中断，下面不是现在的情况。正在重试。";
      main.prepend(lost);
    }
  }
  setTimeout(again, 1000 * Number(live.dataset.refresh));
}
if (document.querySelector("[data-refresh]")) setTimeout(again, 1000 * Number(document.querySelector("[data-refresh]").dataset.refresh));

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
