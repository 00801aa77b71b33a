// The source beside the answer: the place itself, with what was quoted marked.

import { faultIn } from "./words.js";

let opener = null;

async function showSource(link) {
  const panel = document.getElementById("source");
  closeSource(false);
  opener = link;
  link.setAttribute("aria-expanded", "true");
  const body = panel.querySelector("[data-source-body]");
  body.replaceChildren();
  panel.hidden = false;
  panel.closest("[data-desk]").classList.add("open");
  await load(panel, link.href, () => opener === link);
  if (opener !== link) return;
  const marker = panel.querySelector("[data-marker-shown]");
  if (marker && link.dataset.marker) marker.textContent = ` ${link.dataset.marker}`;
  panel.focus({ preventScroll: true });
}

async function showAround(link) {
  const panel = document.getElementById("source");
  const shown = opener;
  await load(panel, link.href, () => opener === shown);
  if (opener === shown) panel.focus({ preventScroll: true });
}

// Where another source has been opened before the answer came, that one stays.
async function load(panel, address, isWanted) {
  const body = panel.querySelector("[data-source-body]");
  let html = "";
  let isThere = false;
  try {
    const response = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    html = await response.text();
    isThere = response.ok && !response.redirected;
  } catch {
    // Said by the words below.
  }
  if (!isWanted()) return;
  if (isThere) body.innerHTML = html;
  else body.textContent = faultIn(html);
  panel.querySelector("[data-quoted]")?.scrollIntoView({ block: "nearest" });
}

function closeSource(refocus) {
  const panel = document.getElementById("source");
  if (!panel || panel.hidden) return;
  panel.hidden = true;
  panel.closest("[data-desk]").classList.remove("open");
  if (!opener) return;
  opener.setAttribute("aria-expanded", "false");
  if (refocus) opener.focus();
  opener = null;
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a window of its own
  const source = event.target.closest("[data-source]");
  const around = event.target.closest("#source [data-around]");
  if (source || around) event.preventDefault();
  if (source) source === opener ? closeSource(true) : showSource(source);
  else if (around) showAround(around);
  else if (event.target.closest("[data-close]")) closeSource(true);
});

// Where it lies over the answer it goes when the focus does: what has the focus is not to be covered.
const liesOver = window.matchMedia("(max-width: 63.99rem)");
document.addEventListener("focusin", (event) => {
  if (liesOver.matches && opener && !event.target.closest("#source, dialog")) closeSource(false);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) closeSource(true);
});
