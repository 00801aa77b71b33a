"""What leaves: a segment's row, its record and its policy decisions commit first, then it is published.

What is delivered is never taken back. Nothing here may run before the commit that it reports.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from assistant import lease, models, stream
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.policy import enforcement
from governance.policy.streaming import Piece
from governance.scope import Scope
from ingestion import attribution
from ingestion.search import Passage


@dataclass
class Delivery:
    """The segments of one answer, in order. `scope` is the person's."""

    scope: Scope
    answer: uuid.UUID
    token: uuid.UUID
    passages: Sequence[Passage] = ()
    sent: int = 0
    markers: dict[uuid.UUID, int] = field(default_factory=dict)

    def send(self, piece: Piece) -> None:
        """Raises RecordUnavailable or lease.LeaseLost, and then nothing has left."""
        citations, is_supported = self._cite(piece.text)
        with self.scope.transaction():
            lease.extend(self.answer, self.token)
            segment = models.Segment.objects.create(
                tenant_id=self.scope.tenant,
                person_id=self.scope.person,
                answer_id=self.answer,
                ordinal=self.sent,
                text=piece.text,
                citations=citations,
                is_supported=is_supported,
            )
            enforcement.note(self.scope, piece.verdict, interaction=self.answer)
            facts = {
                "ordinal": self.sent,
                "citations": [{"chunk": c["chunk_id"], "marker": c["marker"]} for c in citations],
                "is_supported": is_supported,
                "was_redacted": piece.text != piece.raw,
            }
            payload: dict[str, Any] = {"text": piece.text}
            payload |= {"written": piece.raw} if piece.text != piece.raw else {}
            payload |= {"citations": [_shown(c) for c in citations]} if citations else {}
            events.record(self.scope, Event.SEGMENT_DELIVERED, interaction=self.answer, facts=facts, payload=payload)
            self.sent += 1
            number, message = self.sent, segment_message(segment)
            transaction.on_commit(lambda: stream.publish(self.answer, number, message))

    def withhold(self, text: str, why: str) -> None:
        """What the model wrote and nobody was sent: it may not leave, and it is not forgotten either.

        `why` is policy, stopped or "broke off". Raises RecordUnavailable or lease.LeaseLost.
        """
        if not text:
            return
        with self.scope.transaction():
            lease.extend(self.answer, self.token)
            facts = {"characters": len(text), "after": self.sent, "why": why}
            payload = {"withheld": text}
            events.record(self.scope, Event.SEGMENT_WITHHELD, interaction=self.answer, facts=facts, payload=payload)

    def _cite(self, text: str) -> tuple[list[dict[str, Any]], bool | None]:
        if not self.passages:
            return [], None
        by_id = {passage.chunk_id: passage for passage in self.passages}
        above = {p.chunk_id: p.above for p in self.passages}
        found = attribution.attribute(text, [(p.chunk_id, p.text) for p in self.passages], contexts=above)
        citations = [self._citation(by_id[one.key], one) for one in found]
        return citations, True if citations else None if attribution.is_neutral(text) else False

    def _citation(self, passage: Passage, found: attribution.Attribution[uuid.UUID]) -> dict[str, Any]:
        marker = self.markers.setdefault(passage.chunk_id, len(self.markers) + 1)
        return {
            "marker": marker,
            "document_id": str(passage.document_id),
            "document_name": passage.document_name,
            "chunk_id": str(passage.chunk_id),
            "quote": found.quote,
            "start": found.start,
            "end": found.end,
            "locator": passage.locator,
        }


def _shown(citation: dict[str, Any]) -> dict[str, Any]:
    """What its reader got to see of it: the document may be gone by the time somebody asks."""
    return {name: citation[name] for name in ("marker", "document_name", "quote")}


def finish(
    scope: Scope,
    answer: uuid.UUID,
    token: uuid.UUID,
    status: models.Status,
    notice: str = "",
    *,
    facts: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """The answer's end: its row and its record in one commit, then the doorbell. Raises lease.LeaseLost."""
    with scope.transaction():
        held = models.Answer.objects.filter(pk=answer, lease=token, status=models.Status.RUNNING)
        changed = held.update(
            status=status, notice=notice, finished_at=timezone.now(), lease=None, lease_until=None, **fields
        )
        if not changed:
            raise lease.LeaseLost
        delivered = _delivered(answer)
        told = {"status": status, "segments": len(delivered), "bytes": sum(map(len, delivered))} | (facts or {})
        said = {"notice": notice} if notice else {}
        said |= {"sha256": hashlib.sha256(b"".join(delivered)).hexdigest()} if delivered else {}
        events.record(scope, Event.ANSWER_FINISHED, interaction=answer, facts=told, payload=said or None)
        transaction.on_commit(lambda: stream.wake(answer))


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
    }
