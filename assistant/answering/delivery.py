"""What leaves: a segment's row, its record and its policy decisions commit first, then it is published.

What is delivered is never taken back. Nothing here may run before the commit that it reports.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from assistant import models
from assistant.answering import checking, lease, turns
from assistant.answering.checking import Checked
from assistant.answering.quotations import Quote
from assistant.answering.steps import Step
from assistant.conversations import reading
from assistant.models import Support
from assistant.streams import stream
from governance import keys, quotas, stopwatch
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.policy import enforcement, engine
from governance.policy.engine import Verdict
from governance.policy.rules import ANYWHERE, Action, Place, Policy, Stage
from governance.policy.streaming import Piece
from governance.quotas.counting import Use
from governance.scope import Scope
from inference.runners.speech import Speech
from ingestion.attribution import Attribution
from ingestion.documents.labelled import Mark
from ingestion.search import Passage

ASKED_AGAIN_S = (
    2.0  # how often it is asked while an answer is written whether its person may still read what it is from
)

BORNE_OUT: dict[Support, bool | None] = {
    Support.NEUTRAL: None,
    Support.SUPPORTED: True,
    Support.MOVED: True,
    Support.UNSUPPORTED: False,
    Support.EXTRACT: True,
}


@dataclass
class Delivery:
    """The segments of one answer, in order. `scope` is the person's."""

    scope: Scope
    answer: uuid.UUID
    token: uuid.UUID
    passages: Sequence[Passage] = ()
    policy: Policy | None = None  # whose rules for answers hold for what is quoted beside them too
    place: Place = ANYWHERE
    label: Mark | None = None  # what the answer carries
    sent: int = 0
    markers: dict[uuid.UUID, int] = field(default_factory=dict)
    used: Use = field(default_factory=Use)  # of the model
    asked_at: float = field(default_factory=time.monotonic)  # when it was last asked whether they may still read it

    @contextmanager
    def counting(self, speech: Speech) -> Iterator[None]:
        """What the model reads and writes meanwhile is what it used, however that ends. Its queue is none of its time, and
        of what still stood there it has read nothing.
        """
        begun, is_whole = time.monotonic(), False
        try:
            yield
            is_whole = True
        finally:
            if not speech.is_in_line and (is_whole or speech.has_begun):
                took = round((time.monotonic() - begun) * 1000) - (speech.line_ms or 0)
                self.used = Use(speech.usage.prompt_tokens, speech.usage.completion_tokens, max(0, took))

    @stopwatch.step(Step.DELIVERING)
    def send(self, piece: Piece, checked: Checked | None = None) -> None:
        """`checked` is what was found out about its text. Raises RecordUnavailable or lease.LeaseLost, and then nothing has
        left.
        """
        self._ask_again()
        checked = checked or checking.check(piece.text, self.passages)
        by_id = {passage.chunk_id: passage for passage in self.passages}
        judged = [self._judge(self._citation(by_id[one.key], one)) for one in checked.found]
        is_supported = BORNE_OUT[checked.support]
        citations = [citation for citation, _ in judged]
        with events.together(self.scope):
            lease.extend(self.answer, self.token)
            if self.label is not None and not self.sent:  # nothing of it is said without it
                models.Answer.objects.filter(pk=self.answer).update(label=self.label.as_json())
            segment = models.Segment.objects.create(
                tenant_id=self.scope.tenant,
                person_id=self.scope.person,
                answer_id=self.answer,
                ordinal=self.sent,
                text=checked.text,
                citations=citations,
                is_supported=is_supported,
                support=checked.support,
            )
            enforcement.note(self.scope, piece.verdict, interaction=self.answer)
            for citation, verdict in judged:
                if verdict is not None:
                    part = f"citation {citation['marker']}"
                    enforcement.note(self.scope, verdict, interaction=self.answer, part=part)
            facts = {
                "ordinal": self.sent,
                "citations": [{"chunk": c["chunk_id"], "marker": c["marker"]} for c in citations],
                "is_supported": is_supported,
                "support": checked.support,
                "was_redacted": piece.text != piece.raw,
            }
            payload: dict[str, Any] = {"text": checked.text}
            payload |= {"written": piece.raw} if checked.text != piece.raw else {}
            payload |= {"citations": [_shown(c) for c in citations]} if citations else {}
            events.record(self.scope, Event.SEGMENT_DELIVERED, interaction=self.answer, facts=facts, payload=payload)
            self.sent += 1
            number, message = self.sent, segment_message(segment)
            transaction.on_commit(lambda: stream.publish(self.answer, number, message))

    def _ask_again(self) -> None:
        """A right that was lost in mid-answer ends it. Raises NotFound, Denied."""
        if time.monotonic() - self.asked_at < ASKED_AGAIN_S:
            return
        self.asked_at = time.monotonic()
        collections = {passage.collection_id for passage in self.passages}
        reading.require(keys.renewed(self.scope), collections, {passage.document_id for passage in self.passages})

    def quote(self, quote: Quote, before: str = "") -> bool:
        """A passage's own words as a segment, said to be such; false where policy lets none of it leave. `before` parts them
        from what was said.
        """
        text = quote.above + quote.text
        verdict = Verdict(Action.ALLOW, (), text, "")
        if self.policy is not None:
            verdict = engine.check(self.policy, Stage.OUTPUT, text, self.place)
        if verdict.action is Action.BLOCK:
            self._refuse(verdict)
            return False
        found = Attribution(quote.passage.chunk_id, 1.0, quote.text, quote.start, quote.end)
        piece = Piece(f"{before}{verdict.text}\n\n", f"{before}{text}\n\n", verdict)
        self.send(piece, Checked(piece.text, Support.EXTRACT, (found,)))
        return True

    def _refuse(self, verdict: Verdict) -> None:
        with self.scope.transaction():
            enforcement.note(self.scope, verdict, interaction=self.answer, part="quote")

    def withhold(self, text: str, why: str) -> None:
        """What the model wrote and nobody was sent: it may not leave, and it is not forgotten either.

        `why` is policy, stopped, unsupported or "broke off". Raises RecordUnavailable or lease.LeaseLost.
        """
        if not text:
            return
        with self.scope.transaction():
            lease.extend(self.answer, self.token)
            facts = {"characters": len(text), "after": self.sent, "why": why}
            payload = {"withheld": text}
            events.record(self.scope, Event.SEGMENT_WITHHELD, interaction=self.answer, facts=facts, payload=payload)

    def _judge(self, citation: dict[str, Any]) -> tuple[dict[str, Any], Verdict | None]:
        """The citation as it may leave, and what was found in it. What a rule would block is left out."""
        heading = citation["locator"].get("heading", "")
        shown = {"document_name": citation["document_name"], "quote": citation["quote"], "heading": str(heading)}
        if self.policy is None:
            return citation, None
        verdict = engine.check(self.policy, Stage.OUTPUT, "\n".join(shown.values()), self.place)
        if verdict.action < Action.REDACT:
            return citation, verdict if verdict.decisions else None
        cut = {name: engine.check(self.policy, Stage.OUTPUT, text, self.place).text for name, text in shown.items()}
        locator = citation["locator"] | ({"heading": cut.pop("heading")} if heading else {})
        return citation | {name: cut[name] for name in ("document_name", "quote")} | {"locator": locator}, verdict

    def _citation(self, passage: Passage, found: Attribution[uuid.UUID]) -> dict[str, Any]:
        marker = self.markers.setdefault(passage.chunk_id, len(self.markers) + 1)
        return {
            "marker": marker,
            "document_id": str(passage.document_id),
            "document_name": passage.document_name,
            "chunk_id": str(passage.chunk_id),
            "quote": found.quote,
            "start": found.start,
            "end": found.end,
            "is_in_place": passage.is_as_stored,
            "locator": passage.locator,
        } | ({"label": passage.label.as_json()} if passage.label else {})


def _shown(citation: dict[str, Any]) -> dict[str, Any]:
    """What its reader got to see of it: the document may be gone by the time somebody asks."""
    return {name: citation[name] for name in ("marker", "document_name", "quote", "label") if name in citation}


def finish(
    scope: Scope,
    answer: uuid.UUID,
    token: uuid.UUID,
    status: models.Status,
    notice: str = "",
    *,
    facts: dict[str, Any] | None = None,
    summary: str = "",
    ingredients: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """The answer's end: its row and its record in one commit, then the doorbells, its own and of what waits for it. Raises
    lease.LeaseLost.

    `summary` is what the model was told of the older turns: it stands on the record alone. `ingredients` is what the answer
    was made of.
    """
    with scope.transaction():
        held = models.Answer.objects.filter(pk=answer, lease=token, status=models.Status.RUNNING)
        changed = held.update(
            status=status, notice=notice, finished_at=timezone.now(), lease=None, lease_until=None, **fields
        )
        if not changed:
            raise lease.LeaseLost
        delivered = _delivered(answer)
        told = {"status": status, "segments": len(delivered), "bytes": sum(map(len, delivered))} | (facts or {})
        said: dict[str, Any] = {"notice": notice} if notice else {}
        said |= {"summary": summary} if summary else {}
        said |= {"ingredients": ingredients} if ingredients else {}
        said |= {"sha256": hashlib.sha256(b"".join(delivered)).hexdigest()} if delivered else {}
        events.record(scope, Event.ANSWER_FINISHED, interaction=answer, facts=told, payload=said or None)
        turns.ring_next(scope, answer)
        transaction.on_commit(lambda: stream.wake(answer))


def end(sender: Delivery, status: models.Status, notice: str, *, facts: dict[str, Any], **fields: Any) -> None:
    """The end of one that was worked on, with what it used of the model. Raises RecordUnavailable, lease.LeaseLost."""
    facts |= {"label": sender.label.rank} if sender.label else {}
    try:
        with sender.scope.transaction():
            _settle(sender)
            finish(sender.scope, sender.answer, sender.token, status, notice, facts=facts, **fields)
    except RecordUnavailable:
        if sender.sent:  # nothing is generated for it again: what it used is known now, and never later
            with suppress(DatabaseError):
                _settle(sender)
        raise


def _settle(sender: Delivery) -> None:
    used = sender.used
    quotas.settle(sender.scope, sender.answer, used.written, used.read, seconds=used.ms / 1000)


def give_up(held: lease.Claim, status: models.Status, notice: str) -> None:
    """The end of one that an earlier attempt left behind and nobody goes on with. What that one used nobody knows."""
    with held.scope.transaction():
        quotas.close(held.scope, held.answer)
        finish(held.scope, held.answer, held.token, status, notice)


def _delivered(answer: uuid.UUID) -> list[bytes]:
    """What left of it, in whichever try."""
    texts = models.Segment.objects.filter(answer=answer).order_by("ordinal").values_list("text", flat=True)
    return [text.encode() for text in texts]


def segment_message(segment: models.Segment) -> dict[str, Any]:
    """One segment as clients get it, live from the stream or later from the row."""
    return {
        "ordinal": segment.ordinal,
        "text": segment.text,
        "citations": segment.citations,
        "is_supported": segment.is_supported,
        "support": segment.support,
    }
