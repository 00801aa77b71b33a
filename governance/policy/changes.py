"""What lies between two versions of a policy, rule by rule. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from governance.policy import documents
from governance.policy.rules import Rule


class Kind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """`fields` has before and after of each field that differs; it is empty for a rule that came or went as a whole."""

    rule: str
    kind: Kind
    fields: dict[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, object]:
        fields = {name: {"before": before, "after": after} for name, (before, after) in self.fields.items()}
        return {"rule": self.rule, "kind": str(self.kind), "fields": fields}


def between(before: Iterable[Rule], after: Iterable[Rule]) -> list[Change]:
    """By the name of the rule. A rule that was renamed is one that went and one that came."""
    old = {rule.name: documents.of(rule) for rule in before}
    new = {rule.name: documents.of(rule) for rule in after}
    return [_change(name, old.get(name), new.get(name)) for name in sorted(old | new) if old.get(name) != new.get(name)]


def _change(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Change:
    if old is None:
        return Change(name, Kind.ADDED, {})
    if new is None:
        return Change(name, Kind.REMOVED, {})
    return Change(name, Kind.CHANGED, {key: (old[key], new[key]) for key in old if old[key] != new[key]})
