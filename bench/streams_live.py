"""From Enter to the passages on the screen, and from Stop to the engine's last token: the whole of Chancery with a real model.

Each question is asked as the portal's page does it, and stopped at a random moment: one after its passages are shown, the next
after its first words. Two figures for a stop: the tokens that the
engine wrote after it was clicked, and after it had been accepted, which is on the record by then.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import time
from dataclasses import dataclass, field

import httpx

from bench import asking, stack, streams_ground

SHOWN_MOST_S = 0.5
STEPS_MOST = 2
STOPPED_WITHIN_S = {"status": 4.0, "segment": 0.5}


@dataclass
class Found:
    shown: list[float] = field(default_factory=list)  # seconds from Enter
    after_click: list[int] = field(default_factory=list)  # tokens
    after_accepted: list[int] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)


def browser(running: stack.Stack, stream: int) -> httpx.Client:
    from governance import keys

    _, client = running.asker(stream)
    scope = keys.resolve(str(client.headers["Authorization"]).removeprefix("Bearer "))
    assert scope is not None
    cookies = {"chancery_session": streams_ground.session(scope)}
    page = httpx.Client(base_url=running.url, cookies=cookies, timeout=120.0, trust_env=False)
    page.get("/c/").raise_for_status()
    page.headers.update({"X-CSRFToken": page.cookies["csrftoken"], "X-Requested-With": "fetch"})
    return page


def ask(
    running: stack.Stack, page: httpx.Client, question: str, chance: random.Random, found: Found, after: str = "status"
) -> None:
    """One question, from Enter to the end of its stream; stopped some time after its first event of that name."""
    running.recorder.take()
    began, shown, clicked, accepted = time.monotonic(), 0.0, 0.0, 0.0
    asked = page.post("/c/ask", data={"question": question})
    asked.raise_for_status()
    answer = re.findall(r'data-answer="/a/([0-9a-f-]{36})', asked.text)[0]
    with page.stream("GET", f"/a/{answer}/stream") as response:
        for at, event, told in asking.events(response):
            if event == "status" and told.get("html") and not shown:
                shown = at
                found.shown.append(at - began)
            if event == "done":
                found.ends.append(told["status"])
                break
            if shown and event == after and not clicked:
                time.sleep(chance.uniform(0, STOPPED_WITHIN_S[after]))
                clicked = time.monotonic()
                page.post(f"/a/{answer}/stop").raise_for_status()
                accepted = time.monotonic()
    if not clicked:
        return
    for tape in running.recorder.take():
        time.sleep(0.2)  # what the engine still writes
        found.after_click.append(sum(stamp > clicked for stamp, _ in tape.pieces))
        found.after_accepted.append(sum(stamp > accepted for stamp, _ in tape.pieces))


def run(model: str, questions: int, seed: int) -> bool:
    found, chance = Found(), random.Random(seed)
    with stack.running(model) as running:
        wanted = asking.questions()
        page = browser(running, 0)
        ask(running, page, wanted[0], chance, Found())  # imports, connections and the embedder's session
        for number in range(questions):
            ask(running, page, wanted[number % len(wanted)], chance, found, ("status", "segment")[number % 2])
    ranked = sorted(found.shown)
    print(
        f"{len(ranked)} of {questions} questions showed passages; Enter to passages: p50 {statistics.median(ranked):.2f} s, "
        f"most {ranked[-1]:.2f} (bar {SHOWN_MOST_S})"
    )
    print(
        f"  {len(found.after_click)} stops of a model at work: tokens after the click: most {max(found.after_click)}, mean "
        f"{statistics.mean(found.after_click):.2f}; after it was accepted: most {max(found.after_accepted)} (bar {STEPS_MOST})"
    )
    print(f"  ends: {json.dumps({end: found.ends.count(end) for end in sorted(set(found.ends))})}")
    return statistics.median(ranked) <= SHOWN_MOST_S and max(found.after_accepted) <= STEPS_MOST
