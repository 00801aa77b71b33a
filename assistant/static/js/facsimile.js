// The page of a document: what was cited comes into sight once the picture is there, and the arrow keys turn the page.

import { isField } from "./page.js";

const figure = document.querySelector("[data-facsimile]");

function showMark() {
  const mark = figure.querySelector("rect");
  if (mark && !location.hash) mark.scrollIntoView({ block: "center" });
}

if (figure) {
  const picture = figure.querySelector("img");
  if (picture.complete) showMark();
  else picture.addEventListener("load", showMark, { once: true });
}

const turns = { ArrowLeft: "prev", ArrowRight: "next" };

document.addEventListener("keydown", (event) => {
  if (!figure || !turns[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (isField(event.target) || event.target.closest(".scroll")) return;
  document.querySelector(`a[rel="${turns[event.key]}"]`)?.click();
});
