// Answers that are being written, questions that are asked, and asked again, without leaving the page.

import { keepDraft } from "./ask.js";
import { keepEnd } from "./end.js";
import { announce, faultIn, isBusy, parsed, post, setBusy } from "./page.js";
import { refreshList } from "./sidebar.js";
import { words } from "./words.js";

function follow(article) {
  const address = article.dataset.answer;
  const text = article.querySelector("[data-text]");
  const status = article.querySelector("[data-status]");
  let stream;
  article.dataset.followed = "";

  const settle = async () => {
    stream.close();
    try {
      const response = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const fresh = parsed(await response.text());
      if (fresh.hasAttribute("data-live")) return retry();
      finish(article, fresh);
    } catch {
      retry();
    }
  };
  const retry = () => {
    tell(status, { notice: words.lost });
    setTimeout(open, 3000);
  };
  const open = () => {
    if (!article.isConnected) return;
    stream = new EventSource(`${address}/stream`);
    stream.addEventListener("segment", (event) => add(text, JSON.parse(event.data), status));
    stream.addEventListener("status", (event) => {
      const news = JSON.parse(event.data);
      tell(status, news);
      showRead(article, news);
    });
    stream.addEventListener("done", settle);
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) settle();
      else tell(status, { notice: words.lost });
    });
  };
  open();
  article.addEventListener("gone", () => stream.close());
}

// What was delivered stays where it is; only what stands around it is new.
function finish(article, fresh) {
  const held = article.contains(document.activeElement);
  const text = fresh.querySelector("[data-text]");
  const shown = article.querySelector("[data-text]");
  // Beside another answer nothing is asked, and there is no box for what to ask next.
  if (article.closest(".compare")) for (const one of fresh.querySelectorAll(".edit, .beside, .suggestions")) one.remove();
  keepEnd(() => {
    if (shown.querySelectorAll("[data-ordinal]").length === text.querySelectorAll("[data-ordinal]").length) text.replaceWith(shown);
    article.replaceWith(fresh);
    htmx.process(fresh);
    if (held) hold(fresh);
  });
  if (!fresh.querySelector(".notice")) announce(fresh.querySelector(".answer-head").textContent); // a notice speaks itself
}

// The exchange itself takes the focus where what had it is gone.
function hold(article) {
  article.tabIndex = -1;
  article.focus({ preventScroll: true });
}

function add(text, segment, status) {
  // After a reconnect the server may begin again: what is there already stays as it is.
  if (text.querySelector(`[data-ordinal="${Number(segment.ordinal)}"]`)) return;
  keepEnd(() => {
    text.insertAdjacentHTML("beforeend", segment.html);
    tell(status, { status: "running" });
  });
}

// What the model is given stands there while it reads. What somebody has opened of it is not closed by the same news.
function showRead(article, news) {
  const place = article.querySelector("[data-read]");
  if (!place || !news.html || place.childElementCount) return;
  keepEnd(() => (place.innerHTML = news.html));
}

function tell(status, news) {
  const words = status.dataset;
  const line = news.notice || words[news.line?.state || (news.after ? "after" : news.status)];
  const place = placeIn(words, news);
  const said = line && place ? `${line} (${place}${about(status, news.line || news)})` : line;
  // The same words again would be read out again.
  if (said && said !== status.textContent) status.textContent = said;
}

// Of the organisation's questions, and once it is at the model, of all who wait there.
function placeIn(words, news) {
  if (news.notice || news.after) return "";
  if (news.line) return news.line.position ? words.place.replace("{place}", news.line.position) : "";
  return news.position ? `${news.position} ${words.ahead}` : "";
}

function about(status, news) {
  // In steps, so that a second more or less is not read out.
  const seconds = Math.ceil((news.wait_s || 0) / 5) * 5;
  return seconds ? `, ${status.dataset.about.replace("{seconds}", seconds)}` : "";
}

async function ask(form, turns) {
  const button = form.querySelector("[type=submit]");
  const fault = form.querySelector("[data-ask-fault]") || document.querySelector("[data-ask-fault]") || faultLine(form);
  const replaced = form.matches("[data-again]") ? form.closest(".exchange") : null;
  setBusy(button, true);
  fault.hidden = true;
  if (turns && form.elements.after) form.elements.after.value = lastOf(turns);
  try {
    const response = await post(form);
    if (response.redirected) throw new TypeError("not signed in any more");
    if (!response.ok) {
      const told = await response.text();
      wantReason(form, told);
      throw new Error(faultIn(told));
    }
    if (!turns || form.elements.compare?.checked) {
      if (form.matches("[data-again]")) keepDraft();
      return location.assign(response.headers.get("Location"));
    }
    const fresh = parsed(await response.text());
    if (replaced) remove(replaced);
    turns.append(fresh);
    htmx.process(fresh);
    if (replaced) hold(fresh);
    else clear(form);
    if (fresh.hasAttribute("data-live")) follow(fresh);
    fresh.scrollIntoView({ block: "start" });
    refreshList();
  } catch (problem) {
    fault.textContent = problem instanceof TypeError ? words.failed : problem.message;
    fault.hidden = false;
    fault.scrollIntoView({ block: "nearest" });
  }
  setBusy(button, false);
}

// A page that shows answers and no box to ask in has no place for it.
function faultLine(form) {
  const line = document.createElement("p");
  line.className = "ask-fault";
  line.dataset.askFault = "";
  line.setAttribute("role", "alert");
  form.append(line);
  return line;
}

// What the new question follows is what stands here, whatever another window shows by now.
function lastOf(turns) {
  return [...turns.querySelectorAll(":scope > .exchange")].at(-1)?.id.slice(2) ?? "";
}

// Policy wants to know why: the answer brings the field for it, which stays until the question is taken.
function wantReason(form, told) {
  const field = new DOMParser().parseFromString(told, "text/html").querySelector("[data-reason]");
  if (!field) return;
  const button = form.querySelector("[type=submit]");
  if (!form.querySelector("[data-reason]")) (button.closest("form .row") ?? button).before(field);
  const input = form.querySelector("[data-reason] input");
  input.value = "";
  input.focus();
}

function remove(first) {
  for (let next = first; next; ) {
    const gone = next;
    next = next.nextElementSibling;
    gone.dispatchEvent(new Event("gone"));
    gone.remove();
  }
}

function clear(form) {
  const question = form.elements.question;
  form.querySelector("[data-reason]")?.remove();
  question.value = "";
  question.dispatchEvent(new Event("input", { bubbles: true }));
  question.focus({ preventScroll: true });
}

document.querySelectorAll("[data-live]").forEach(follow);
document.addEventListener("htmx:afterSettle", (event) => {
  event.target.querySelectorAll("[data-live]:not([data-followed])").forEach(follow);
});
const last = [...document.querySelectorAll(".exchange")].at(-1);
const aimed = location.hash && document.getElementById(location.hash.slice(1));
if (aimed) aimed.scrollIntoView();
else if (last) last.scrollIntoView();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.matches("[data-stop]")) {
    event.preventDefault();
    const button = event.submitter;
    if (isBusy(button)) return;
    setBusy(button, true);
    post(form).then((response) => setBusy(button, response.ok && !response.redirected), () => setBusy(button, false));
  } else if (form.matches("[data-ask], [data-again]")) {
    event.preventDefault();
    if (isBusy(form.querySelector("[type=submit]"))) return;
    const later = document.querySelector("[data-has-later]");
    ask(form, later ? null : document.querySelector("[data-turns]"));
  }
});
