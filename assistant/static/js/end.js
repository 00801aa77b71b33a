// Whoever looks at the end of an answer that is being written goes on looking at it.
//
// Nothing moves while a button or a finger is down: what was pressed would lie elsewhere when it is let go, and the click be lost.
// What the keyboard is at stays in sight: it would be scrolled under the bar, or pushed under the question's field.

let isDown = false;
let isOwed = false; // something grew meanwhile
let leftAt = null; // where the page stands though its end is wanted; who has scrolled since looks at something else

export function keepEnd(change) {
  const isWanted = leftAt === window.scrollY || window.innerHeight + window.scrollY > document.body.scrollHeight - 160;
  const focused = seenFocus();
  change();
  isOwed = isDown;
  if (!isDown) {
    if (isWanted) window.scrollTo({ top: document.body.scrollHeight });
    focused?.scrollIntoView({ block: "nearest" });
  }
  leftAt = isWanted ? window.scrollY : null;
}

function seenFocus() {
  const at = document.activeElement;
  if (!at?.matches(".turns :is(a, button, summary, input, textarea):focus-visible")) return null;
  const { top, bottom } = at.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight ? at : null;
}

function letGo() {
  isDown = false;
  if (isOwed) keepEnd(() => {});
}

document.addEventListener("pointerdown", () => (isDown = true), { capture: true });
// The click comes after it. A finger that begins to scroll cancels.
for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => setTimeout(letGo), { capture: true });
