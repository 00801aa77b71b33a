// Saved prompts in the question's box: a slash offers them, and what stands in braces is gone through with Tab.

import { parsed } from "./page.js";

const WAIT_MS = 150;
const box = document.getElementById("question");
const opener = document.querySelector("[data-prompts]");
const holder = document.querySelector("[data-offered]");
let timer;
let asked = 0;

const list = () => holder?.querySelector("[role=listbox]");
const options = () => [...(list()?.querySelectorAll("[role=option]") ?? [])];

if (box && opener && holder) {
  box.addEventListener("input", () => {
    clearTimeout(timer);
    if (!box.value.startsWith("/") || box.value.includes("\n")) return close();
    timer = setTimeout(() => offer(box.value.slice(1)), WAIT_MS);
  });
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    box.focus();
    holder.firstElementChild ? close() : offer("");
  });
  holder.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault(); // the box keeps the focus
    insert(option.dataset.prompt);
  });
  // Before the box's own Enter, which asks.
  document.addEventListener("keydown", onKey, true);
}

async function offer(words) {
  const turn = (asked += 1);
  const response = await fetch(`${opener.dataset.prompts}?q=${encodeURIComponent(words)}`, {
    headers: { "X-Requested-With": "fetch" },
  }).catch(() => null);
  if (!response?.ok || response.redirected || turn !== asked) return;
  holder.replaceChildren(parsed(await response.text()));
  mark(options()[0]);
}

function close() {
  asked += 1;
  holder.replaceChildren();
  box.removeAttribute("aria-activedescendant");
  box.removeAttribute("aria-controls");
}

function mark(option) {
  if (!option) return;
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  box.setAttribute("aria-controls", "offered-list");
  box.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.target !== box || event.isComposing) return;
  const open = options();
  const at = open.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const does = {
    ArrowDown: () => mark(open[(at + 1) % open.length]),
    ArrowUp: () => mark(open[(at - 1 + open.length) % open.length]),
    Enter: () => insert(open[at].dataset.prompt),
  };
  if (holder.firstElementChild && event.key === "Escape") {
    stop(event);
    close();
  } else if (open.length && !event.shiftKey && does[event.key]) {
    stop(event);
    does[event.key]();
  } else if (event.key === "Tab" && !event.shiftKey && !holder.firstElementChild && next(box.selectionEnd)) {
    stop(event);
  }
}

function stop(event) {
  event.preventDefault();
  event.stopPropagation();
}

function insert(text) {
  close();
  box.value = text;
  box.dataset.filling = "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  if (!next(0)) box.setSelectionRange(text.length, text.length);
}

// Marks the next place that is to be filled in; of a text that was typed, none is.
function next(from) {
  if (!("filling" in box.dataset)) return false;
  const place = /\{[^{}\n]{1,60}\}/g;
  place.lastIndex = from;
  const found = place.exec(box.value);
  if (!found) {
    delete box.dataset.filling;
    return false;
  }
  box.focus();
  box.setSelectionRange(found.index, found.index + found[0].length);
  return true;
}
