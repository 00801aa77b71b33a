// What was open to an officer closes on the screen when its time is over, as it does on the server.

const open = document.querySelector("[data-open-until]");
if (open) {
  const left = Date.parse(open.dataset.openUntil) - Date.now();
  setTimeout(() => window.location.replace(window.location.href), Math.max(left, 0) + 1000);
}
