// What several of the page's parts need: to send a form, to read an answer's HTML, to say something to who listens.

export { faultIn } from "./words.js";

export function parsed(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content.firstElementChild;
}

export function post(form, address = form.action, submitter = null) {
  return fetch(address, {
    method: "POST",
    body: submitter ? new FormData(form, submitter) : new FormData(form),
    headers: { "X-Requested-With": "fetch" },
  });
}

export function announce(text) {
  const announcer = document.querySelector("[data-announcer]");
  if (announcer) announcer.textContent = text.replace(/\s+/g, " ").trim();
}

// While its form is on the way. A disabled button would lose the focus.
export function setBusy(button, isOn) {
  button.setAttribute("aria-disabled", String(isOn));
}

export function isBusy(button) {
  return button.getAttribute("aria-disabled") === "true";
}

// A button says for a moment that what it copies has been copied, to those who see and to those who listen.
export function sayCopied(button) {
  announce("");
  announce(button.dataset.copied);
  button.dataset.was ??= button.innerHTML;
  button.textContent = button.dataset.copied;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    button.innerHTML = button.dataset.was;
  }, 1600);
}

export function isField(element) {
  return Boolean(element?.closest?.("input, textarea, select, [contenteditable], dialog"));
}
