// Where a part of the page gives way to a fresh one, the focus stays: on the same link or button, else on the first there is.
// What has an id is kept by htmx already.

const FOCUSABLE = "a[href], button, summary, input:not([type=hidden]), select, textarea";
let held = "";
let place = 0;

const named = (one) => [one.tagName, one.getAttribute("aria-label") ?? one.textContent.trim(), one.href ?? one.form?.action].join();
const namesakes = (part, name) => [...part.querySelectorAll(FOCUSABLE)].filter((one) => named(one) === name);

export function noteFocus(part) {
  const one = document.activeElement;
  held = part.contains(one) ? named(one) : "";
  place = Math.max(namesakes(part, held).indexOf(one), 0);
}

function giveBack(part) {
  if (!held || document.activeElement !== document.body) return;
  const fresh = part.matches(FOCUSABLE) ? [part] : [...part.querySelectorAll(FOCUSABLE)];
  const next = namesakes(part, held)[place] ?? fresh.find((one) => one.ariaPressed === "true") ?? fresh[0];
  if (!next) return; // another part of the same swap may have one
  held = "";
  next.focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeSwap", (event) => noteFocus(event.detail.target));
document.addEventListener("htmx:afterSettle", (event) => giveBack(event.target));

// A row that is wider than its place is moved along until the whole of what has the focus is seen: a browser leaves be what is
// seen in part.
document.addEventListener("focusin", (event) => {
  if (event.target.closest(".parts, .scroll")) event.target.scrollIntoView({ block: "nearest", inline: "nearest" });
});
addEventListener("load", () => { // not before there are styles, which make it one row
  for (const here of document.querySelectorAll(".parts [aria-current]")) {
    const first = here.closest(".parts").contains(document.activeElement) ? document.activeElement : here; // who was quicker is not left behind
    first.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});
