"""Whether the record of one interaction is whole, and says what was delivered: judged from its row and its events alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

ONCE = ("prompt.received", "policy.decided input", "answer.finished")
SOMETIMES = (
    *("policy.decided passage", "policy.decided output", "retrieval.performed"),
    *("answer.segment", "answer.withheld", "answer.cancelled"),
)


@dataclass(frozen=True)
class Told:
    """One event: its action, what it says in clear, and its decrypted payload."""

    action: str
    facts: dict[str, Any]
    payload: dict[str, Any] | None

    @property
    def name(self) -> str:
        return f"{self.action} {self.facts['stage']}" if self.action == "policy.decided" else self.action


@dataclass(frozen=True)
class Row:
    """An answer as its table has it; `texts` are its segments, in order."""

    status: str
    attempts: int
    is_stopped: bool
    passages: int
    texts: tuple[str, ...]
    notice: str = ""


@dataclass(frozen=True)
class Heard:
    """What its client got. `is_whole` where it was told the end; a client that left, or was told a fault, has a part."""

    texts: tuple[str, ...] = field(default=())
    is_whole: bool = False


def missing(row: Row, told: Sequence[Told]) -> list[str]:
    """What is missing or too much of the interaction's events; empty where the set is complete."""
    counted = Counter(one.name for one in told)
    found = [f"{name}: {counted[name]}" for name in ONCE if counted[name] != 1]
    segments = sorted(one.facts["ordinal"] for one in told if one.action == "answer.segment")
    if segments != list(range(len(row.texts))):
        found.append(f"segments {segments} of {len(row.texts)}")
    end = [one.facts for one in told if one.action == "answer.finished"]
    found += [f"the record says {one['status']} and the row {row.status}" for one in end if one["status"] != row.status]
    found += [name for name, holds in _bounds(row, counted, end).items() if not holds]
    return found + [f"unexpected: {name}" for name in counted if name not in {*ONCE, *SOMETIMES}]


def _bounds(row: Row, counted: Counter[str], end: list[dict[str, Any]]) -> dict[str, bool]:
    """An attempt whose worker died has left what it had recorded by then, and no more than one of each."""
    searched, judged = counted["retrieval.performed"], counted["policy.decided passage"]
    written, withheld = counted["policy.decided output"], counted["answer.withheld"]
    broke_off = bool(row.texts) and row.status in {"cancelled", "interrupted"}
    is_blocked_at_input = any(one.get("stage") == "input" for one in end)
    was_cut = row.status == "blocked" and not is_blocked_at_input
    least = was_cut or (broke_off and row.attempts == 1)
    return {
        f"{searched} retrievals in {row.attempts} attempts": row.attempts >= searched >= min(1, row.attempts),
        f"{judged} passages judged in {searched} retrievals": judged >= searched * row.passages,
        f"{written} verdicts on what was written": 0 <= written - len(row.texts) - was_cut <= (row.attempts > 1),
        f"{withheld} times something was held back": least <= withheld <= (was_cut or broke_off),
        "stopped and recorded as stopped": counted["answer.cancelled"] == row.is_stopped,
        "nothing after a block at input": not is_blocked_at_input or not (row.attempts or searched or row.texts),
    }


def differing(row: Row, told: Sequence[Told], heard: Heard) -> list[str]:
    """Where delivered, kept and recorded bytes are not the same."""
    events = sorted((one for one in told if one.action == "answer.segment"), key=lambda one: int(one.facts["ordinal"]))
    recorded = "".join(str((one.payload or {}).get("text")) for one in events).encode()
    kept, delivered = "".join(row.texts).encode(), "".join(heard.texts).encode()
    found = [] if kept == recorded else ["the rows are not what is recorded"]
    if delivered != recorded and (heard.is_whole or not recorded.startswith(delivered)):
        found.append(f"heard {len(delivered)} bytes that are not the {len(recorded)} recorded")
    return found
