// A button in another site's page that opens an assistant:
//   <script src="https://chancery.example/static/js/widget.js" data-assistant="ID" defer></script>
// It adds one element, whose inside the page's styles do not reach, and reads nothing of the page.

(() => {
  const script = document.currentScript;
  const { assistant, label = "Ask", side = "right" } = script.dataset;
  if (!assistant) return console.error("Chancery: data-assistant is missing.");
  const address = new URL(`/embed/${encodeURIComponent(assistant)}`, script.src).href;
  const holder = document.createElement("chancery-assistant");
  const root = holder.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    button { position: fixed; bottom: 1rem; ${side === "left" ? "left" : "right"}: 1rem; z-index: 2147483000; min-height: 2.75rem; padding: 0 1.25rem;
      border: 0; border-radius: 99rem; background: #0b6b5d; color: #fff; font: 600 1rem/1 system-ui, sans-serif; cursor: pointer; }
    button:focus-visible { outline: 3px solid #0b6b5d; outline-offset: 2px; }
    iframe { position: fixed; bottom: 4.5rem; ${side === "left" ? "left" : "right"}: 1rem; z-index: 2147483000; width: min(26rem, calc(100vw - 2rem));
      height: min(40rem, calc(100vh - 6rem)); border: 1px solid #8888; border-radius: 12px; background: Canvas; box-shadow: 0 8px 32px #0004; }
    iframe[hidden] { display: none; }`);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.setAttribute("aria-expanded", "false");
  root.append(button);
  let frame = null;

  function toggle(isOpen) {
    if (isOpen && !frame) {
      frame = document.createElement("iframe");
      frame.src = address;
      frame.title = label;
      frame.allow = "clipboard-write";
      root.insertBefore(frame, button);
    }
    if (frame) frame.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) frame.focus();
  }

  button.addEventListener("click", () => toggle(!frame || frame.hidden));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && frame && !frame.hidden) {
      toggle(false);
      button.focus();
    }
  });
  document.body.append(holder);
})();
