"""What goes on while something is killed: 30 documents on their way in, 5 answers on their way out, people who look."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from tests.faults import books
from tests.faults.books import States
from tests.faults.stand import RECOVERY_MOST_S, START_MOST_S, Stand, await_that

DOCUMENTS, ANSWERS = 30, 5
BASIS = "leave.md"
TEXT = (
    "# Leave\n\nEmployees may spend twenty working days a year abroad. Longer stays need the written consent of the "
    "personnel department. The days are counted from the first of January. Unused days are not carried over."
)
QUESTION = "How many working days a year may employees spend abroad? This is case {number}."
PATIENCE = httpx.Timeout(90.0)
WORDS = ("budget", "schedule", "review", "supplier", "meeting", "material", "contract", "delivery", "quality")


def plan(number: int) -> str:
    """Several chunks, every one of which says "harbour" and, for this document alone, "plan7word"."""
    parts = [f"# Harbour plan {number}"]
    for section in range(1, 5):
        words = " ".join(WORDS[(section * place + number) % len(WORDS)] for place in range(60))
        parts.append(f"## Section {section}\n\nThe harbour and plan{number}word{section}, plan{number}word: {words}.")
    return "\n\n".join(parts)


@dataclass
class Listener:
    """Somebody who asked and reads the stream, as long as it lives."""

    url: str
    key: str
    question: str
    collection: str
    answer: str = ""
    ordinals: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    end: str = ""

    def start(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        body = {"question": self.question, "collections": [self.collection], "stream": True}
        with (
            contextlib.suppress(httpx.HTTPError),
            _client(self.url, self.key) as client,
            client.stream("POST", "/api/v1/answers", json=body) as response,
        ):
            name = ""
            for line in response.iter_lines():
                kind, _, rest = line.partition(": ")
                name = rest if kind == "event" else name
                if kind == "data":
                    self._hear(name, json.loads(rest))

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        self.answer = data.get("id", self.answer)
        if name == "segment":
            self.ordinals.append(data["ordinal"])
            self.texts.append(data["text"])
        if name == "done":
            self.end = data["status"]


@dataclass
class Load:
    stand: Stand
    house: dict[str, Any]
    listeners: list[Listener] = field(default_factory=list)
    seen_half: list[Any] = field(default_factory=list)

    @classmethod
    def begin(cls, stand: Stand) -> Load:
        """A tenant of its own, with one ready document that the questions are about."""
        load = cls(stand, stand.run("tests.faults.tenant"))
        load.upload(BASIS, TEXT, "rules")
        await_that(lambda: BASIS in load.states().ready, START_MOST_S, "the first document is ready")
        return load

    def client(self, name: str = "ada") -> httpx.Client:
        return _client(self.stand.url, self.house["keys"][name])

    def upload(self, name: str, text: str, collection: str = "plans") -> None:
        with self.client() as client:
            address = f"/api/v1/collections/{self.house['collections'][collection]}/documents"
            sent = client.post(address, files={"file": (name, text.encode(), "text/markdown")})
        assert sent.status_code == 202, sent.text

    def upload_all(self) -> None:
        """Nobody reads them before all are there, so that a kill finds them in the queue."""
        with self.stand.asleep("ingest"):
            for number in range(1, DOCUMENTS + 1):
                self.upload(f"plan-{number}.md", plan(number))

    def ask_all(self) -> None:
        for number in range(ANSWERS):
            self.ask(number)

    def ask(self, number: int) -> None:
        key = self.house["keys"]["ada" if number % 2 else "bob"]  # a person has at most four answers open
        question, rules = QUESTION.format(number=number), self.house["collections"]["rules"]
        self.listeners.append(Listener(self.stand.url, key, question, rules))
        self.listeners[-1].start()

    def states(self) -> States:
        with self.stand.database() as connection:
            return books.states(connection, self.house["tenant"])

    def await_final(self, since: float, *, is_waited_for: bool = False) -> float:
        """Seconds from `since` until everything has come to an end; all the while it is looked for half of a document. Where
        answers have waited for what was away, and are written now, the bound is on the time in which nothing goes on.
        """
        moved, former = since, None
        while not (found := self._glance()).are_final:
            now = (found.documents, found.answers, found.segments)
            if is_waited_for and now != former:
                moved, former = time.monotonic(), now
            late = time.monotonic() - moved > RECOVERY_MOST_S
            assert not late, f"stuck after {RECOVERY_MOST_S:.0f} s: {_open(found)}"
            time.sleep(0.2)
        return time.monotonic() - since

    def look(self) -> set[str]:
        """Names of the documents that a search finds. What it finds must be ready by then."""
        with self.client("bob") as client:
            found = client.post("/api/v1/search", json={"query": "harbour", "limit": 50})
        names = {one["document_name"] for one in found.json()["passages"]} if found.is_success else set()
        self.seen_half += sorted(names - self.states().ready)
        return names

    def finds(self, number: int) -> set[str]:
        """Names of the documents found by a word that one of them holds, that one among them if it is searchable."""
        with self.client("bob") as client:
            found = client.post("/api/v1/search", json={"query": f"plan{number}word", "limit": 50})
        assert found.is_success, found.text
        return {one["document_name"] for one in found.json()["passages"]}

    def _glance(self) -> States:
        with self.stand.database() as connection:
            self.seen_half += books.half_visible(connection, self.house["tenant"])
        with contextlib.suppress(httpx.HTTPError):
            self.look()
        return self.states()

    def check(self, *, outages: int = 0) -> None:
        """Everything is at its end: the books hold, what is ready is found, what is not is not, nobody heard twice, and
        what was heard is what was recorded."""
        states = self.states()
        with self.stand.database() as connection:
            found = books.faults(connection, self.house["tenant"], outages)
        assert found == {}, found
        assert self.seen_half == []
        for number in range(1, DOCUMENTS + 1):
            name = f"plan-{number}.md"
            assert (name in self.finds(number)) == (name in states.ready), name
        recorded = self.stand.run("tests.faults.recorded", self.house["tenant"])
        for listener in self.listeners:
            assert listener.ordinals == list(range(len(listener.ordinals)))
            written = recorded.get(listener.answer, [])
            assert listener.texts == (written if listener.end else written[: len(listener.texts)]), listener.answer

    def signed_in(self) -> httpx.Client:
        """Bob at the portal; its forms carry their token."""
        portal = httpx.Client(base_url=self.stand.url, timeout=PATIENCE, trust_env=False, follow_redirects=True)
        door = f"/t/{self.house['slug']}/"
        portal.get(door)
        sent = {"email": self.house["email"], "password": self.house["password"]}
        assert portal.post(door, data=sent | {"csrfmiddlewaretoken": portal.cookies["csrftoken"]}).status_code == 200
        assert "chancery_session" in portal.cookies
        portal.headers["X-CSRFToken"] = portal.cookies["csrftoken"]
        return portal


@contextlib.contextmanager
def watched(load: Load) -> Iterator[None]:
    """Somebody searches all the while, the time of the fault included."""
    ended = threading.Event()

    def search() -> None:
        while not ended.wait(0.2):
            with contextlib.suppress(httpx.HTTPError, psycopg.OperationalError, json.JSONDecodeError):
                load.look()

    thread = threading.Thread(target=search, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(PATIENCE.read)


def _client(url: str, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=PATIENCE, trust_env=False)


def _open(states: States) -> dict[str, str]:
    documents = {name: status for name, status in states.documents.items() if status not in books.DOCUMENT_ENDS}
    return documents | {str(key): status for key, status in states.answers.items() if status not in books.ANSWER_ENDS}
