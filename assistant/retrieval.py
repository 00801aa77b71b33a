"""What is looked up for an answer: found as this person, judged by policy, weighed, and recorded before a model reads it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from assistant import evidence, models
from assistant.evidence import Evidence
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.policy import enforcement, residence
from governance.policy.engine import Verdict
from governance.policy.rules import Action, Policy, Stage
from governance.scope import Scope
from ingestion import orders, search
from ingestion.search import Found, Passage


@dataclass(frozen=True)
class LookedUp:
    """`passages` may be shown to the model; `receipt` is what the person sees of the search."""

    passages: list[Passage]
    evidence: Evidence
    receipt: dict[str, Any]


def look_up(scope: Scope, row: models.Answer, policy: Policy, most: int) -> LookedUp:
    found = search.passages(scope, row.question, row.collections, most)
    passages, withheld = _checked(scope, row.pk, found.passages, policy)
    weighed = evidence.weigh(row.question, passages)
    _record(scope, row, found, withheld, weighed)
    return LookedUp(passages, weighed, found.receipt)


def _checked(
    scope: Scope, interaction: uuid.UUID, found: tuple[Passage, ...], policy: Policy
) -> tuple[list[Passage], dict[uuid.UUID, Verdict]]:
    """Passages that may be shown to the model; one that gives orders, or may not leave the house, is withheld, and that
    is recorded.
    """
    passed, withheld = [], {}
    for passage in found:
        verdict = _judged(scope, interaction, passage, policy)
        if verdict.action is Action.BLOCK:
            withheld[passage.chunk_id] = verdict
        else:
            passed.append(replace(passage, text=verdict.text))
    return passed, withheld


def _judged(scope: Scope, interaction: uuid.UUID, passage: Passage, policy: Policy) -> Verdict:
    if not residence.may_go(passage.classification):
        return residence.withhold(scope, policy.stamp, interaction=interaction, subject_id=passage.chunk_id)
    verdict = enforcement.check(
        scope,
        Stage.PASSAGE,
        passage.text,
        interaction=interaction,
        subject_id=passage.chunk_id,
        collections=[passage.collection_id],
        policy=policy,
    )
    if passage.is_quarantined and verdict.action is not Action.BLOCK:
        return replace(verdict, action=Action.BLOCK, text="", message=orders.HELD_BACK)
    return verdict


def _record(
    scope: Scope, row: models.Answer, found: Found, withheld: dict[uuid.UUID, Verdict], weighed: Evidence
) -> None:
    by_chunk = {passage.chunk_id: passage for passage in found.passages}
    told = [
        {"chunk": str(chunk), "document": by_chunk[chunk].document_name, "why": why.message}
        for chunk, why in withheld.items()
    ]
    receipt = found.receipt | {"withheld": told, "evidence": weighed.as_json()}
    facts = found.as_facts(row.collections)
    kept_back = {str(chunk): why for chunk, why in withheld.items()}
    given = [one for one in facts["passages"] if one["chunk"] not in kept_back]
    facts["withheld"] = [
        one | {"why": _why(kept_back[one["chunk"]]), "rules": _blocking(kept_back[one["chunk"]])}
        for one in facts["passages"]
        if one["chunk"] in kept_back
    ]
    facts["passages"] = given
    with scope.transaction():
        models.Answer.objects.filter(pk=row.pk, lease=row.lease).update(receipt=receipt, passages=given)
        events.record(scope, Event.RETRIEVED, interaction=row.pk, facts=facts, payload={"receipt": receipt})


def _why(verdict: Verdict) -> str:
    """By the rules of today, or by what was found as its document came in."""
    return "policy" if _blocking(verdict) else "quarantine"


def _blocking(verdict: Verdict) -> list[str]:
    return sorted({one.rule for one in verdict.decisions if one.action is Action.BLOCK})
