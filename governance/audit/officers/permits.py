"""Whether words may be opened now: where the tenant wants a second officer, only with an approval that has not run out."""

from __future__ import annotations

import uuid

from django.utils import timezone

from governance import models
from governance.audit.officers.models import Opening
from governance.errors import SecondOfficerNeeded
from governance.scope import Scope


def is_needed(scope: Scope) -> bool:
    with scope.transaction():
        return models.Tenant.objects.values_list("opening_needs_second", flat=True).get(pk=scope.tenant)


def require(scope: Scope, *targets: uuid.UUID | None) -> Opening | None:
    """The approval for one of `targets`, an interaction or an event of it; None where none is needed.

    Raises SecondOfficerNeeded.
    """
    if scope.is_system or not is_needed(scope):
        return None
    with scope.transaction():
        given = Opening.objects.filter(asked_by=scope.person, status=Opening.APPROVED, expires_at__gt=timezone.now())
        found = given.filter(target__in=[target for target in targets if target]).order_by("-expires_at").first()
    if found is None:
        raise SecondOfficerNeeded("Words are opened here once a second officer has approved it. Ask for it first.")
    return found


def told(permit: Opening | None) -> dict[str, object]:
    """What an opening's event says of who approved it."""
    return {"opening": permit.pk, "approved_by": permit.decided_by} if permit else {}
