// The list of conversations: as a drawer on a small screen, with its menus, and with an undo for what was deleted.

import { announce, faultIn, parsed, post } from "./page.js";

const TOAST_MS = 10_000;
const sidebar = document.querySelector("[data-sidebar]");
const room = document.querySelector("[data-room]");

let refreshes = 0;

export async function refreshList() {
  const address = document.getElementById("conversation-list")?.dataset.list;
  if (!address || document.getElementById("words").value) return;
  const turn = (refreshes += 1);
  const response = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
  if (!response.ok || response.redirected) return;
  const fresh = parsed(await response.text());
  if (turn !== refreshes) return; // two that crossed: the later one knows more
  const list = document.getElementById("conversation-list");
  const scrolled = list.scrollTop;
  const held = list.contains(document.activeElement) && document.activeElement.closest("[data-conversation]");
  list.replaceWith(fresh);
  htmx.process(fresh);
  fresh.scrollTop = scrolled;
  if (held) linkOf(held.dataset.conversation)?.focus({ preventScroll: true });
}

function linkOf(conversation) {
  return document.querySelector(`[data-conversation="${conversation}"] > a`);
}

function openDrawer(isOpen) {
  room.classList.toggle("drawer", isOpen);
  // Over the page it is a dialog: what lies under it is out of reach, for a key as for a pointer.
  for (const under of document.querySelectorAll("[data-room-main], .bar, .skip")) under.inert = isOpen;
  for (const [name, value] of [["role", "dialog"], ["aria-modal", "true"]]) {
    isOpen ? sidebar.setAttribute(name, value) : sidebar.removeAttribute(name);
  }
  document.querySelector("[data-drawer-open]")?.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) sidebar.focus({ preventScroll: true });
  else document.querySelector("[data-drawer-open]")?.focus();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== except) menu.open = false;
}

document.addEventListener("click", (event) => {
  const open = event.target.closest("[data-drawer-open]");
  if (open && room) {
    event.preventDefault();
    openDrawer(true);
  } else if (room?.classList.contains("drawer") && (event.target.closest("[data-drawer-close]") || event.target === room)) {
    openDrawer(false);
  }
  closeMenus(event.target.closest(".menu"));
  const rename = event.target.closest("[data-rename]");
  if (rename) {
    event.preventDefault();
    edit(rename);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector(".menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (room?.classList.contains("drawer")) openDrawer(false);
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...document.querySelectorAll("#conversation-list .entry > a")];
  const at = event.target.id === "words" ? -1 : links.indexOf(event.target);
  if (at < 0 && event.target.id !== "words") return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  (next < 0 ? document.getElementById("words") : links[Math.min(next, links.length - 1)])?.focus();
});

// A menu lies over what comes next: it closes when the focus goes on.
document.addEventListener("focusin", (event) => closeMenus(event.target.closest(".menu")));

// Renaming happens where the title stands.
function edit(link) {
  const entry = link.closest(".entry");
  const shown = entry.querySelector(":scope > a");
  const title = shown.querySelector(".entry-title");
  const input = document.createElement("input");
  input.className = "input";
  input.value = title.textContent.trim();
  input.maxLength = 200;
  input.setAttribute("aria-label", sidebar.dataset.title);
  shown.hidden = true;
  entry.prepend(input);
  closeMenus();
  input.focus();
  input.select();
  let isOver = false;
  const end = async (isKept) => {
    if (isOver) return;
    isOver = true;
    const wanted = input.value.trim();
    const isNew = isKept && wanted && wanted !== title.textContent.trim();
    input.remove();
    shown.hidden = false;
    shown.focus();
    if (isNew && (await send(link.dataset.rename, { title: wanted }))) {
      title.textContent = wanted;
      const head = document.querySelector("[data-thread-title]");
      if (head && shown.hasAttribute("aria-current")) head.textContent = wanted;
      announce(sidebar.dataset.renamed);
    }
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  });
  input.addEventListener("blur", () => end(true));
}

async function send(address, fields) {
  const form = document.querySelector("[data-conversation-action]");
  const body = new FormData(form);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  try {
    const response = await fetch(address, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    if (response.ok && !response.redirected) return response;
    toast(faultIn(await response.text()));
  } catch {
    toast(sidebar.dataset.failed);
  }
  return null;
}

document.addEventListener("submit", async (event) => {
  if (event.target.matches("[data-conversation-action]")) {
    event.preventDefault();
    const button = event.submitter;
    const entry = button.closest(".entry");
    closeMenus();
    const response = await send(button.formAction, button.name ? { [button.name]: button.value } : {});
    if (!response) return;
    if (button.hasAttribute("data-delete")) return gone(entry, response);
    await refreshList();
    linkOf(entry.dataset.conversation)?.focus();
  } else if (event.target.matches("[data-undo]")) {
    event.preventDefault();
    const form = event.target;
    const response = await post(form).catch(() => null);
    if (!response?.ok || response.redirected) {
      form.closest("[data-toast]").querySelector("[role=status]").textContent = sidebar.dataset.failed;
      return;
    }
    const id = form.action.split("/").at(-2);
    form.closest("[data-toast]").remove();
    await refreshList();
    linkOf(id)?.focus();
  }
});

// Of the open conversation nothing stays: the first page says what was deleted, and how to undo it.
async function gone(entry, response) {
  const shown = parsed(await response.text());
  if (entry.querySelector(":scope > a[aria-current]")) {
    const id = entry.dataset.conversation;
    location.assign(`${document.querySelector("[data-new]").href}?deleted=${id}`);
    return;
  }
  document.querySelector("[data-toasts]").replaceChildren(shown);
  passing(shown);
  entry.remove();
  shown.querySelector("button").focus();
  await refreshList();
}

function toast(text) {
  const line = document.createElement("div");
  line.className = "toast";
  const words = document.createElement("p");
  words.setAttribute("role", "status");
  words.textContent = text;
  line.append(words);
  document.querySelector("[data-toasts]").replaceChildren(line);
  passing(line);
}

// It goes by itself, but not from under a hand or a focus.
function passing(line) {
  let timer = setTimeout(() => line.remove(), TOAST_MS);
  const wait = () => clearTimeout(timer);
  const go = () => {
    clearTimeout(timer);
    timer = setTimeout(() => line.remove(), TOAST_MS);
  };
  for (const name of ["pointerenter", "focusin"]) line.addEventListener(name, wait);
  for (const name of ["pointerleave", "focusout"]) line.addEventListener(name, go);
}

document.querySelectorAll("[data-toast]").forEach((line) => {
  passing(line);
  line.querySelector("button").focus(); // in its time it is hard to reach
  const address = new URL(location.href);
  address.searchParams.delete("deleted");
  history.replaceState(null, "", address); // a reload does not say it again
});
