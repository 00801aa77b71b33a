"""Links with which a person sets their password: shown once to the admin who makes them, kept as a hash, used once.

The address carries the tenant's short name, so that no door is needed to find the link: the tenant's own scope does.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from governance import access, models, secret, tenants
from governance.accounts import passwords
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, NotFound
from governance.scope import Scope
from governance.sentence import phrase

LIVES = timedelta(days=7)
_GONE = phrase("This link has been used, has expired, or never was. Ask an admin of your organisation for a new one.")


def issue(scope: Scope, person: uuid.UUID) -> str:
    """The token itself, which is not kept; earlier links of the person end. Raises Forbidden, NotFound, Conflict."""
    access.require(scope, Action.PEOPLE_MANAGE)
    token = secret.made()
    with scope.transaction():
        row = models.Person.objects.select_for_update().filter(pk=person, is_service=False).first()
        if row is None:
            raise access.unseen(Action.PEOPLE_MANAGE, "person", person, "There is no such person.")
        if not row.is_active:
            raise Conflict("They are switched off. Switch them on first.")
        models.Invitation.objects.filter(person=person, used_at=None).delete()
        made = models.Invitation.objects.create(
            tenant_id=scope.tenant,
            person_id=person,
            hash=secret.hashed(token),
            expires_at=timezone.now() + LIVES,
            created_by=scope.actor,
        )
        facts = {"invitation": made.pk, "days": LIVES.days}
        events.record(scope, Event.PERSON_INVITED, resource=("person", person), facts=facts)
    return token


def withdraw(scope: Scope, person: uuid.UUID) -> None:
    """No link of theirs opens anything from here on. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        if not models.Person.objects.filter(pk=person).exists():
            raise access.unseen(Action.PEOPLE_MANAGE, "person", person, "There is no such person.")
        models.Invitation.objects.filter(person=person, used_at=None).delete()
        events.record(scope, Event.INVITATION_WITHDRAWN, resource=("person", person))


def standing(scope: Scope, person: uuid.UUID) -> models.Invitation | None:
    """The link that would open something now. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.Invitation.objects.filter(person=person, used_at=None, expires_at__gt=timezone.now())
        return rows.first()


def invited(slug: str, token: str) -> models.Person:
    """Whom a link is for. Raises NotFound."""
    found = tenants.find_for_login(slug)
    if found is None or found.slug != slug:
        raise NotFound(_GONE)
    with Scope.system(found.id).transaction():
        row = _live(token).first()
        if row is None:
            raise NotFound(_GONE)
        person: models.Person = row.person
        return person


def accept(slug: str, token: str, password: str, request_id: str = "") -> models.Person:
    """Set the password; the link and every session of the person end. Raises NotFound, InvalidInput."""
    person = invited(slug, token)
    passwords.check(password, person)
    scope = Scope.system(person.tenant_id, request_id)
    with scope.transaction():
        # Of two who follow one link at once, the first one's lock makes the second find nothing.
        row = _live(token).select_for_update(of=("self",)).first()
        if row is None:
            raise NotFound(_GONE)
        row.used_at = timezone.now()
        row.save(update_fields=["used_at"])
        person = models.Person.objects.select_for_update().get(pk=row.person_id)
        person.set_password(password)
        person.session_epoch += 1
        person.save(update_fields=["password", "session_epoch"])
        facts = {"invitation": row.pk}
        events.record(scope, Event.PASSWORD_SET, resource=("person", person.pk), facts=facts)
    return person


def _live(token: str) -> QuerySet[models.Invitation]:
    rows = models.Invitation.objects.filter(hash=secret.hashed(token), used_at=None, expires_at__gt=timezone.now())
    return rows.filter(person__is_active=True).select_related("person")
