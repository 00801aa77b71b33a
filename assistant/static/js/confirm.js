// Asks before what cannot be undone. Imported first: whoever listens after it sees that the answer was no.

document.addEventListener("submit", (event) => {
  const asks = event.submitter?.dataset.confirm;
  if (!asks || window.confirm(asks)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
});
