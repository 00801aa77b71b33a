"""What is held and taken away of a case: a legal hold on its answers, which follows the case, and evidence bundles."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from governance import access, models
from governance.actions import Action
from governance.audit.bundle import asking
from governance.audit.lifecycle import holds
from governance.audit.officers import folders, permits
from governance.audit.officers.models import Case
from governance.audit.vocabulary import Event
from governance.errors import Conflict, SecondOfficerNeeded
from governance.scope import Scope


def hold(scope: Scope, case: uuid.UUID, reason: str) -> None:
    """Nothing of its answers goes, and nobody in them is erased, until it is lifted; what is added later is held too.

    Raises Forbidden, NotFound, InvalidInput and Conflict.
    """
    access.require(scope, Action.HOLD)
    with scope.transaction():
        row = folders.open_row(case)
        if standing_hold(row):
            raise Conflict("The case is on hold already.")
        _keep(row, holds.place(scope, reason, interactions=folders.answers_of(row)))


def lift(scope: Scope, case: uuid.UUID, reason: str) -> None:
    """Of a closed case too. Raises Forbidden, NotFound, InvalidInput, and Conflict where none stands."""
    access.require(scope, Action.HOLD)
    with scope.transaction():
        row = folders.row_of(case, is_locked=True)
        if (held := standing_hold(row)) is None:
            raise Conflict("No hold stands for this case.")
        holds.lift(scope, held.pk, reason)
        _keep(row, None)


def export(scope: Scope, case: uuid.UUID, reason: str = "", head: str = "") -> uuid.UUID:
    """The number of a bundle of all its answers' events; with a `reason` their words come too. Raises as `asking.ask` does."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        row = folders.row_of(case, is_locked=True)
        if reason:
            _require_as_approved(scope, row)
        bundle = asking.ask(scope, reason=reason, head=head, case=case, interactions=folders.answers_of(row))
        folders.record(scope, Event.CASE_EXPORTED, row, facts={"bundle": bundle})
    return bundle


def standing_hold(row: Case) -> models.Hold | None:
    """It may have been lifted elsewhere. Inside a scope's transaction."""
    return models.Hold.objects.filter(pk=row.hold, lifted_at=None).first() if row.hold else None


def follow(scope: Scope, row: Case, answers: Sequence[uuid.UUID]) -> None:
    """Where a hold stands: another one over all that the case has by now, and then the old one may go."""
    if held := standing_hold(row):
        _keep(row, holds.place(scope, held.reason, interactions=answers))
        holds.lift(scope, held.pk, held.reason)


def _require_as_approved(scope: Scope, row: Case) -> None:
    """An approval is for the case as it was when somebody asked for it. Raises SecondOfficerNeeded."""
    permit = permits.require(scope, row.pk)
    if permit and row.items.filter(created_at__gt=permit.created_at).exists():
        raise SecondOfficerNeeded("Answers came into the case since its opening was asked for. Ask for it once more.")


def _keep(row: Case, hold: uuid.UUID | None) -> None:
    row.hold = hold
    row.save(update_fields=["hold"])
