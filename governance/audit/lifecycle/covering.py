"""Is a payload that is not there one that retention let go? Only computes, from what the record itself says.

It imports nothing but the standard library, so that a verifier who has the leaves alone can take it along. Each run of
retention is an event `retention.run`, whose facts are

    {"classes": [{"class", "actions": [...] or "all_but": [...], "days", "before", "payloads", "held", …}, …],
     "holds": [{"about", "person", "interaction", "interactions", "resource", "mentions", "action", "actions", "since",
                "until"}, …], …}

`before` is the cut-off: events that the record accepted earlier, of the class's actions, and under none of the holds.
An action is named whole, or by what stands before its dot. Of a hold's fields those are there that were asked
for, and all of them have to fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any


def is_let_go(leaf: Mapping[str, Any], runs: Iterable[Mapping[str, Any]]) -> bool:
    """`leaf` is one event's leaf, parsed; `runs` are the `facts` of the tenant's `retention.run` events."""
    accepted = accepted_at(leaf)
    for run in runs:
        fitting = [part for part in run["classes"] if _is_of(leaf["action"], part)]
        is_old = any(accepted < datetime.fromisoformat(part["before"]) for part in fitting)
        if is_old and not any(is_held(leaf, hold) for hold in run["holds"]):
            return True
    return False


def is_held(leaf: Mapping[str, Any], hold: Mapping[str, Any]) -> bool:
    """Does the event fit what the hold selects? The same as `audit.condition` asks of a row."""
    return all(_fits(leaf, name, value) for name, value in hold.items())


def accepted_at(leaf: Mapping[str, Any]) -> datetime:
    """When Postgres took the event; the first events say only when they were made."""
    return datetime.fromisoformat(leaf["accepted"]["at"] if "accepted" in leaf else leaf["at"])


def _is_of(action: str, part: Mapping[str, Any]) -> bool:
    if "actions" in part:
        return _is_named(action, part["actions"])
    return not _is_named(action, part["all_but"])


def _is_named(action: str, names: Iterable[str]) -> bool:
    return action in names or action.partition(".")[0] in names


def _fits(leaf: Mapping[str, Any], name: str, value: Any) -> bool:
    actor, subject = leaf["actor"].get("id"), leaf.get("payload", {}).get("subject")
    resource = (leaf.get("resource") or {}).get("id")
    if name in {"since", "until"}:
        return (accepted_at(leaf) >= datetime.fromisoformat(value)) == (name == "since")
    asked: dict[str, Callable[[], bool]] = {
        "about": lambda: value in {actor, subject, resource},
        "person": lambda: value == actor,
        "resource": lambda: value == resource,
        "interaction": lambda: value == leaf.get("interaction"),
        "interactions": lambda: leaf.get("interaction") in value,
        "mentions": lambda: value in _mentions(leaf, resource),
        "action": lambda: leaf["action"] == value or leaf["action"].startswith(f"{value}."),
        "actions": lambda: leaf["action"] in value,
    }
    return name not in asked or asked[name]()  # what is not understood holds: a doubt lets nothing go


def _mentions(leaf: Mapping[str, Any], resource: str | None) -> set[str]:
    """The collections and documents that an event speaks of."""
    facts = leaf.get("facts") or {}
    passages = facts.get("passages") or []
    documents = {one.get("document") for one in passages if isinstance(one, Mapping)}
    return {one for one in {resource, facts.get("collection"), *(facts.get("collections") or ()), *documents} if one}
