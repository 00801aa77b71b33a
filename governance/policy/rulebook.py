"""A tenant's rules as its admins see and change them. Every change makes a new version, which decisions then name."""

from __future__ import annotations

import uuid
from typing import Any

from governance import access, models
from governance.actions import Action as Permission
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.policy import rules
from governance.policy.rules import Action, Rule, Stage
from governance.scope import Scope
from governance.sentence import sentence

MESSAGE_MAX = 500


def listed(scope: Scope) -> list[models.PolicyRule]:
    """All of them, switched on or not, by name. Raises Forbidden."""
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        return list(models.PolicyRule.objects.order_by("name"))


def change(scope: Scope, rule: uuid.UUID, *, is_enabled: bool, action: str, message: str) -> models.PolicyRule:
    """Raises Forbidden, NotFound, InvalidInput."""
    access.require(scope, Permission.POLICY_MANAGE)
    message = " ".join(message.split())
    if len(message) > MESSAGE_MAX:
        raise InvalidInput(sentence("A message has at most %(most)s characters.", most=MESSAGE_MAX))
    with scope.transaction():
        row = models.PolicyRule.objects.select_for_update().filter(pk=rule).first()
        if row is None:
            raise access.unseen(Permission.POLICY_MANAGE, "rule", rule, "There is no such rule.")
        before = _told(row)
        row.is_enabled, row.action, row.message = is_enabled, str(Action.named(action)), message
        after = _told(row)
        if after == before:
            return row
        rules.check(of(row))
        row.version += 1
        row.save(update_fields=["is_enabled", "action", "message", "version"])
        events.record(
            scope,
            Event.POLICY_CHANGED,
            resource=("rule", rule),
            facts={
                "rule": row.name,
                "version": row.version,
                "changed": [key for key, value in after.items() if value != before[key]],
            },
            payload={"before": before, "after": after},
        )
    return row


def of(row: models.PolicyRule) -> Rule:
    """The rule as the engine runs it."""
    return Rule(
        name=row.name,
        stages=frozenset(Stage(stage) for stage in row.stages),
        detector=row.detector,
        action=Action.named(row.action),
        threshold=row.threshold,
        message=row.message,
        options=row.options,
        version=row.version,
    )


def _told(row: models.PolicyRule) -> dict[str, Any]:
    return {"is_enabled": row.is_enabled, "action": row.action, "message": row.message}
