"""Passages that give orders to whatever reads them: weighed as their document comes in.

What the rules of the stage `passage` would block is quarantined: it is found and counted like any other, and never shown
to a model, until somebody who runs the collection lets it through. What they would redact is cut out whenever it is
shown. Either stands with the chunk and on the record; neither holds a word of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from governance import access
from governance.actions import Action as Permission
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict
from governance.policy import enforcement, engine
from governance.policy.engine import Verdict
from governance.policy.rules import Action, Place, Policy, Stage
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import documents
from ingestion.models import Chunk

DETECTORS = frozenset({"injection", "injection_score", "hidden_text", "control_tokens"})
NAMED = 200  # chunks that one event names, and that the ledger holds a line of; the column holds all
SOME_FOUND = phrase("Passages that give orders to a model: %(held)s held back, %(cut)s with parts that are cut out.")
HELD_BACK = phrase("A passage was left out because it gave orders to the assistant when its document came in.")
_GONE = phrase("There is no such passage, or you may not see it.")


@dataclass(frozen=True)
class Found:
    """`orders` is what stands with the chunk: the action that follows, its highest score, and each rule's say."""

    orders: Mapping[str, Any]
    verdict: Verdict | None = None

    @property
    def is_quarantined(self) -> bool:
        return bool(self.verdict and self.verdict.action is Action.BLOCK)

    @property
    def is_cut(self) -> bool:
        return bool(self.verdict and self.verdict.action is Action.REDACT)


NOTHING = Found({})


def weigh(policy: Policy, collection: uuid.UUID, pieces: Sequence[tuple[str, str]]) -> list[Found]:
    """For each text, and what stands above it, what the rules about orders say. A model is shown both.

    A detector that failed quarantines, as its rule would block.
    """
    place = Place(frozenset({collection}))
    asked = [rule for rule in policy.applying(place) if rule.detector in DETECTORS]
    headings = list(dict.fromkeys(over for _, over in pieces))
    found = engine.evaluate_each(asked, Stage.PASSAGE, [*headings, *(text for text, _ in pieces)])
    above = dict(zip(headings, found, strict=False))
    judged = (_both(one, above[over]) for one, (_, over) in zip(found[len(headings) :], pieces, strict=True))
    return [_found(replace(verdict, policy=policy.stamp)) for verdict in judged]


def record(scope: Scope, document: uuid.UUID, version: uuid.UUID, found: Mapping[uuid.UUID, Found]) -> str:
    """In the caller's transaction. `found` is by chunk, in the document's order. What to say of it; empty for nothing."""
    told = {chunk: one for chunk, one in found.items() if one.verdict is not None}
    if not told:
        return ""
    named = list(told.items())[:NAMED]
    verdicts = [(chunk, one.verdict, "") for chunk, one in named if one.verdict is not None]
    enforcement.note_each(scope, verdicts, interaction=version, stage=Stage.PASSAGE)
    held = sum(one.is_quarantined for one in told.values())
    cut = sum(one.is_cut for one in told.values())
    facts = {
        "version": version,
        "quarantined": held,
        "cut": cut,
        "chunks": [
            {"chunk": chunk, "action": one.orders["action"], "score": one.orders["score"]} for chunk, one in named
        ],
    }
    events.record(scope, Event.ORDERS_FOUND, resource=("document", document), interaction=version, facts=facts)
    return sentence(SOME_FOUND, held=held, cut=cut) if held or cut else ""


def listed(scope: Scope, document: uuid.UUID) -> list[Chunk]:
    """The chunks of what readers see of it that give orders, in its order. Empty for whoever does not run its collection.

    Raises NotFound.
    """
    row = documents.get(scope, document)
    if row.current_id is None or not access.decide(scope, Permission.COLLECTION_MANAGE, row.collection_id).allowed:
        return []
    with scope.transaction():
        chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id=row.current_id)
        return list(chunks.exclude(orders={}).order_by("ordinal"))


def let_through(scope: Scope, chunk: uuid.UUID) -> uuid.UUID:
    """A quarantined passage is no longer kept back for what was found at ingestion; the rules of the day still are asked.

    The document it is of. Raises NotFound, Forbidden, Conflict.
    """
    with scope.transaction():
        row = Chunk.objects.filter(tenant_id=scope.tenant, id=chunk).select_for_update().first()
        if row is None:
            raise access.unseen(Permission.COLLECTION_READ, "passage", chunk, _GONE)
        documents.get(scope, row.document_id)
        access.require(scope, Permission.COLLECTION_MANAGE, row.collection_id)
        if not row.is_quarantined:
            raise Conflict("This passage is not held back.")
        released = row.orders | {"released_at": timezone.now().isoformat(), "released_by": str(scope.person)}
        Chunk.objects.filter(tenant_id=scope.tenant, id=chunk).update(is_quarantined=False, orders=released)
        facts = {"chunk": chunk, "sha256": row.content_hash, "rules": [one["rule"] for one in row.orders["rules"]]}
        events.record(scope, Event.ORDERS_RELEASED, resource=("document", row.document_id), facts=facts)
    return row.document_id


def _both(text: Verdict, above: Verdict) -> Verdict:
    """Headings that would be cut are cut whenever they are shown; those that give orders keep back what stands below. Their
    places are none of the text's.
    """
    if above.action is not Action.BLOCK or text.action is Action.BLOCK:
        return text
    return replace(above, text=text.text, decisions=tuple(replace(one, spans=()) for one in above.decisions))


def _found(verdict: Verdict) -> Found:
    if not verdict.decisions:
        return NOTHING
    rules = [
        {
            "rule": one.rule,
            "detector": one.detector,
            "action": str(one.action),
            "score": round(one.score, 4),
            "reason": one.reason,
            "spans": [list(span) for span in one.spans],
        }
        for one in verdict.decisions
    ]
    highest = max(one.score for one in verdict.decisions)
    told = {"action": str(verdict.action), "score": round(highest, 4), "rules": rules}
    return Found(told | ({"policy": verdict.policy.as_json()} if verdict.policy else {}), verdict)
