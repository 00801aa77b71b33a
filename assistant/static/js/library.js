// The list of documents: choosing many, and no refresh under a hand that is choosing.

import { isChosen, refreshDocuments } from "./documents.js";
import { announce } from "./page.js";

function show() {
  for (const all of document.querySelectorAll("[data-choose-all]")) all.hidden = false;
}

document.addEventListener("change", (event) => {
  if (!event.target.closest("[data-choose-all]")) return;
  for (const box of document.querySelectorAll("#documents [name=document]")) box.checked = event.target.checked;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "documents" && isChosen()) event.preventDefault();
});

// Whoever comes back sees the list as it is, and not as it was when they left: what the browser had not kept, it fetched.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) refreshDocuments();
});

// What is under way is told to who listens where it has come a good part further, and not with every look.
let told = document.querySelector("[data-told]")?.dataset.told;
function tell() {
  const now = document.querySelector("[data-told]")?.dataset.told;
  if (now && now !== told) announce(now);
  told = now;
}

document.addEventListener("htmx:afterSettle", show);
document.addEventListener("htmx:afterSettle", tell);
show();
