// What was done and may be taken back; what was refused.

import { faultIn } from "./words.js";

export function say(text) {
  const toast = document.getElementById("toast");
  const said = document.createElement("span");
  said.textContent = text;
  toast.replaceChildren(said);
  toast.hidden = false;
}

let before = null; // what had the focus before it came into the toast
document.addEventListener("focusin", (event) => {
  const isNew = event.target.closest("#toast") && !event.relatedTarget?.closest("#toast");
  if (isNew) before = event.relatedTarget;
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dismiss]")) return;
  document.getElementById("toast").hidden = true;
  (before?.isConnected ? before : document.getElementById("main")).focus({ preventScroll: true });
});

document.addEventListener("htmx:responseError", (event) => say(faultIn(event.detail.xhr.responseText)));
