// What a page does beyond links and forms: streaming, sources, uploads. Without it every form still works.
"use strict";

const words = document.body.dataset;

// --- Answers that are being written

function follow(article) {
  const address = article.dataset.answer;
  const text = article.querySelector("[data-text]");
  const status = article.querySelector("[data-status]");
  let stream;

  const settle = async () => {
    stream.close();
    try {
      const response = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const fresh = parsed(await response.text());
      if (fresh.hasAttribute("data-live")) return retry();
      article.replaceWith(fresh);
    } catch {
      retry();
    }
  };
  const retry = () => {
    status.textContent = words.lost;
    setTimeout(open, 3000);
  };
  const open = () => {
    stream = new EventSource(`${address}/stream`);
    stream.addEventListener("segment", (event) => add(text, JSON.parse(event.data), status));
    stream.addEventListener("status", (event) => tell(status, JSON.parse(event.data)));
    stream.addEventListener("done", settle);
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) settle();
      else status.textContent = words.lost;
    });
  };
  open();
}

function parsed(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content.firstElementChild;
}

function add(text, segment, status) {
  // After a reconnect the server may begin again: what is there already stays as it is.
  if (text.querySelector(`[data-ordinal="${Number(segment.ordinal)}"]`)) return;
  const atEnd = window.innerHeight + window.scrollY > document.body.scrollHeight - 160;
  text.insertAdjacentHTML("beforeend", segment.html);
  status.textContent = status.dataset.running;
  if (atEnd) window.scrollTo({ top: document.body.scrollHeight });
}

function tell(status, news) {
  const line = status.dataset[news.status];
  if (line) status.textContent = news.position ? `${line} (${news.position} ${status.dataset.ahead})` : line;
}

// --- The source beside the answer

let opener = null;

async function showSource(button) {
  const panel = document.getElementById("source");
  closeSource(false);
  opener = button;
  button.setAttribute("aria-expanded", "true");
  const response = await fetch(button.dataset.source, { headers: { "X-Requested-With": "fetch" } });
  const html = await response.text();
  if (opener !== button) return;
  const body = panel.querySelector("[data-source-body]");
  if (response.ok && !response.redirected) body.innerHTML = html;
  else body.textContent = faultIn(html);
  const marker = panel.querySelector("[data-marker-shown]");
  if (marker && button.dataset.marker) marker.textContent = ` ${button.dataset.marker}`;
  panel.hidden = false;
  panel.closest("[data-desk]").classList.add("open");
  highlight(panel.querySelector("[data-passage]"), button.dataset.quote);
  panel.focus({ preventScroll: true });
}

function closeSource(refocus) {
  const panel = document.getElementById("source");
  if (!panel || panel.hidden) return;
  panel.hidden = true;
  panel.closest("[data-desk]").classList.remove("open");
  if (!opener) return;
  opener.setAttribute("aria-expanded", "false");
  if (refocus) opener.focus();
  opener = null;
}

function highlight(passage, quote) {
  if (!passage || !quote) return;
  const text = passage.textContent;
  // White space may have been folded on the way into the quote.
  const pattern = quote.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const found = new RegExp(pattern, "i").exec(text);
  if (!found) return;
  const mark = document.createElement("mark");
  mark.textContent = found[0];
  passage.replaceChildren(text.slice(0, found.index), mark, text.slice(found.index + found[0].length));
  mark.scrollIntoView({ block: "nearest" });
}

function faultIn(html) {
  const fault = new DOMParser().parseFromString(html, "text/html").querySelector("[data-fault]");
  return fault ? fault.textContent : words.uploadFailed;
}

// --- Uploads, one request a file, so that one bad file spoils nothing

async function upload(form, files) {
  const list = form.querySelector(".uploads");
  const lines = files.map((file) => {
    const line = document.createElement("li");
    const name = document.createElement("span");
    const bar = document.createElement("progress");
    name.textContent = file.name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    line.append(name, bar);
    list.append(line);
    return line;
  });
  for (const [index, file] of files.entries()) await send(form, file, lines[index]);
}

function send(form, file, line) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("files", file);
    const bar = line.querySelector("progress");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    };
    request.onloadend = () => {
      const done = request.status >= 200 && request.status < 300;
      const note = document.createElement("span");
      note.className = done ? "soft" : "failed";
      note.textContent = done ? words.uploaded : faultIn(request.responseText);
      bar.replaceWith(note);
      if (done) refreshDocuments();
      resolve();
    };
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.send(body);
  });
}

function refreshDocuments() {
  const documents = document.getElementById("documents");
  if (documents) htmx.ajax("GET", documents.dataset.documents, { target: "#documents", swap: "outerHTML" });
}

// --- Listening

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  const source = on("[data-source]");
  if (source) return source === opener ? closeSource(true) : showSource(source);
  if (on("[data-close]")) return closeSource(true);
  const suggestion = on("[data-suggest]");
  if (suggestion) {
    const question = document.getElementById("question");
    question.value = suggestion.textContent.trim();
    return question.focus();
  }
  const demo = on("[data-demo-email]");
  if (demo) {
    const form = document.querySelector("form [name=password]").form;
    form.elements.email.value = demo.dataset.demoEmail;
    form.elements.password.value = demo.dataset.demoPassword;
    return form.querySelector("[type=submit]").focus();
  }
  const picker = document.querySelector("[data-picker][open]");
  if (picker && !picker.contains(event.target)) picker.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.querySelector("[data-picker][open]")?.removeAttribute("open");
    closeSource(true);
  }
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.id === "question") {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const asks = event.submitter?.dataset.confirm;
  if (asks && !window.confirm(asks)) return event.preventDefault();
  if (form.matches("[data-stop]")) {
    event.preventDefault();
    event.submitter.disabled = true;
    fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } }).catch(() => {
      event.submitter.disabled = false;
    });
  }
  if (form.matches("[data-ask]")) form.querySelector("[type=submit]").disabled = true;
  if (form.matches("[data-upload]")) {
    event.preventDefault();
    const files = [...form.elements.files.files];
    form.elements.files.value = "";
    upload(form, files);
  }
});

document.addEventListener("change", (event) => {
  const picker = event.target.closest("[data-picker]");
  if (picker) showPicked(picker);
});

function showPicked(picker) {
  const chosen = [...picker.querySelectorAll("input:checked")].map((input) => input.dataset.name);
  const shown = picker.querySelector("[data-picked]");
  shown.textContent = chosen.length > 2 ? `${chosen.length} ${shown.dataset.some}` : chosen.join(", ") || shown.dataset.all;
}

for (const drop of document.querySelectorAll("[data-upload]")) {
  const over = (event) => {
    event.preventDefault();
    drop.classList.toggle("over", event.type === "dragover");
  };
  drop.addEventListener("dragover", over);
  drop.addEventListener("dragleave", over);
  drop.addEventListener("drop", (event) => {
    over(event);
    upload(drop, [...event.dataTransfer.files]);
  });
}

// A page that the browser kept, shown again by "back", has its buttons as they were left.
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-ask] [type=submit]")) button.disabled = false;
});

document.querySelectorAll("[data-live]").forEach(follow);
document.querySelectorAll("[data-picker]").forEach(showPicked);
const last = [...document.querySelectorAll(".exchange")].at(-1);
if (last && !location.hash) last.scrollIntoView();
