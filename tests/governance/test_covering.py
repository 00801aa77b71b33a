"""Which missing payloads a run of retention covers, from the leaves alone."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from governance.audit.lifecycle import classes
from governance.audit.lifecycle.classes import Class
from governance.audit.lifecycle.covering import is_let_go
from governance.audit.vocabulary import Event
from tests.governance.database import as_superuser

BOB, CASE, SHELF = (str(uuid.uuid4()) for _ in range(3))


def leaf(action: str = "prompt.received", at: str = "2026-01-01", **fields: Any) -> dict[str, Any]:
    told = {
        "accepted": {"at": f"{at}T12:00:00.000000+00:00", "number": 1, "writer": str(uuid.uuid4())},
        "action": action,
        "actor": {"kind": "person", "id": BOB},
        "at": "2020-01-01T00:00:00.000000+00:00",
        "facts": {},
        "interaction": CASE,
        "payload": {"subject": BOB, "sha256": "", "commitment": ""},
        "resource": None,
    }
    return told | fields


def run(*holds: dict[str, Any], of: Class = Class.ANSWERS, before: str = "2026-02-01T00:00:00+00:00") -> dict[str, Any]:
    part = {"class": of, "days": 30, "before": before, "payloads": 1}
    return {"classes": [part | classes.as_facts(of)], "holds": list(holds)}


def test_what_is_older_than_the_cut_off_and_of_the_class_is_covered() -> None:
    assert is_let_go(leaf(), [run()])
    assert is_let_go(leaf("policy.decided"), [run()])
    assert is_let_go(leaf("person.created"), [run(of=Class.ADMINISTRATION)])
    assert is_let_go(leaf(), [run(of=Class.READING), run()])


@pytest.mark.parametrize(
    ("told", "runs"),
    [
        (leaf(), []),
        (leaf(at="2026-02-01"), [run()]),  # younger; its own clock says 2020, and is not asked
        (leaf("person.created"), [run()]),
        (leaf("policy.changed"), [run()]),
        (leaf("prompt.received"), [run(of=Class.ADMINISTRATION)]),
        (leaf("prompting.received"), [run()]),
    ],
)
def test_nothing_else_is(told: dict[str, Any], runs: list[dict[str, Any]]) -> None:
    assert not is_let_go(told, runs)


@pytest.mark.parametrize(
    ("hold", "is_kept"),
    [
        ({"about": BOB}, True),
        ({"about": CASE}, False),
        ({"person": BOB}, True),
        ({"interaction": CASE}, True),
        ({"interactions": [SHELF, CASE]}, True),
        ({"interactions": [SHELF]}, False),
        ({"interaction": CASE, "about": SHELF}, False),
        ({"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-02T00:00:00+00:00"}, True),
        ({"since": "2026-01-02T00:00:00+00:00"}, False),
        ({"until": "2026-01-01T12:00:00+00:00"}, False),
        ({"actions": ["prompt.received"]}, True),
        ({"action": "prompt"}, True),
        ({"action": "answer"}, False),
        ({"mentions": SHELF}, True),
        ({"resource": SHELF}, False),
        ({"something": "new"}, True),  # what is not understood holds
    ],
)
def test_a_hold_that_stood_then_keeps_what_it_selects(hold: dict[str, Any], is_kept: bool) -> None:
    told = leaf(facts={"collections": [SHELF]})
    assert is_let_go(told, [run(hold)]) is not is_kept
    assert is_let_go(told, [run(hold), run()])  # lifted before the next run


def test_python_and_postgres_know_the_same_classes() -> None:
    with as_superuser() as database:
        for event in Event:
            row = database.execute("SELECT audit.class_of(%s), audit.least_days(audit.class_of(%s))", [event, event])
            found = row.fetchone()
            assert found == (classes.of(event), classes.LEAST[classes.of(event)]), event
