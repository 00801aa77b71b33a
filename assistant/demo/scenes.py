"""The main job in five scenes, over HTTP, with the keys that its people would have. A scene that goes wrong says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from assistant.demo import seeding
from governance import keys

TENANT = "halden"
ADMIN, EMPLOYEE, OUTSIDER, OFFICER = (f"{name}@halden.example" for name in ("yusuf", "ada", "nils", "omar"))
WAIT_MOST_S = 1200.0  # a busy machine of two cores reads the passages in minutes
NOTE = (
    "# Visitors' parking in Kassel\n\nVisitors park on deck P4, behind the calibration laboratory. "
    "The barrier code for November 2026 is printed on the visitor badge. Parking is free for eight hours.\n"
)
QUESTION = "Where do visitors park in Kassel?"
PASTED = "Summarise this for me: my password is Tr0ub4dor&3x-Kassel"


class SceneBrokeError(Exception):
    """What broke, in a sentence."""


@dataclass
class Stage:
    """`tell` prints a line. The collection is made anew each time and taken away at the end."""

    url: str
    tell: Callable[[str], None]
    clients: dict[str, httpx.Client] = field(default_factory=dict)
    collection: str = ""

    def as_(self, email: str) -> httpx.Client:
        if email not in self.clients:
            scope = seeding.scope_for(TENANT, email)
            key = keys.issue(scope, scope.person, "demo", ["all"], 1)
            headers = {"Authorization": f"Bearer {key}"}
            self.clients[email] = httpx.Client(base_url=self.url, headers=headers, timeout=WAIT_MOST_S, trust_env=False)
        return self.clients[email]


def play(url: str, tell: Callable[[str], None]) -> None:
    """Raises SceneBrokeError at the first scene that does not end as it should."""
    stage = Stage(url, tell)
    scenes = (upload, ask, refuse, block, read_record)
    try:
        for number, scene in enumerate(scenes, 1):
            tell(f"\n{number}. {(scene.__doc__ or '').strip()}")
            scene(stage)
    finally:
        if stage.collection:
            stage.as_(ADMIN).delete(f"/api/v1/collections/{stage.collection}")
        for client in stage.clients.values():
            client.close()


def upload(stage: Stage) -> None:
    """An admin makes a collection, uploads a note and lets an employee read it."""
    admin, employee = stage.as_(ADMIN), stage.as_(EMPLOYEE)
    made = _expect(admin.post("/api/v1/collections", json={"name": f"Demo {time.time():.0f}"}), 201)
    stage.collection = made["id"]
    files = {"file": ("visitor-parking.md", NOTE.encode(), "text/markdown")}
    document = _expect(admin.post(f"/api/v1/collections/{stage.collection}/documents", files=files), 202)
    until = time.monotonic() + WAIT_MOST_S
    while document["status"] in {"queued", "processing"} and time.monotonic() < until:
        time.sleep(0.2)
        document = _expect(admin.get(f"/api/v1/documents/{document['id']}"), 200)
    _require(document["status"] == "ready", f"the document ended as {document['status']}: {document['error']}")
    person = _expect(employee.get("/api/v1/me"), 200)["id"]
    grant = {"person": person, "level": "read"}
    _expect(admin.post(f"/api/v1/collections/{stage.collection}/grants", json=grant), 201)
    stage.tell(f"   ready: {', '.join(mark['stage'] for mark in document['timeline'])}")


def ask(stage: Stage) -> None:
    """The employee asks, and the answer cites the note."""
    body = {"question": QUESTION, "collections": [stage.collection]}
    answer = _expect(stage.as_(EMPLOYEE).post("/api/v1/answers", json=body), 200)
    _require(answer["status"] == "answered", f"it ended as {answer['status']}: {answer['notice']}")
    names = {one["document_name"] for one in answer["citations"]}
    _require("visitor-parking.md" in names, "the answer does not cite the note")
    stage.tell(f"   {QUESTION}\n   {answer['text'].strip()}")
    for one in answer["citations"]:
        stage.tell(f"   [{one['marker']}] {one['document_name']}: “{one['quote'].strip()}”")


def refuse(stage: Stage) -> None:
    """An outsider asks the same, and learns no more than that there is nothing for them."""
    outsider = stage.as_(OUTSIDER)
    response = outsider.post("/api/v1/answers", json={"question": QUESTION, "collections": [stage.collection]})
    unknown = outsider.get(f"/api/v1/collections/{stage.collection}")
    _require(response.status_code == unknown.status_code == 404, "the outsider was told that it exists")
    stage.tell(f"   404 {response.json()['error']['message']}")


def block(stage: Stage) -> None:
    """The employee pastes a password, and policy stops it before any model sees it."""
    answer = _expect(stage.as_(EMPLOYEE).post("/api/v1/answers", json={"question": PASTED}), 200)
    _require(answer["status"] == "blocked", f"it ended as {answer['status']}")
    stage.tell(f"   blocked: {answer['notice']}")


def read_record(stage: Stage) -> None:
    """The compliance officer reads what happened; the admin may not."""
    officer = stage.as_(OFFICER)
    events = _expect(officer.get("/api/v1/audit/events", params={"limit": 200}), 200)["events"]
    actions = [event["action"] for event in events]
    for wanted in ("prompt.received", "retrieval.performed", "answer.segment", "access.denied", "policy.decided"):
        _require(wanted in actions, f"the record has no {wanted}")
    _require(stage.as_(ADMIN).get("/api/v1/audit/events").status_code == 403, "the admin read the record")
    prompt = next(event for event in events if event["action"] == "prompt.received")
    opened = _expect(
        officer.get(f"/api/v1/audit/events/{prompt['id']}", params={"reason": "showing the demo to visitors"}), 200
    )
    stage.tell(f"   {len(events)} events; opened {opened['action']}: “{opened['payload']['text'][:60]}…”")


def _expect(response: httpx.Response, status: int) -> dict[str, Any]:
    if response.status_code != status:
        raise SceneBrokeError(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
        )
    found: dict[str, Any] = response.json()
    return found


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SceneBrokeError(otherwise)
