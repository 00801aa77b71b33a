"""How the policy's page shows what was found in a text, and what differs between two rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from governance.policy import engine
from governance.policy.changes import Change
from governance.policy.engine import Verdict


@dataclass(frozen=True)
class Mark:
    """A stretch of a text, and what it was taken for; `type` is empty where nothing was found."""

    text: str
    type: str


@dataclass(frozen=True)
class Difference:
    """The lines of one field that went and that came."""

    field: str
    before: list[str]
    after: list[str]


@dataclass(frozen=True)
class ToldChange:
    rule: str
    kind: str
    differences: list[Difference]


def marked(text: str, verdict: Verdict) -> list[Mark]:
    """The whole text in stretches, overlapping findings as one."""
    stretches, last = [], 0
    for start, end, kind in engine.merge(span for one in verdict.decisions for span in one.spans):
        stretches += [Mark(text[last:start], ""), Mark(text[start:end], kind.replace("_", " "))]
        last = end
    return [one for one in (*stretches, Mark(text[last:], "")) if one.text]


def told(change: Change) -> ToldChange:
    differences = []
    for field, (before, after) in change.fields.items():
        old, new = lines(before), lines(after)
        differences.append(
            Difference(field, [one for one in old if one not in new], [one for one in new if one not in old])
        )
    return ToldChange(change.rule, str(change.kind), differences)


def lines(value: Any) -> list[str]:
    """A field's value, one thing a line."""
    if isinstance(value, dict):
        return [f"{key}: {line}" for key, one in sorted(value.items()) for line in lines(one)]
    if isinstance(value, list):
        return [_line(one) for one in value]
    return [_line(value)]


def _line(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"text", "expect"}:
        return f"{value['expect']}: {value['text']}"
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
