"""What was said in a period, as the record has it: each text that policy judged, in the order in which it was recorded.

A question is followed by what belongs to it: what came with it, the passages that were found, and the answer, whole as the
model wrote it, with what was held back. So an interaction is of the period in which its question came.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.audit import rows
from governance.audit.rows import Recorded, Row
from governance.audit.vocabulary import Event
from governance.policy import residence
from governance.policy.replay import kept
from governance.policy.rules import ANYWHERE, Action, Place, Stage
from governance.scope import Scope

A_READ = 200  # events
LONGEST_INTERACTION = 1000  # events, which is what the record hands out at once
OF_AN_ANSWER = (
    Event.PROMPT_RECEIVED,
    Event.REASON_ASKED,
    Event.EMBEDDED,
    Event.POLICY_DECIDED,
    Event.RETRIEVED,
    Event.SEGMENT_DELIVERED,
    Event.SEGMENT_WITHHELD,
)


@dataclass(frozen=True)
class Text:
    """One text that policy judged. `text` is None where it can no longer be read: erased, or no longer kept.

    `event` is the verdict's, `decided` its action, `version` the number of the policy's version that decided.
    """

    stage: Stage
    interaction: uuid.UUID
    event: uuid.UUID
    text: str | None
    decided: str
    version: int
    part: str = ""
    subject: uuid.UUID | None = None
    place: Place = ANYWHERE


def beginnings(stages: frozenset[Stage]) -> list[str]:
    """The events that a period is counted by. An upload begins with its verdict; nothing else of it has the text."""
    asked = [Event.PROMPT_RECEIVED, Event.REASON_ASKED, Event.EMBEDDED] if stages - {Stage.UPLOAD} else []
    return sorted(str(event) for event in (*asked, *([Event.POLICY_DECIDED] if Stage.UPLOAD in stages else [])))


def wanted(since: datetime, until: datetime, stages: frozenset[Stage]) -> dict[str, Any]:
    """As `audit.read` takes it."""
    return {"since": since.isoformat(), "until": until.isoformat(), "actions": beginnings(stages)}


def following(scope: Scope, filters: Mapping[str, Any], after: Mapping[str, str]) -> list[Row]:
    """The next events that something begins with, oldest first. Inside the scope's transaction."""
    return rows.read(dict(filters) | (dict(after) or _from_the_start(filters)), A_READ)


def place_of(row: Row) -> dict[str, str]:
    """Where to go on after that event."""
    return {"after_at": row.recorded.recorded_at.isoformat(), "after_id": str(row.recorded.id)}


def texts_of(scope: Scope, row: Row, stages: frozenset[Stage]) -> Iterator[Text]:
    """The texts that begin with this event. Inside the scope's transaction."""
    recorded = row.recorded
    if recorded.action == Event.POLICY_DECIDED:
        if recorded.facts.get("stage") == Stage.UPLOAD and recorded.interaction:
            text = kept.texts().document(scope, recorded.interaction)
            yield _text(recorded, text, Place(tenant=scope.tenant).of(**_where(recorded)))
        return
    if recorded.interaction is None:
        return
    found = rows.read(
        {"interaction": str(recorded.interaction), "actions": [str(event) for event in OF_AN_ANSWER]},
        LONGEST_INTERACTION,
    )[::-1]
    yield from _Interaction(scope, row, found).texts(stages)


class _Interaction:
    """The events of one, oldest first; payloads are opened when they are wanted, and at most once."""

    def __init__(self, scope: Scope, beginning: Row, found: list[Row]) -> None:
        self.scope = scope
        self.said: Mapping[str, Any] | None = rows.opened(scope, beginning).payload
        self.groups = _ids(beginning.leaf.get("groups"))
        # What was asked before a rule could be for an assistant says it here alone.
        self.assistants = _ids([one] if (one := beginning.recorded.facts.get("assistant")) else [])
        self.verdicts = [row.recorded for row in found if row.recorded.action == Event.POLICY_DECIDED]
        spoken = {Event.SEGMENT_DELIVERED, Event.SEGMENT_WITHHELD}
        self.spoken = [row for row in found if row.recorded.action in spoken]
        self.hashes = {
            str(one["chunk"]): str(one.get("sha256", ""))
            for row in found
            if row.recorded.action == Event.RETRIEVED
            for one in row.recorded.facts.get("passages", ())
        }

    def texts(self, stages: frozenset[Stage]) -> Iterator[Text]:
        outputs = []
        for verdict in self.verdicts:
            stage = Stage(str(verdict.facts.get("stage")))
            if stage not in stages or _is_no_rules(verdict):
                continue
            if stage is Stage.OUTPUT:
                outputs.append(verdict)
            else:
                text = self._input(verdict) if stage is Stage.INPUT else self._passage(verdict)
                yield _text(verdict, text, self._place(verdict))
        if outputs:
            gravest = _gravest(outputs)
            yield _text(gravest, self._answer(), self._place(gravest))

    def _place(self, verdict: Recorded) -> Place:
        told = _ids(verdict.facts.get("assistants"))
        assistants = self.assistants if told is None else told
        return Place(groups=self.groups, assistants=assistants, tenant=self.scope.tenant).of(**_where(verdict))

    def _input(self, verdict: Recorded) -> str | None:
        found = None if self.said is None else self._part(self.said, str(verdict.facts.get("part", "")))
        return found if isinstance(found, str) else None

    def _part(self, said: Mapping[str, Any], part: str) -> Any:
        name, _, rest = part.partition(" ")
        if not part:
            return said.get("text")
        if name == "text":  # of a client that had several embedded at once
            return _nth(said.get("texts", []), int(rest))
        if name == "turn":
            number, _, which = rest.partition(" ")
            turn = _nth(said.get("turns", []), int(number) - 1)
            return turn and _nth(turn, ("question", "answer").index(which))
        return said.get(part)

    def _passage(self, verdict: Recorded) -> str | None:
        chunk = uuid.UUID(str(verdict.facts["subject"]))
        return kept.texts().passage(self.scope, chunk, self.hashes.get(str(chunk), ""))

    def _answer(self) -> str | None:
        """As the model wrote it, whether it left or not; None where a part of it can no longer be read."""
        pieces: list[str] = []
        for row in self.spoken:
            payload = rows.opened(self.scope, row).payload
            if payload is None:
                return None
            pieces.append(payload.get("withheld") or payload.get("written") or payload.get("text") or "")
        return "".join(pieces)


def _is_no_rules(verdict: Recorded) -> bool:
    """Restricted text is kept in the house beside the rules: no version decides it, so none is held against it."""
    return any(one.get("rule") == residence.RULE for one in verdict.facts.get("decisions", ()))


def _gravest(verdicts: list[Recorded]) -> Recorded:
    """Of an answer, which is judged in segments and comes to what the whole of it would."""
    return max(verdicts, key=lambda verdict: Action.named(str(verdict.facts.get("action"))))


def _where(verdict: Recorded) -> dict[str, Any]:
    return {"collections": _ids(verdict.facts.get("collections")), "labels": verdict.facts.get("labels")}


def _text(verdict: Recorded, text: str | None, place: Place) -> Text:
    facts = verdict.facts
    subject = facts.get("subject")
    assert verdict.interaction is not None  # noqa: S101  it was asked for by it
    return Text(
        stage=Stage(str(facts["stage"])),
        interaction=verdict.interaction,
        event=verdict.id,
        text=text,
        decided=str(facts["action"]),
        version=int(facts.get("policy", {}).get("version", 0)),
        part=str(facts.get("part", "")),
        subject=uuid.UUID(str(subject)) if subject else None,
        place=place,
    )


def _ids(told: list[str] | None) -> frozenset[uuid.UUID] | None:
    return None if told is None else frozenset(uuid.UUID(one) for one in told)


def _nth(values: Any, place: int) -> Any:
    return values[place] if 0 <= place < len(values) else None


def _from_the_start(filters: Mapping[str, Any]) -> dict[str, str]:
    """A place before every event of the period, so that they come oldest first."""
    return {"after_at": str(filters["since"]), "after_id": str(uuid.UUID(int=0))}
