"""Where the engine's verdict becomes a fact: the ledger's rows and the record's event commit together.

Neither holds the text: offsets, scores and the names of rules are kept, and the text lies where its own kind lives.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from governance import models
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.policy import engine, rulebook
from governance.policy.engine import Decision, Verdict
from governance.policy.rules import Rule, Stage
from governance.scope import Scope

REASON_LONGEST = 500


def rules_of(scope: Scope) -> tuple[Rule, ...]:
    """The tenant's enabled rules, by name."""
    with scope.transaction():
        return tuple(rulebook.of(row) for row in models.PolicyRule.objects.filter(is_enabled=True).order_by("name"))


def check(
    scope: Scope,
    stage: Stage,
    text: str,
    *,
    interaction: uuid.UUID,
    subject_id: uuid.UUID | None = None,
    rules: Sequence[Rule] | None = None,
) -> Verdict:
    """Judge `text` and put the verdict on the ledger and the record. `rules` saves reading them for each of many texts.

    `subject_id` is the passage or document that the text is of. Raises RecordUnavailable.
    """
    verdict = engine.evaluate(rules_of(scope) if rules is None else rules, stage, text)
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
    told = {"subject": subject_id} if subject_id else {}
    facts = _facts(stage, verdict) | told | ({"part": part} if part else {})
    with scope.transaction():
        models.PolicyDecision.objects.bulk_create(
            _row(scope, decision, interaction, subject_id) for decision in verdict.decisions
        )
        events.record(scope, Event.POLICY_DECIDED, interaction=interaction, facts=facts)


def try_out(scope: Scope, stage: Stage, text: str) -> Verdict:
    """What the rules say of a text that goes nowhere: on the record, but not on the ledger of what was decided."""
    verdict = engine.evaluate(rules_of(scope), stage, text)
    events.record(scope, Event.POLICY_DECIDED, facts=_facts(stage, verdict) | {"is_trial": True})
    return verdict


def _row(
    scope: Scope, decision: Decision, interaction: uuid.UUID, subject_id: uuid.UUID | None
) -> models.PolicyDecision:
    return models.PolicyDecision(
        tenant_id=scope.tenant,
        interaction=interaction,
        subject_id=subject_id,
        stage=str(decision.stage),
        rule=decision.rule,
        rule_version=decision.rule_version,
        detector=decision.detector,
        action=str(decision.action),
        score=decision.score,
        threshold=decision.threshold,
        reason=decision.reason[:REASON_LONGEST],
        spans=[list(span) for span in decision.spans],
        latency_ms=decision.latency_ms,
        is_error=bool(decision.error),
    )


def _facts(stage: Stage, verdict: Verdict) -> dict[str, Any]:
    return {"stage": stage, "action": str(verdict.action), "decisions": [_told(one) for one in verdict.decisions]}


def _told(decision: Decision) -> dict[str, Any]:
    """Without the reason: an operator's own detector might quote in it."""
    return {
        "rule": decision.rule,
        "version": decision.rule_version,
        "detector": decision.detector,
        "action": str(decision.action),
        "score": decision.score,
        "threshold": decision.threshold,
        "spans": decision.spans,
        "is_error": bool(decision.error),
    }
