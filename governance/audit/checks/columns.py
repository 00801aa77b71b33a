"""An event's row against its leaf: the columns are for searching, and may say nothing else than the bytes that are hashed.

What Postgres works out of a leaf (`audit.append`, `audit.outcome_of`, `audit.mentions_of`) is worked out here once more, so
that neither a row nor a function that was changed goes unseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DENIALS = frozenset({"access.denied", "session.refused", "prompt.refused", "document.refused"})


class Row(NamedTuple):
    """One place of the tree, or an event that is in none yet (`place`, `hash` and `chain` are None). Ids are text.

    `leaf` and what follows are None where there is a place and no event.
    """

    place: int | None
    event_id: str
    hash: bytes | None
    chain: bytes | None
    leaf: bytes | None
    writer: str
    number: int
    recorded_at: datetime
    at: datetime
    action: str
    actor_id: str | None
    subject_id: str | None
    interaction: str | None
    resource_id: str | None
    outcome: str | None
    mentions: list[str] | None
    payload_hash: bytes | None


def faults(row: Row, told: Mapping[str, Any], tenant: str) -> Iterator[str]:
    """`told` is the row's leaf, parsed."""
    if told["id"] != row.event_id:
        yield f"the event's id is {row.event_id} and the leaf says {told['id']}"
    if told["tenant"] != tenant:
        yield f"the leaf is of another tenant, {told['tenant']}"
    accepted = told.get("accepted")
    if accepted is None:
        if told["v"] != 1:
            yield "the leaf does not say when it was accepted"
    else:
        if accepted["writer"] != row.writer or accepted["number"] != row.number:
            yield f"writer and number are {row.writer} {row.number} and the leaf says {_said(accepted)}"
        if datetime.fromisoformat(accepted["at"]) != row.recorded_at:
            yield f"`recorded_at` is {row.recorded_at.isoformat()} and the leaf says {accepted['at']}"
    if datetime.fromisoformat(told["at"]) != row.at:
        yield f"`at` is {row.at.isoformat()} and the leaf says {told['at']}"
    yield from _differing(row, told)


def _said(accepted: Mapping[str, Any]) -> str:
    return f"{accepted['writer']} {accepted['number']}"


def _differing(row: Row, told: Mapping[str, Any]) -> Iterator[str]:
    payload, resource = told.get("payload"), told["resource"]
    columns = (
        ("action", row.action, told["action"]),
        ("actor_id", row.actor_id, told["actor"].get("id")),
        ("subject_id", row.subject_id, payload["subject"] if payload else None),
        ("interaction", row.interaction, told["interaction"]),
        ("resource_id", row.resource_id, resource["id"] if resource else None),
        ("outcome", row.outcome, outcome(told)),
    )
    for name, stored, said in columns:
        if stored != said:
            yield f"`{name}` is {stored} and the leaf says {said}"
    if row.mentions is not None or resource or told["facts"]:
        found = mentions(told)
        if set(row.mentions or ()) != found:
            yield f"`mentions` is {sorted(row.mentions or ())} and the leaf says {sorted(found)}"


def outcome(told: Mapping[str, Any]) -> str | None:
    """As `audit.outcome_of` has it."""
    action, facts = told["action"], told["facts"]
    if action == "policy.decided":
        return _text(facts.get("action"))
    if action == "answer.segment":
        return "redact" if _text(facts.get("was_redacted")) == "true" else None
    if action == "answer.finished":
        return _text(facts.get("status"))
    return "denied" if action in _DENIALS else None


def mentions(told: Mapping[str, Any]) -> set[str]:
    """As `audit.mentions_of` has it."""
    facts, resource = told["facts"], told["resource"]
    said = [resource["id"] if resource else None, facts.get("collection"), *_each(facts.get("collections"))]
    said += [one.get("document") for one in _each(facts.get("passages")) if isinstance(one, dict)]
    return {one for one in said if isinstance(one, str) and _ID.fullmatch(one)}


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str | None:
    """As Postgres' `#>>` writes it."""
    return value if value is None or isinstance(value, str) else json.dumps(value)
