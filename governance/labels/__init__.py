"""Classification labels: a tenant's ordered list of words, and how far up each person is cleared.

A document above what somebody is cleared for is not there for them. Nobody is cleared by being an admin: an admin writes the
list and says who is cleared, which stands on the record.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from governance import access, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.grants import Holder
from governance.labels.models import Clearance, Label
from governance.scope import Scope
from governance.sentence import sentence

MOST = 12
NAME_MOST = 60


@dataclass(frozen=True)
class Cleared:
    """Who is cleared further than everybody, and how far."""

    id: uuid.UUID
    who: str
    is_group: bool
    rank: int


def listed(scope: Scope) -> list[str]:
    """The names, from the lowest up: a document's rank is the place in it. Empty where the tenant has no labels."""
    with scope.transaction():
        return list(Label.objects.order_by("rank").values_list("name", flat=True))


def default(scope: Scope) -> int | None:
    """Up to which rank everybody is cleared; None where everybody is cleared for everything."""
    return tenants.current(scope).clearance


def home(scope: Scope) -> int | None:
    """From which rank on a document's text goes to no model outside the house; None where a label says nothing of that."""
    return tenants.current(scope).home_label


def clearance(scope: Scope) -> int | None:
    """Up to which rank this scope is cleared; None for everything. Postgres works out the same by itself."""
    if scope.is_system or (least := default(scope)) is None:
        return None
    mine = Q(person=scope.actor) | Q(group__in=scope.groups)
    with scope.as_system().transaction():  # a person is shown their own alone
        further = Clearance.objects.filter(mine).aggregate(most=Max("rank"))["most"]
    return max(least, further or 0)


def cleared(scope: Scope) -> list[Cleared]:
    """Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = Clearance.objects.select_related("person", "group").order_by("-rank", "created_at")
        return [Cleared(row.pk, str(row.person or row.group), row.group_id is not None, row.rank) for row in rows]


def write(scope: Scope, names: Sequence[str], least: int | None, home: int | None = None) -> None:
    """The whole list, up to which rank everybody is cleared, and from which on text stays in the house. What is on a document
    must stay.

    Raises Forbidden, InvalidInput.
    """
    access.require(scope, Action.TENANT_MANAGE)
    wanted = [" ".join(name.split()) for name in names]
    _check(wanted, least, home)
    before = listed(scope)
    if len(wanted) < len(before):
        raise InvalidInput("A label is renamed, and not taken away: documents may carry it.")
    with events.together(scope):
        if wanted != before:
            Label.objects.all().delete()
            Label.objects.bulk_create(
                Label(tenant_id=scope.tenant, rank=rank, name=name) for rank, name in enumerate(wanted)
            )
            payload = {"before": before, "after": wanted}
            events.record(scope, Event.LABELS_CHANGED, facts={"labels": len(wanted)}, payload=payload)
        tenants.write(scope, {"clearance": least, "home_label": home})


def clear(scope: Scope, holder: Holder, rank: int | None) -> None:
    """Up to `rank`, or with None no further than everybody. Raises Forbidden, InvalidInput, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    holder.check()
    if rank is not None:
        require_rank(scope, rank)
    mine: dict[str, Any] = {"person_id": holder.person, "group_id": holder.group}
    try:
        with scope.transaction(), transaction.atomic():
            if rank is None:
                Clearance.objects.filter(**mine).delete()
            else:
                Clearance.objects.update_or_create(tenant_id=scope.tenant, **mine, defaults={"rank": rank})
            facts = {"person": holder.person, "group": holder.group, "rank": rank}
            events.record(scope, Event.CLEARANCE_CHANGED, facts=facts)
    except IntegrityError:
        raise NotFound("There is no such person or group.") from None


def take_back(scope: Scope, clearance: uuid.UUID) -> None:
    """No further than everybody again. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = Clearance.objects.filter(pk=clearance).first()
    if row is None:
        raise NotFound("There is no such clearance.")
    clear(scope, Holder(row.person_id, row.group_id), None)


def require_rank(scope: Scope, rank: int) -> None:
    """That there is such a label. Raises InvalidInput."""
    if not 0 <= rank < len(listed(scope)):
        raise InvalidInput("There is no such label.")


def _check(wanted: Sequence[str], *ranks: int | None) -> None:
    if len(wanted) > MOST or not all(0 < len(name) <= NAME_MOST for name in wanted):
        raise InvalidInput(sentence("Give at most %(most)s names, each of 1 to 60 characters.", most=MOST))
    if len({name.casefold() for name in wanted}) < len(wanted):
        raise InvalidInput("Each label needs a name of its own.")
    if any(rank is not None and not 0 <= rank < len(wanted) for rank in ranks):
        raise InvalidInput("There is no such label.")
