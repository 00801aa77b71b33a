// Single keys, for whoever likes them: never in a field, and off where they are in the way.

import { isField } from "./page.js";

const OFF = "chancery-shortcuts-off";
const help = document.querySelector("[data-help]");
const box = document.querySelector("[data-shortcuts-on]");

const keys = {
  "/": () => document.getElementById("question")?.focus(),
  n: () => document.querySelector("[data-new]")?.click(),
  s: () => {
    const search = document.getElementById("words");
    if (search && !search.offsetParent) document.querySelector("[data-drawer-open]")?.click();
    search?.focus();
  },
  j: () => step(1),
  k: () => step(-1),
  "?": () => help?.showModal(),
};

function step(by) {
  const turns = [...document.querySelectorAll(".exchange")];
  const held = turns.findIndex((turn) => turn.contains(document.activeElement));
  const seen = turns.findIndex((turn) => turn.getBoundingClientRect().bottom > 80);
  const at = held >= 0 ? held + by : seen;
  const next = turns[Math.max(0, Math.min(at, turns.length - 1))];
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function isOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false; // no storage, no choice to remember
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isField(event.target) || !keys[event.key] || isOff()) return;
  event.preventDefault();
  keys[event.key]();
});

if (box) {
  box.checked = !isOff();
  box.addEventListener("change", () => {
    try {
      box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1");
    } catch {
      box.checked = true;
    }
  });
}
