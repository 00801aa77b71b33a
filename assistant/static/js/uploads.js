// Uploads, one request a file, so that one bad file spoils nothing. Files and whole folders are dropped anywhere, or chosen.

import { refreshDocuments } from "./documents.js";
import { faultIn, words } from "./words.js";

const form = document.querySelector("[data-upload]");
const AT_ONCE = 3;
const REFUSED = "refused";
const lines = new Set(); // of this page's uploads: what each is about, and how it stands
const waiting = [];
let running = 0;

const counted = (...states) => [...lines].filter((line) => states.includes(line.state)).length;

// `path` has the folders that a file came in; it is empty for one that came alone.
function add(files) {
  for (const [file, path] of files) waiting.push(lineOf(file, path));
  tell();
  work();
}

function work() {
  while (running < AT_ONCE && waiting.length) send(waiting.shift());
  if (!running && !waiting.length) refreshDocuments();
}

function lineOf(file, path) {
  const line = { file, path, name: path || file.name, state: "waits", item: document.createElement("li"), request: null };
  const name = document.createElement("span");
  name.textContent = line.name;
  line.item.append(name, document.createElement("span"));
  lines.add(line);
  form.querySelector(".uploads").append(line.item);
  say(line, "waits", noted(form.dataset.waits, "soft"), buttonFor(line, form.dataset.cancel, cancel));
  return line;
}

function say(line, state, ...parts) {
  line.state = state;
  const held = line.item.contains(document.activeElement);
  line.item.lastChild.replaceChildren(...parts);
  // Whoever pressed a button of the line goes on from there.
  if (held) (line.item.querySelector("button") ?? form.querySelector(".uploads")).focus();
}

function noted(text, tone) {
  const note = document.createElement("span");
  note.className = tone;
  note.textContent = text;
  return note;
}

function buttonFor(line, label, does) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet";
  button.textContent = label;
  button.setAttribute("aria-label", `${label}: ${line.name}`);
  button.addEventListener("click", () => does(line));
  return button;
}

function send(line) {
  const request = (line.request = new XMLHttpRequest());
  const body = new FormData();
  body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.append("path", line.path);
  body.append("files", line.file);
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", line.name);
  running += 1;
  say(line, "sends", bar, buttonFor(line, form.dataset.cancel, cancel));
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  };
  request.onloadend = () => {
    running -= 1;
    ended(line, request);
    tell();
    work();
  };
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "fetch");
  request.send(body);
}

function ended(line, request) {
  if (line.state === "cancelled") return;
  if (request.status < 200 || request.status >= 300) {
    const why = request.status ? faultIn(request.responseText) : words.uploadFailed;
    say(line, REFUSED, noted(why, "failed"), buttonFor(line, form.dataset.again, again));
    return;
  }
  const outcome = JSON.parse(request.responseText).documents[0].outcome;
  if (outcome === "unchanged") say(line, "same", noted(form.dataset.unchanged, "soft"));
  else {
    line.state = "done";
    line.item.remove();
  }
}

function cancel(line) {
  const at = waiting.indexOf(line);
  if (at >= 0) waiting.splice(at, 1);
  say(line, "cancelled", noted(form.dataset.cancelled, "soft"), buttonFor(line, form.dataset.again, again));
  if (at < 0) line.request.abort();
  tell();
}

function again(line) {
  say(line, "waits", noted(form.dataset.waits, "soft"), buttonFor(line, form.dataset.cancel, cancel));
  waiting.push(line);
  tell();
  work();
}

let told = 0;
function tell() {
  const said = { done: counted("done", "same"), all: lines.size, bad: counted(REFUSED), same: counted("same") };
  const fill = (text) => text.replace(/\{(\w+)\}/g, (_, name) => said[name]);
  const parts = [form.dataset.of, said.same && form.dataset.same, said.bad && form.dataset.refused];
  form.querySelector(".sent").hidden = !lines.size;
  form.querySelector(".uploading").textContent = parts.filter(Boolean).map(fill).join(", ");
  form.querySelector("[data-retry-all]").hidden = said.bad < 2;
  form.querySelector("[data-cancel-all]").hidden = counted("waits", "sends") < 2;
  // The list keeps up, but not with every single file of a thousand.
  if (Date.now() - told < 1500) return;
  told = Date.now();
  refreshDocuments();
}

// A folder's files, and those of its folders; `readEntries` gives a hundred at a time. What a system hides is left out.
async function filesOf(entry, folder = "") {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [[file, folder && folder + file.name]];
  }
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const one of entries) if (!one.name.startsWith(".")) files.push(...(await filesOf(one, `${folder}${entry.name}/`)));
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file, ""]);
  return (await Promise.all(entries.map((entry) => filesOf(entry)))).flat();
}

const chosen = (field) => {
  const files = [...field.files].filter((file) => !file.webkitRelativePath.split("/").some((part) => part.startsWith(".")));
  field.value = "";
  return files.map((file) => [file, file.webkitRelativePath]);
};

if (form) {
  const folder = form.querySelector("[data-folder]");
  folder.hidden = false;
  folder.querySelector("input").addEventListener("change", (event) => add(chosen(event.target)));
  form.addEventListener("submit", (event) => {
    if (!form.elements.files.files.length) return;
    event.preventDefault();
    add(chosen(form.elements.files));
  });
  form.querySelector("[data-retry-all]").addEventListener("click", () => {
    for (const line of [...lines].filter((one) => one.state === REFUSED)) again(line);
  });
  form.querySelector("[data-cancel-all]").addEventListener("click", () => {
    for (const line of [...lines].filter((one) => one.state === "waits" || one.state === "sends")) cancel(line);
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
