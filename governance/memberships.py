"""Who is in which group, and by whose word: a hand's, an identity provider's claim, or a directory's over SCIM.

Each word is a row of its own. Several may hold the same membership; it ends when none holds it, and no source takes away
what another gave.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from governance import models
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope


class Source(StrEnum):
    MANUAL = "manual"
    CLAIM = "sso"
    SCIM = "scim"


@dataclass(frozen=True, order=True)
class Origin:
    """`by` is the provider or the directory whose word it is; None is a hand's."""

    source: Source
    by: uuid.UUID | None = None


@dataclass(frozen=True)
class Named:
    """As people are told: `name` is the provider's or the directory's, empty for a hand, or where it is gone."""

    source: Source
    by: uuid.UUID | None
    name: str


HAND = Origin(Source.MANUAL)
Pair = tuple[uuid.UUID, uuid.UUID]  # group and person


def hold(scope: Scope, group: uuid.UUID, person: uuid.UUID, origin: Origin) -> bool:
    """Inside a transaction, as all of these, which ask for no right. False where this origin held it already."""
    _, is_new = models.Membership.objects.get_or_create(
        tenant_id=scope.tenant, group_id=group, person_id=person, source=str(origin.source), held_by=origin.by
    )
    if is_new:
        events.record(scope, Event.MEMBER_ADDED, resource=("group", group), facts=_facts(person, origin))
    return is_new


def leave(scope: Scope, group: uuid.UUID, person: uuid.UUID, origin: Origin) -> bool:
    """False where this origin did not hold it. What others hold stays, and the event says that it does."""
    mine = of(origin).filter(group=group, person=person)
    if not mine.delete()[0]:
        return False
    rows = models.Membership.objects.filter(group=group, person=person)
    kept = sorted(set(rows.values_list("source", flat=True)))
    facts = _facts(person, origin) | {"kept_by": kept}
    events.record(scope, Event.MEMBER_REMOVED, resource=("group", group), facts=facts)
    return True


def replace(scope: Scope, person: uuid.UUID, groups: Collection[uuid.UUID], origin: Origin) -> None:
    """What the origin says of this person now, whole."""
    _claim_nameless(person, origin)
    _settle(scope, of(origin).filter(person=person), {(group, person) for group in groups}, origin)


def replace_members(scope: Scope, group: uuid.UUID, people: Collection[uuid.UUID], origin: Origin) -> None:
    """What the origin says of this group now, whole."""
    _settle(scope, of(origin).filter(group=group), {(group, person) for person in people}, origin)


def end(scope: Scope, origin: Origin, *, besides: Iterable[uuid.UUID] = (), person: uuid.UUID | None = None) -> int:
    """All that the origin gave, of one person or of everybody, but for the groups `besides`. Returns how many."""
    rows = of(origin).exclude(group__in=list(besides))
    return _settle(scope, rows.filter(person=person) if person else rows, set(), origin)


def of(origin: Origin) -> QuerySet[models.Membership]:
    """What the origin holds."""
    return models.Membership.objects.filter(source=str(origin.source), held_by=origin.by)


def names(rows: Iterable[models.Membership]) -> dict[uuid.UUID, str]:
    """What the providers and directories are called that hold these. For who may see them: admins."""
    wanted = {row.held_by for row in rows if row.held_by}
    found = dict(models.IdentityProvider.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return found | dict(models.Directory.objects.filter(pk__in=wanted).values_list("pk", "name"))


def named(rows: Iterable[models.Membership], names: Mapping[uuid.UUID, str]) -> tuple[Named, ...]:
    """Where one membership comes from, hands first."""
    order = [str(source) for source in Source]
    told = [Named(Source(row.source), row.held_by, names.get(row.held_by, "")) for row in rows]  # type: ignore[arg-type]
    return tuple(sorted(told, key=lambda one: (order.index(one.source), one.name, str(one.by))))


def _settle(scope: Scope, rows: QuerySet[models.Membership], wanted: set[Pair], origin: Origin) -> int:
    """Of these rows of the origin's the wanted pairs of group and person stay, and all of those come. Returns how many go."""
    held = set(rows.values_list("group_id", "person_id"))
    for group, person in sorted(held - wanted):
        leave(scope, group, person, origin)
    for group, person in sorted(wanted - held):
        hold(scope, group, person, origin)
    return len(held - wanted)


def _claim_nameless(person: uuid.UUID, origin: Origin) -> None:
    """A claim's row of before providers were told apart, whose provider was gone by then, is whoever's who speaks next."""
    if origin.source is not Source.CLAIM:
        return
    mine = of(origin).filter(person=person).values("group")
    nameless = models.Membership.objects.filter(person=person, source=str(Source.CLAIM), held_by=None)
    nameless.filter(group__in=mine).delete()
    nameless.update(held_by=origin.by)


def _facts(person: uuid.UUID, origin: Origin) -> dict[str, object]:
    return {"person": person, "source": origin.source} | ({"by": origin.by} if origin.by else {})
