"""What a client that keeps the conversation itself brings to a question: earlier turns, an instruction, whom it asks for.

None of it is more trusted than the question: it is the same caller's text, so every part of it passes the input policy
and stands in the record. A turn that the client calls ours may never have been.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from governance.policy import enforcement, engine
from governance.policy.engine import Verdict
from governance.policy.rules import Action, Place, Policy, Stage
from governance.scope import Scope
from inference.prompts import Turn


@dataclass(frozen=True)
class Brought:
    """`turns` are oldest first. `user` is the client's own name for whom it asks: it is recorded, and nothing else."""

    turns: tuple[Turn, ...] = ()
    instruction: str = ""
    user: str = ""

    @classmethod
    def kept(cls, row: dict[str, Any]) -> Brought:
        """From an answer's row."""
        return cls(tuple(Turn(*turn) for turn in row.get("turns", ())), row.get("instruction", ""))

    def to_keep(self) -> dict[str, Any]:
        turns = [[turn.question, turn.answer] for turn in self.turns]
        return {name: value for name, value in (("turns", turns), ("instruction", self.instruction)) if value}

    def to_record(self) -> dict[str, Any]:
        return self.to_keep() | ({"user": self.user} if self.user else {})

    def parts(self) -> Iterator[tuple[str, str]]:
        """Each text with a name for the record."""
        yield "instruction", self.instruction
        for number, turn in enumerate(self.turns, 1):
            yield f"turn {number} question", turn.question
            yield f"turn {number} answer", turn.answer


@dataclass(frozen=True)
class Judged:
    """The verdicts on the parts, by their names, as far as the first that blocks."""

    brought: Brought
    verdicts: dict[str, Verdict]

    @property
    def blocked(self) -> Verdict | None:
        return next((verdict for verdict in self.verdicts.values() if verdict.action is Action.BLOCK), None)

    def note(self, scope: Scope, interaction: uuid.UUID) -> Verdict | None:
        """Put every verdict on the ledger and the record; the one that blocks, where one does."""
        for part, verdict in self.verdicts.items():
            enforcement.note(scope, verdict, interaction=interaction, stage=Stage.INPUT, part=part)
        return self.blocked

    def passed(self) -> Brought:
        """As policy leaves it: redacted where it redacts, and nothing at all where it blocks."""
        if self.blocked:
            return Brought()
        texts = {part: verdict.text for part, verdict in self.verdicts.items()}
        turns = tuple(
            Turn(texts.get(f"turn {number} question", ""), texts.get(f"turn {number} answer", ""))
            for number in range(1, len(self.brought.turns) + 1)
        )
        return Brought(turns, texts.get("instruction", ""), self.brought.user)


def judge(policy: Policy, brought: Brought, place: Place) -> Judged:
    """Outside the transaction that notes it: a long conversation takes a while, and admission holds a lock meanwhile."""
    verdicts: dict[str, Verdict] = {}
    for part, text in ((part, text) for part, text in brought.parts() if text):
        verdicts[part] = engine.check(policy, Stage.INPUT, text, place)
        if verdicts[part].action is Action.BLOCK:
            break
    return Judged(brought, verdicts)
