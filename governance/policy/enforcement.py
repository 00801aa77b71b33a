"""Where the engine's verdict becomes a fact: the ledger's rows and the record's event commit together.

Neither holds the text: offsets, scores and the names of rules are kept, and the text lies where its own kind lives. Both
name the version of the policy that spoke, by number and hash.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.models import PolicyDecision
from governance.policy import engine, ledger, versions
from governance.policy.engine import Decision, Verdict
from governance.policy.rules import UNKNOWN, Place, Policy, Stage
from governance.scope import Scope


def place(
    scope: Scope,
    collections: Iterable[uuid.UUID] | None = None,
    labels: Iterable[int] | None = None,
    assistants: Iterable[uuid.UUID] | None = None,
) -> Place:
    """Where a text of this scope is looked at. Background work acts for nobody, so no rule is left out for a group."""
    by = None if assistants is None else frozenset(assistants)
    asked = Place(groups=None if scope.is_system else scope.groups, assistants=by, tenant=scope.tenant)
    return asked.of(collections=collections, labels=labels)


def check(
    scope: Scope,
    stage: Stage,
    text: str,
    *,
    interaction: uuid.UUID,
    subject_id: uuid.UUID | None = None,
    collections: Iterable[uuid.UUID] | None = None,
    policy: Policy | None = None,
) -> Verdict:
    """Judge `text` and put the verdict on the ledger and the record. `policy` saves reading it for each of many texts.

    `subject_id` is the passage or document that the text is of. `collections` are those it is asked of or comes from; None
    where that may be any. Raises RecordUnavailable, PolicyDamaged.
    """
    spoken = versions.in_force(scope) if policy is None else policy
    verdict = engine.check(spoken, stage, text, place(scope, collections))
    note(scope, verdict, interaction=interaction, stage=stage, subject_id=subject_id)
    return verdict


def note(
    scope: Scope,
    verdict: Verdict,
    *,
    interaction: uuid.UUID,
    stage: Stage = Stage.OUTPUT,
    subject_id: uuid.UUID | None = None,
    part: str = "",
) -> None:
    """The same for a verdict that was made elsewhere, by a streaming Gate. A text that passed is noted too.

    `part` says which text of several that came together; the spans count from its start.
    """
    with scope.transaction():
        ledger.write(_noted(scope, verdict, interaction, stage, subject_id, part))


def note_each(
    scope: Scope, verdicts: Iterable[tuple[uuid.UUID, Verdict, str]], *, interaction: uuid.UUID, stage: Stage
) -> None:
    """The same for the verdicts on several texts of one interaction, each with its subject and part, in two statements."""
    with events.together(scope):
        ledger.write(
            [
                row
                for subject_id, verdict, part in verdicts
                for row in _noted(scope, verdict, interaction, stage, subject_id, part)
            ]
        )


def _noted(
    scope: Scope, verdict: Verdict, interaction: uuid.UUID, stage: Stage, subject_id: uuid.UUID | None, part: str
) -> list[PolicyDecision]:
    """The record's event, and the ledger's rows of it."""
    told = {"subject": subject_id} if subject_id else {}
    facts = _facts(stage, verdict) | told | ({"part": part} if part else {})
    event = events.record(scope, Event.POLICY_DECIDED, interaction=interaction, facts=facts)
    return ledger.rows(scope, verdict, event, interaction=interaction, stage=stage, subject_id=subject_id, part=part)


def try_out(scope: Scope, stage: Stage, text: str, policy: Policy | None = None) -> Verdict:
    """What the policy says of a text that goes nowhere: on the record, but not on the ledger of what was decided.

    `policy` is another version than the one in force, such as a draft.
    """
    spoken = versions.in_force(scope) if policy is None else policy
    verdict = engine.check(spoken, stage, text, place(scope))
    events.record(scope, Event.POLICY_DECIDED, facts=_facts(stage, verdict) | {"is_trial": True})
    return verdict


def _facts(stage: Stage, verdict: Verdict) -> dict[str, Any]:
    """`collections`, `labels` and `assistants` where it is known which they are; the person's groups stand with every event."""
    place = verdict.place
    there: dict[str, Any] = {"collections": place.collections, "assistants": place.assistants}
    there["labels"] = None if place.labels is None else sorted(place.labels)
    return {
        "stage": stage,
        "action": str(verdict.action),
        "policy": (verdict.policy or UNKNOWN).as_json(),
        "decisions": [_told(one) for one in verdict.decisions],
    } | {name: found for name, found in there.items() if found is not None}


def _told(decision: Decision) -> dict[str, Any]:
    """Without the reason: an operator's own detector might quote in it."""
    return {
        "rule": decision.rule,
        "detector": decision.detector,
        "action": str(decision.action),
        "score": decision.score,
        "threshold": decision.threshold,
        "spans": decision.spans,
        "latency_ms": round(decision.latency_ms, 3),
        "is_error": bool(decision.error),
    } | ({"model": decision.model} if decision.model else {})
