// The list of documents, fetched anew: one at a time, and put where the list is when it has come. It asks for itself too,
// and two answers may cross.

import { noteFocus } from "./focus.js";

export const isChosen = () => document.querySelector("#documents [name=document]:checked") !== null;

let refreshing = false;
let again = false;

export async function refreshDocuments() {
  again = true;
  if (refreshing) return;
  refreshing = true;
  try {
    while (again) {
      again = false;
      await refresh();
    }
  } finally {
    refreshing = false;
  }
}

async function refresh() {
  const address = document.getElementById("documents")?.dataset.documents;
  if (!address) return;
  const response = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const html = await response.text();
  if (isChosen()) return; // a fresh list would forget what was chosen
  const documents = document.getElementById("documents");
  noteFocus(documents);
  htmx.swap(documents, html, { swapStyle: "outerHTML" });
}
