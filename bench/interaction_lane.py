"""One lane of `bench.interactions`: a tenant, a web process with its clients in threads, and workers in another process.

python -m bench.interaction_lane FIRST AMOUNT      prints what it found as JSON
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import socket
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import django
import httpx
import uvicorn

from bench import interaction_check, interaction_crew, interaction_kinds, staff
from bench.interaction_check import Heard, Row, Told

if TYPE_CHECKING:
    from governance.scope import Scope

CLIENTS = 6
PATIENCE_S = 180.0
SWEEP_EVERY_S = 1.0
ENDED_MOST_S = 120.0
EVENTS_MOST = 1000


@dataclass
class Lane:
    name: str
    tenant: uuid.UUID
    shelf: uuid.UUID
    keys: list[str]
    url: str = ""


def main(first: int, amount: int) -> None:
    django.setup()
    name = uuid.uuid4().hex[:12]
    crew = interaction_crew.start(name)
    try:
        lane = _house(name)
        began = time.monotonic()
        with _rung(lane), _swept(lane), _web(lane):
            heard = _ask_all(lane, range(first, first + amount))
            _await_ends(lane)
            took = time.monotonic() - began
            found = _judged(lane, heard)
            found |= {"seconds": took, "crashes": crew.crashes}
        json.dump(found, sys.stdout)
    finally:
        crew.end()


def _house(name: str) -> Lane:
    from ingestion import pipeline
    from ingestion.documents import uploads

    house = staff.made(f"mix{name}", CLIENTS)
    document = uploads.upload(house.admin, house.shelf, "leave.md", io.BytesIO(interaction_kinds.SHELF.encode()))
    assert document.latest_id is not None
    pipeline.ingest(house.system.tenant, document.latest_id)
    _write_rules(house.system)
    return Lane(name, house.system.tenant, house.shelf, house.keys)


def _write_rules(system: Scope) -> None:
    from governance.policy import documents, publishing, versions
    from governance.policy.rules import Action, Fixture, Rule, Stage

    number = versions.draft(system).number
    for word, action in ((interaction_kinds.REDACTED, Action.REDACT), (interaction_kinds.BLOCKED, Action.BLOCK)):
        shown = (Fixture(f"It is {word} there.", action), Fixture("Nothing of the kind.", Action.ALLOW))
        rule = Rule(
            word,
            frozenset({Stage.OUTPUT}),
            "pattern",
            action,
            0.5,
            message="Not this word.",
            options={"words": [word]},
            fixtures=shown,
        )
        versions.put_rule(system, number, documents.of(rule))
    publishing.publish(system, number)


@contextlib.contextmanager
def _rung(lane: Lane) -> Iterator[None]:
    from assistant import conversations

    before = conversations.ring
    conversations.ring = lambda tenant, answer: interaction_crew.ring(lane.name, tenant, answer)
    try:
        yield
    finally:
        conversations.ring = before


@contextlib.contextmanager
def _swept(lane: Lane) -> Iterator[None]:
    """What housekeeping does every few seconds, for this tenant."""
    from assistant import answering, conversations

    over = threading.Event()

    def sweep() -> None:
        while not over.wait(SWEEP_EVERY_S):
            for tenant, answer in answering.due():
                if tenant == lane.tenant:
                    conversations.ring(tenant, answer)

    thread = threading.Thread(target=sweep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)


@contextlib.contextmanager
def _web(lane: Lane) -> Iterator[None]:
    from assistant.asgi import application

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, lifespan="off", log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    lane.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(30)


def _ask_all(lane: Lane, numbers: range) -> dict[int, tuple[str, Heard]]:
    """Number: (answer's id, what was heard)."""
    waiting = iter(numbers)
    lock, found = threading.Lock(), dict[int, tuple[str, Heard]]()

    def client(key: str) -> None:
        from bench import interaction_faces

        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=lane.url, headers=headers, timeout=PATIENCE_S, trust_env=False) as caller:
            while True:
                with lock:
                    number = next(waiting, None)
                if number is None:
                    return
                found[number] = interaction_faces.ask(caller, str(lane.shelf), number)
                if len(found) % 100 == 0:
                    print(f"{len(found)} of {len(numbers)}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, lane.keys))
    return found


def _await_ends(lane: Lane) -> None:
    from assistant import models
    from governance.scope import Scope

    until = time.monotonic() + ENDED_MOST_S
    while time.monotonic() < until:
        with Scope.system(lane.tenant).transaction():
            if not models.Answer.objects.exclude(status__in=models.FINAL).exists():
                return
        time.sleep(0.2)
    raise SystemExit("There are answers that do not come to an end.")


def _judged(lane: Lane, heard: dict[int, tuple[str, Heard]]) -> dict[str, Any]:
    """What is amiss, by number; how the interactions ended, by kind; how much was compared."""
    amiss, ends, counted = dict[str, list[str]](), Counter[str](), Counter[str]()
    for number, (answer, got) in heard.items():
        kind, row, told = interaction_kinds.of(number), *_read(lane, number, answer)
        found = interaction_check.missing(row, told) + interaction_check.differing(row, told, got)
        if row.status != kind.end and not (row.attempts > 1 and kind.end != "interrupted"):
            found.append(f"it came to {row.status} ({row.notice}) in {row.attempts} attempts")
        if found:
            amiss[f"{number} {kind.name} {interaction_kinds.face(number)}"] = found
        ends[f"{kind.name}: {row.status}"] += 1
        counted.update(events=len(told), segments=len(row.texts), bytes=sum(len(one.encode()) for one in row.texts))
        counted.update(whole=got.is_whole, attempts=row.attempts)
    return {"asked": len(heard), "amiss": amiss, "ends": ends, **counted}


def _read(lane: Lane, number: int, answer: str) -> tuple[Row, list[Told]]:
    """By its question where the client was not told the answer's id."""
    from assistant import models
    from governance.audit import rows
    from governance.scope import Scope

    system = Scope.system(lane.tenant)
    with system.transaction():
        sought = {"pk": answer} if answer else {"question": interaction_kinds.question(number)}
        one = models.Answer.objects.prefetch_related(models.ordered_segments()).get(**sought)
        found = rows.read({"interaction": str(one.pk)}, EVENTS_MOST)
    told = [Told(row.recorded.action, row.recorded.facts, rows.opened(system, row).payload) for row in found]
    is_stopped = one.cancel_requested_at is not None
    texts = tuple(segment.text for segment in one.segments.all())
    return Row(one.status, one.attempts, is_stopped, len(one.passages), texts, one.notice), told


if __name__ == "__main__":
    main(*itertools.islice(map(int, sys.argv[1:]), 2))
