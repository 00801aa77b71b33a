"""Which browsers somebody is signed in with, and ending that: a session that is ended is gone with its next request.

Django keeps a session under a random key. Here it is known by a hash of that key, which opens nothing and stands on the
record: the row says what the person wants to know of it, Django's row says whether it is still there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from governance import access, models
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from governance.sentence import phrase

AGENT_MOST = 300
SEEN_EVERY = timedelta(minutes=5)
_GONE = phrase("There is no such session, or it has ended.")
# The expression of an index: what `Scope.through` makes of a session's key.
MARK = "left(encode(sha256(session_key::bytea), 'hex'), 32)"


def begin(scope: Scope, method: str, agent: str, address: str) -> None:
    """Whoever calls records that it began. Rows of sessions that have run out since go."""
    with scope.transaction():
        rows = models.PortalSession.objects.filter(person=scope.person)
        # A second sign-in in the same browser goes on in the session of the first.
        others = _there([row.mark for row in rows]) - {scope.session}
        rows.exclude(mark__in=others).delete()
        _row(scope, method, agent, address).save(force_insert=True)


def touch(scope: Scope, agent: str, address: str) -> None:
    """It was seen just now. One that began before these rows were kept gets its row here."""
    with scope.transaction():
        seen = {"seen_at": timezone.now(), "address": address}
        if not models.PortalSession.objects.filter(person=scope.person, mark=scope.session).update(**seen):
            # Of two first requests at once the second finds the first one's row: the constraint keeps them apart.
            row = _row(scope, "", agent, address)
            models.PortalSession.objects.bulk_create([row], ignore_conflicts=True)


def renew(scope: Scope, mark: str) -> None:
    """The session that asks is known by another mark from here on."""
    with scope.transaction():
        models.PortalSession.objects.filter(person=scope.person, mark=scope.session).update(mark=mark)
        models.ProviderSession.objects.filter(person=scope.person, mark=scope.session).update(mark=mark)


def of(scope: Scope, person: uuid.UUID) -> list[models.PortalSession]:
    """Those that are open, the last seen first: one's own, or anybody's for an admin. Raises Forbidden."""
    if scope.actor != person:
        access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = list(models.PortalSession.objects.filter(person=person).order_by("-seen_at"))
        there = _there([row.mark for row in rows])
        return [row for row in rows if row.mark in there]


def end(scope: Scope, session: uuid.UUID) -> None:
    """One of one's own. Raises NotFound."""
    with scope.transaction():
        row = models.PortalSession.objects.filter(pk=session, person=scope.person).first()
        if row is None:
            raise access.unseen(Action.OWN_DATA, "session", session, _GONE)
        _close(scope, scope.person, models.PortalSession.objects.filter(pk=session))


def end_others(scope: Scope) -> int:
    """All of one's own but the one that asks; how many those were."""
    with scope.transaction():
        rows = models.PortalSession.objects.filter(person=scope.person).exclude(mark=scope.session)
        return _close(scope, scope.person, rows)


def end_all(scope: Scope, person: uuid.UUID) -> int:
    """Somebody's, by an admin, those that have no row here among them. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = models.Person.objects.select_for_update().filter(pk=person).first()
        if row is None:
            raise access.unseen(Action.PEOPLE_MANAGE, "person", person, "There is no such person.")
        row.session_epoch += 1
        row.save(update_fields=["session_epoch"])
        return _close(scope, person, models.PortalSession.objects.filter(person=person))


def is_open(scope: Scope) -> bool:
    """Whether the session that asks is still there. True for whoever came without one."""
    return not scope.session or bool(_there([scope.session]))


def gone(marks: Iterable[str]) -> set[str]:
    """Those of them that have ended, or have run out."""
    asked = set(marks)
    return asked - _there(asked)


def _close(scope: Scope, person: uuid.UUID, rows: QuerySet[models.PortalSession]) -> int:
    marks = list(rows.values_list("mark", flat=True))
    drop(marks)
    facts = {"sessions": len(marks)}
    events.record(scope, Event.SESSION_ENDED, resource=("person", person), facts=facts, subject=person)
    return len(marks)


def drop(marks: list[str]) -> int:
    """Inside the transaction of whoever records it: Django's rows go with these. How many were still there."""
    models.PortalSession.objects.filter(mark__in=marks).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM django_session WHERE {MARK} = ANY(%s)", [marks])
        return int(cursor.rowcount)


def _row(scope: Scope, method: str, agent: str, address: str) -> models.PortalSession:
    return models.PortalSession(
        tenant_id=scope.tenant,
        person_id=scope.person,
        mark=scope.session,
        method=method,
        agent=agent[:AGENT_MOST].replace("\x00", ""),
        address=address[:45],
        seen_at=timezone.now(),
    )


def _there(marks: Iterable[str]) -> set[str]:
    """Those of them that Django still has."""
    if not (asked := list(marks)):
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {MARK} FROM django_session WHERE {MARK} = ANY(%s) AND expire_date > now()",
            [asked],
        )
        return {mark for (mark,) in cursor.fetchall()}
