"""A tenant's directories that speak SCIM, and the tokens they show: shown once, kept as a hash, ending by themselves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from governance import access, memberships, models, naming, secret
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.memberships import Origin, Source
from governance.scope import ActorKind, Scope
from governance.sentence import sentence

PREFIX = "chd_"
LONGEST_DAYS = 366
LIVE_MOST = 5
OVERLAP = timedelta(days=7)  # that a token goes on working once another has taken over
NAME_MAX = 80


@dataclass(frozen=True)
class Seen:
    """A directory and how it stands: when it last called, how many people and groups it keeps, what was refused today."""

    directory: models.Directory
    last_used_at: datetime | None
    people: int
    groups: int
    faults: int


def create(scope: Scope, name: str) -> uuid.UUID:
    """Raises Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_MANAGE)
    row = models.Directory(tenant_id=scope.tenant, name=_name(name))
    try:
        with scope.transaction(), transaction.atomic():
            row.save(force_insert=True)
            events.record(scope, Event.DIRECTORY_CREATED, resource=("directory", row.pk), payload={"name": row.name})
    except IntegrityError:
        raise Conflict(sentence("There is a directory called %(name)s already.", name=row.name)) from None
    return row.pk


def delete(scope: Scope, directory: uuid.UUID) -> None:
    """With its tokens and the memberships that it gave. People and groups stay as they are, in nobody's keeping but ours."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = _get(directory)
        kept = models.DirectoryEntry.objects.filter(directory=directory).exclude(standing=models.Standing.GONE).count()
        ended = memberships.end(scope, Origin(Source.SCIM, directory))
        row.delete()
        facts = {"entries": kept, "memberships": ended}
        events.record(
            scope, Event.DIRECTORY_DELETED, resource=("directory", directory), facts=facts, payload={"name": row.name}
        )


def listed(scope: Scope) -> list[Seen]:
    """By name. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    kept = ~Q(entries__standing=models.Standing.GONE)
    since = timezone.now() - timedelta(days=1)
    with scope.transaction():
        rows = models.Directory.objects.order_by("name").annotate(
            used=Max("tokens__last_used_at"),
            people=Count("entries__person", distinct=True, filter=kept),
            groups=Count("entries__group", distinct=True, filter=kept),
            refused=Count("faults", distinct=True, filter=Q(faults__created_at__gt=since)),
        )
        return [Seen(row, row.used, row.people, row.groups, row.refused) for row in rows]


def get(scope: Scope, directory: uuid.UUID) -> models.Directory:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return _get(directory)


def tokens(scope: Scope, directory: uuid.UUID) -> list[models.DirectoryToken]:
    """That still open anything, newest first. Raises Forbidden, NotFound."""
    get(scope, directory)
    with scope.transaction():
        return list(_live().filter(directory=directory).order_by("-created_at"))


def issue(scope: Scope, directory: uuid.UUID, days: int) -> str:
    """The token itself, which is not kept. Those that are there go on. Raises Forbidden, NotFound, InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_MANAGE)
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(sentence("A token lives 1 to %(most)s days.", most=LONGEST_DAYS))
    token = secret.made(PREFIX)
    with scope.transaction():
        _get(directory, lock=True)
        if _live().filter(directory=directory).count() >= LIVE_MOST:
            raise Conflict(sentence("A directory has at most %(most)s tokens. End one first.", most=LIVE_MOST))
        row = models.DirectoryToken.objects.create(
            tenant_id=scope.tenant,
            directory_id=directory,
            hash=secret.hashed(token),
            prefix=secret.shown(token),
            expires_at=timezone.now() + timedelta(days=days),
        )
        facts = {"token": row.pk, "days": days}
        events.record(scope, Event.DIRECTORY_TOKEN_ISSUED, resource=("directory", directory), facts=facts)
    return token


def rotate(scope: Scope, directory: uuid.UUID, days: int) -> str:
    """A new token; the others end in a week, or when they would have, so that nothing stops meanwhile. Raises as `issue`."""
    with scope.transaction():
        before = [row.pk for row in tokens(scope, directory)]
        token = issue(scope, directory, days)
        latest = timezone.now() + OVERLAP
        models.DirectoryToken.objects.filter(pk__in=before, expires_at__gt=latest).update(expires_at=latest)
    return token


def revoke(scope: Scope, directory: uuid.UUID, token: uuid.UUID) -> None:
    """At once. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = _live().select_for_update().filter(directory=directory, pk=token).first()
        if row is None:
            raise access.unseen(Action.PEOPLE_MANAGE, "directory", directory, "There is no such token.")
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        facts = {"token": token}
        events.record(scope, Event.DIRECTORY_TOKEN_REVOKED, resource=("directory", directory), facts=facts)


def resolve(token: str, request_id: str = "") -> Scope | None:
    """The scope of the directory that holds `token`; None where it is unknown, expired or revoked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.resolve_directory_token(%s)", [secret.hashed(token)])
        row = cursor.fetchone()
    if row is None:
        return None
    tenant, directory, found, idles = row
    scope = Scope(tenant, ActorKind.DIRECTORY, directory, key=found, request_id=request_id)
    if idles:
        _note_use(scope, found)
    return scope


def _note_use(scope: Scope, token: uuid.UUID) -> None:
    """At most once a minute: a busy token would be one row that all its requests wait for."""
    with scope.transaction():
        models.DirectoryToken.objects.filter(pk=token).update(last_used_at=timezone.now())


def _live() -> QuerySet[models.DirectoryToken]:
    return models.DirectoryToken.objects.filter(revoked_at=None, expires_at__gt=timezone.now())


def _get(directory: uuid.UUID, *, lock: bool = False) -> models.Directory:
    rows = models.Directory.objects.select_for_update() if lock else models.Directory.objects.all()
    found = rows.filter(pk=directory).first()
    if found is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "directory", directory, "There is no such directory.")
    return found


def _name(given: str) -> str:
    name = naming.checked(given)
    if len(name) > NAME_MAX:
        raise InvalidInput(sentence("A name has at most %(most)s characters.", most=NAME_MAX))
    return name
