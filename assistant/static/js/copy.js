// Into the clipboard: an answer with its numbered sources, and a value that the page shows. Where a page may not write there
// an answer is shown to be copied by hand, and a value has no button.

import { sayCopied } from "./page.js";

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-copy]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const response = await fetch(link.href, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!response?.ok || response.redirected) return location.assign(link.href);
  const text = await response.text();
  if (!(await written(text)) && !copiedByCommand(text)) return show(link, text);
  sayCopied(link);
  link.focus({ preventScroll: true });
});

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no clipboard outside HTTPS, or not allowed
  }
}

function copiedByCommand(text) {
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "for-readers";
  document.body.append(box);
  box.select();
  const isCopied = document.execCommand("copy");
  box.remove();
  return isCopied;
}

function show(link, text) {
  const dialog = document.createElement("dialog");
  dialog.className = "help";
  const words = document.createElement("p");
  words.textContent = link.dataset.select;
  const box = document.createElement("textarea");
  box.className = "input copy-text";
  box.readOnly = true;
  box.value = text;
  box.setAttribute("aria-label", link.dataset.select);
  dialog.append(words, box, document.querySelector("[data-help] form").cloneNode(true)); // the one that closes
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus({ preventScroll: true });
  });
  dialog.showModal();
  box.select();
}

for (const button of document.querySelectorAll("[data-copy-from]")) {
  if (!navigator.clipboard) {
    button.remove(); // there is none outside HTTPS and loopback, and its place is not kept
    continue;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    const shown = document.getElementById(button.dataset.copyFrom);
    shown.select?.();
    if (await written(shown.value ?? shown.textContent)) sayCopied(button);
  });
}
