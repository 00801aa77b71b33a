// The matrix of grants: a cell opens its form in a dialog, and shows what was saved without a reload.

import { say } from "./toast.js";
import { faultIn } from "./words.js";

const dialog = document.querySelector("dialog.cell");
const PART = { headers: { "X-Requested-With": "fetch" } };

async function open(cell) {
  const response = await fetch(cell.href, PART);
  const html = await response.text();
  if (!response.ok || response.redirected) return say(faultIn(html));
  dialog.innerHTML = html;
  dialog.showModal();
  dialog.querySelector("input:checked").focus();
}

async function save(form) {
  const response = await fetch(form.action, { ...PART, method: "POST", body: new FormData(form) });
  const html = await response.text();
  dialog.close();
  if (!response.ok || response.redirected) return say(faultIn(html));
  const parts = new DOMParser().parseFromString(html, "text/html");
  for (const part of parts.querySelectorAll("[id]")) place(part);
}

function place(part) {
  const old = document.getElementById(part.id);
  if (!old) return;
  old.replaceWith(part);
  if (!part.matches("[data-cell]")) return;
  const cell = part.closest("td");
  cell.classList.toggle("none", Boolean(part.querySelector(".nothing")));
  cell.classList.add("changed");
  part.focus();
}

if (dialog) {
  document.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-cell]");
    const is_plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (cell && is_plain) {
      event.preventDefault();
      open(cell);
    } else if (event.target.closest("[data-cell-close]") || event.target === dialog) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("submit", (event) => {
    // An undo of a cell goes the same way; of anything else it is a form like others.
    if (!event.target.matches("[data-cell-form], [data-take-back][action*='/access/']")) return;
    event.preventDefault();
    save(event.target);
  });
}
