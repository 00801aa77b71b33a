"""A case's row, and how what is done with it is recorded: what cases and their custody stand on."""

from __future__ import annotations

import uuid

from governance.audit import envelope, events, keyring
from governance.audit.officers.models import Case, CaseItem
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.scope import Scope

KIND = "case"


def record(
    scope: Scope,
    event: Event,
    row: Case,
    *,
    interaction: uuid.UUID | None = None,
    facts: dict[str, object] | None = None,
    payload: dict[str, object] | None = None,
) -> uuid.UUID:
    """The tenant is the subject of what its officers write: it outlives whoever wrote it."""
    resource = (KIND, row.pk)
    return events.record(
        scope, event, resource=resource, interaction=interaction, facts=facts, payload=payload, subject=scope.tenant
    )


def row_of(case: uuid.UUID, *, is_locked: bool = False) -> Case:
    """Raises NotFound. Inside a scope's transaction, as all here."""
    wanted = Case.objects.select_for_update() if is_locked else Case.objects.all()
    row = wanted.filter(pk=case).first()
    if row is None:
        raise NotFound("There is no such case.")
    return row


def open_row(case: uuid.UUID) -> Case:
    """Locked until the commit. Raises NotFound and Conflict."""
    row = row_of(case, is_locked=True)
    if row.closed_at is not None:
        raise Conflict("The case is closed. Open it again to go on with it.")
    return row


def title(scope: Scope, row: Case) -> str:
    """The beginning of its number, where the key is gone."""
    try:
        return str(envelope.unseal(scope.tenant, scope.tenant, row.pk, bytes(row.sealed))["title"])
    except keyring.KeyGone:
        return str(row.pk)[:8]


def answers_of(row: Case) -> list[uuid.UUID]:
    """Raises InvalidInput where it is empty: what filters nothing would mean everything."""
    found = list(CaseItem.objects.filter(case=row).order_by("created_at").values_list("interaction", flat=True))
    if not found:
        raise InvalidInput("Put answers into the case first.")
    return found
