// Whoever looks at the end of an answer that is being written goes on looking at it.
//
// Nothing moves while a button or a finger is down: what was pressed would lie elsewhere when it is let go, and the click be lost.

let isDown = false;
let owedFrom = null; // where the page was scrolled to when it was not moved

export function keepEnd(change) {
  const atEnd = owedFrom !== null || window.innerHeight + window.scrollY > document.body.scrollHeight - 160;
  change();
  if (!atEnd) return;
  if (isDown) owedFrom ??= window.scrollY;
  else goToEnd();
}

function goToEnd() {
  window.scrollTo({ top: document.body.scrollHeight });
}

function letGo() {
  isDown = false;
  // Who has scrolled meanwhile looks at something else.
  if (owedFrom !== null && owedFrom === window.scrollY) goToEnd();
  owedFrom = null;
}

document.addEventListener("pointerdown", () => (isDown = true), { capture: true });
// The click comes after it. A finger that begins to scroll cancels.
for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => setTimeout(letGo), { capture: true });
