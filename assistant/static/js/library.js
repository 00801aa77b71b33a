// The list of documents: choosing many, and no refresh under a hand that is choosing.

import { isChosen, refreshDocuments } from "./uploads.js";

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

document.addEventListener("htmx:afterSettle", show);
show();
