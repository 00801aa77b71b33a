// Uploads, one request a file, so that one bad file spoils nothing. Files and whole folders are dropped anywhere.

import { noteFocus } from "./focus.js";
import { faultIn } from "./words.js";

const form = document.querySelector("[data-upload]");
const AT_ONCE = 2;
const waiting = [];
let running = 0;
let all = 0;
let done = 0;
let bad = 0;

function add(files) {
  for (const file of files) {
    all += 1;
    waiting.push([file, lineOf(file)]);
  }
  tell();
  while (running < AT_ONCE && waiting.length) next();
}

async function next() {
  const [file, line] = waiting.shift();
  running += 1;
  await send(file, line);
  running -= 1;
  tell();
  if (waiting.length) next();
  else if (!running) refreshDocuments();
}

function lineOf(file) {
  const line = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = file.name;
  line.append(name, noted(form.dataset.waits, "soft"));
  form.querySelector(".uploads").append(line);
  return line;
}

function noted(text, tone) {
  const note = document.createElement("span");
  note.className = tone;
  note.textContent = text;
  return note;
}

function send(file, line) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("files", file);
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    line.lastChild.replaceWith(bar);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    };
    request.onloadend = () => {
      if (request.status >= 200 && request.status < 300) {
        done += 1;
        line.remove();
      } else refused(file, line, faultIn(request.responseText));
      resolve();
    };
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.send(body);
  });
}

function refused(file, line, why) {
  bad += 1;
  const again = document.createElement("button");
  again.type = "button";
  again.className = "button quiet";
  again.textContent = form.dataset.again;
  again.setAttribute("aria-label", `${form.dataset.again}: ${file.name}`);
  again.addEventListener("click", () => {
    bad -= 1;
    all -= 1;
    line.remove();
    form.elements.files.focus();
    add([file]);
  });
  const said = noted(why, "failed");
  said.append(" ", again);
  line.lastChild.replaceWith(said);
}

let told = 0;
function tell() {
  const words = [form.dataset.of.replace("{done}", done).replace("{all}", all)];
  if (bad) words.push(form.dataset.refused.replace("{bad}", bad));
  form.querySelector(".uploading").textContent = words.join(", ");
  // The list keeps up, but not with every single file of a thousand.
  if (Date.now() - told < 1500) return;
  told = Date.now();
  refreshDocuments();
}

export const isChosen = () => document.querySelector("#documents [name=document]:checked") !== null;

let refreshing = false;
let again = false;

// One at a time, and put where the list is when it has come: the list asks for itself too, and two answers may cross.
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

// A folder's files, and those of its folders; `readEntries` gives a hundred at a time.
async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const one of entries) if (!one.name.startsWith(".")) files.push(...(await filesOf(one)));
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(filesOf))).flat();
}

if (form) {
  form.addEventListener("submit", (event) => {
    const files = [...form.elements.files.files];
    if (!files.length) return;
    event.preventDefault();
    form.elements.files.value = "";
    add(files);
  });
  let depth = 0;
  const over = (by) => {
    depth = Math.max(0, depth + by);
    form.classList.toggle("over", depth > 0);
  };
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => carriesFiles(event) && over(1));
  document.addEventListener("dragleave", (event) => carriesFiles(event) && over(-1));
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    over(-depth);
    add(await dropped(event.dataTransfer));
  });
}
