"""What is done to a draft as a whole."""

from __future__ import annotations

from governance import access, models
from governance.actions import Action
from governance.policy import builtin, documents, versions
from governance.scope import Scope


def complete(scope: Scope, number: int) -> models.PolicyVersion:
    """Put the built-in rules that a draft lacks into it, as an update of Chancery brings them.

    Raises Forbidden, NotFound, Conflict (no draft).
    """
    access.require(scope, Action.POLICY_MANAGE)
    with scope.transaction():
        row = versions.open_draft(scope, number)
        for rule in builtin.missing(versions.rules_of(row)):
            row = versions.put_rule(scope, number, documents.of(rule), is_new=True)
        return row
