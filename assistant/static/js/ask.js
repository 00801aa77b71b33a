// The question's box, its picker of collections, and what fills it.

document.addEventListener("click", (event) => {
  const suggestion = event.target.closest("[data-suggest]");
  if (suggestion) {
    const question = document.getElementById("question");
    question.value = suggestion.textContent.trim();
    question.dispatchEvent(new Event("input", { bubbles: true }));
    question.focus();
  }
});

// The picker lies over what comes next: it closes when hand or focus goes on.
for (const name of ["click", "focusin"]) {
  document.addEventListener(name, (event) => {
    const picker = document.querySelector("[data-picker][open]");
    if (picker && !picker.contains(event.target)) picker.open = false;
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector("[data-picker][open], [data-edit][open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  }
  const asks = event.target.name === "question" && event.target.matches("textarea");
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && asks) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

document.addEventListener("change", (event) => {
  const picker = event.target.closest("[data-picker]");
  if (picker) showPicked(picker);
  if (event.target.matches("[data-model-only]")) showMode(event.target);
});

function showPicked(picker) {
  const chosen = [...picker.querySelectorAll("input:checked")].map((input) => input.dataset.name);
  const shown = picker.querySelector("[data-picked]");
  shown.textContent = chosen.length > 2 ? `${chosen.length} ${shown.dataset.some}` : chosen.join(", ") || shown.dataset.all;
}

// Where no documents are read there is nothing to choose from.
function showMode(box) {
  const picker = box.form.querySelector("[data-picker]");
  if (picker) picker.hidden = box.checked;
}

// Where a style sheet cannot make a box grow with its text.
if (!CSS.supports("field-sizing", "content")) {
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-grows]")) return;
    event.target.style.height = "auto";
    event.target.style.height = `${event.target.scrollHeight + 2}px`;
  });
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches("[data-edit][open]")) {
    const box = event.target.querySelector("textarea");
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }
}, true);

// Another form leads to a page of its own: what was typed and not asked yet stands in the box again after it.
const DRAFT = "chancery-draft";
const box = document.getElementById("question");
// At the window, where every script of the page that sends the form itself has said so.
window.addEventListener("submit", (event) => {
  const form = event.target;
  if (form === box?.form) draft((kept) => kept.removeItem(DRAFT));
  else if (!event.defaultPrevented && form.method === "post" && !form.matches("[data-no-draft]")) keepDraft();
});
draft((kept) => {
  if (box) box.value ||= kept.getItem(DRAFT) ?? "";
  if (box || document.querySelector("[name=password]")) kept.removeItem(DRAFT); // the next person's is another page
});

export function keepDraft() {
  if (box?.value) draft((kept) => kept.setItem(DRAFT, box.value));
}

function draft(act) {
  try {
    act(sessionStorage);
  } catch {
    // A browser that keeps nothing for this page.
  }
}

document.querySelectorAll("[data-picker]").forEach(showPicked);
document.querySelectorAll("[data-model-only]").forEach(showMode);
