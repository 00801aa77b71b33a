"""Whoever holds the application's role writes bytes that readers stumble over: they are refused, and none beside them is lost."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError

from governance.audit import events, reading, verifying
from governance.audit.out import lines
from governance.audit.vocabulary import Event
from tests.cast import House
from tests.governance import sealing
from tests.governance.database import append, leaves

DEEP = 2_000
Leaf = dict[str, Any]


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def written(house: House, **changed: Any) -> str:
    """A leaf as the application writes it; what is None in `changed` is left out."""
    leaf = {
        "action": "answer.feedback", "actor": {"id": str(house.ids["bob"]), "kind": "person"},
        "at": datetime.now(UTC).isoformat(timespec="microseconds"), "facts": {"value": 1}, "id": str(uuid.uuid4()),
        "interaction": None, "resource": None, "tenant": str(house.tenant), "v": events.FORMAT,
    } | changed  # fmt: skip
    leaf = {name: value for name, value in leaf.items() if value != "absent"}
    return json.dumps(leaf, separators=(",", ":"), sort_keys=True)


POISONS: dict[str, Callable[[House], str]] = {
    "no facts": lambda house: written(house, facts="absent"),
    "facts that are a list": lambda house: written(house, facts=[1]),
    "an actor that is a word": lambda house: written(house, actor="bob"),
    "no actor": lambda house: written(house, actor="absent"),
    "no action": lambda house: written(house, action="absent"),
    "an action of two lines": lambda house: written(house, action="a\n<13>1 - - - - - - forged"),
    "an action that is a number": lambda house: written(house, action=7),
    "an endless action": lambda house: written(house, action="a" * 65),
    "a resource that is a word": lambda house: written(house, resource="document"),
    "no resource": lambda house: written(house, resource="absent"),
    "no version": lambda house: written(house, v="absent"),
    "a time without end": lambda house: written(house, at="infinity"),
    "a time in words": lambda house: written(house, at="yesterday"),
    "another day's time of day": lambda house: written(house, at="2026-11-28"),
    "a number of 5,000 digits": lambda house: written(house).replace('"value":1', f'"value":{"7" * 5_000}'),
    "a number past all": lambda house: written(house, note="x" * 1_000).replace('"value":1', '"value":1e999'),
    "a depth of 2,000": lambda house: written(house).replace('"value":1', f'"value":{nested(DEEP)}'),
    "two megabytes": lambda house: written(house, facts={"value": "x" * 2**21}),
    "no JSON": lambda house: written(house)[:-1],
    "not UTF-8": written,
}


@pytest.mark.parametrize("poison", POISONS)
def test_bytes_that_are_no_event_are_refused_and_those_beside_them_are_read(poison: str, house: House) -> None:
    events.record(house.bob, Event.FEEDBACK_GIVEN, facts={"value": -1})
    leaf = POISONS[poison](house).encode()
    if poison == "not UTF-8":
        leaf = leaf.replace(b"person", b"per\xffson")
    with pytest.raises(DatabaseError), house.bob.transaction():
        append(leaf)
    events.record(house.bob, Event.FEEDBACK_GIVEN, facts={"value": 1})
    sealing.seal(house)
    assert [one["facts"]["value"] for one in leaves(house, "answer.feedback")] == [-1, 1]
    assert verifying.verify(house.tenant).is_sound
    assert len(reading.listed(house.olga, action="answer.feedback").events) == 2
    sent = lines.batch(house.system, 0, 0, "ocsf").lines
    assert [line.action for line in sent].count("answer.feedback") == 2
    assert all(json.loads(line.text) for line in sent)


def test_what_the_application_writes_itself_is_taken(house: House) -> None:
    with house.bob.transaction():
        append(written(house).encode())
        append(written(house, facts={"value": "x" * 2**19, "deep": json.loads(nested(40))}).encode())
    sealing.seal(house)
    assert verifying.verify(house.tenant).is_sound
    assert len(reading.listed(house.olga, action="answer.feedback").events) == 2
