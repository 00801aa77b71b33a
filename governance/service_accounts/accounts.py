"""Service accounts: programs of the house as actors of their own, each with a colleague who answers for it.

One has a row among people, so that grants, groups and roles hold for it as they do for them; it has no address, no password and
no session, and comes in by its keys alone. An admin runs them; their owner sees them and can switch them off.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import access, models, naming
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence
from governance.service_accounts.models import ActsFor

PURPOSE_MAX = 500
AUDIENCES_MAX = 10
_GONE = phrase("There is no such service account.")


@dataclass(frozen=True)
class Draft:
    """What an admin says of one."""

    name: str
    purpose: str
    owner: uuid.UUID

    def checked(self) -> Draft:
        """Raises InvalidInput, and NotFound for an owner who is not here; in the caller's transaction."""
        purpose = " ".join(self.purpose.replace("\x00", "").split())
        if not purpose or len(purpose) > PURPOSE_MAX:
            raise InvalidInput(sentence("Say in 1 to %(most)s characters what it is for.", most=PURPOSE_MAX))
        if not models.Person.objects.filter(pk=self.owner, is_active=True, is_service=False).exists():
            raise access.unseen(Action.PEOPLE_MANAGE, "person", self.owner, "There is no such person to answer for it.")
        return Draft(naming.checked(self.name), purpose, self.owner)


def create(scope: Scope, draft: Draft) -> uuid.UUID:
    """One that may nothing yet, and has no key. Raises Forbidden, InvalidInput, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    new = uuid.uuid4()
    with scope.transaction():
        draft = draft.checked()
        person = models.Person(
            pk=new, tenant_id=scope.tenant, name=draft.name, email=f"{new.hex}@service.invalid", is_service=True
        )
        person.set_unusable_password()
        person.save(force_insert=True)
        models.ServiceAccount.objects.create(
            tenant_id=scope.tenant, person=person, purpose=draft.purpose, owner_id=draft.owner
        )
        events.record(
            scope,
            Event.SERVICE_CREATED,
            resource=("service_account", new),
            facts={"owner": draft.owner},
            payload={"name": draft.name, "purpose": draft.purpose},
            subject=new,
        )
    return new


def change(scope: Scope, service: uuid.UUID, draft: Draft) -> None:
    """Raises Forbidden, NotFound, InvalidInput."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        draft = draft.checked()
        row = _locked(scope, service)
        before = {"name": row.person.name, "purpose": row.purpose, "owner": str(row.owner_id)}
        after = {"name": draft.name, "purpose": draft.purpose, "owner": str(draft.owner)}
        row.person.name, row.purpose, row.owner_id = draft.name, draft.purpose, draft.owner
        row.person.save(update_fields=["name"])
        row.save(update_fields=["purpose", "owner"])
        events.record(
            scope,
            Event.SERVICE_CHANGED,
            resource=("service_account", service),
            facts={"changed": [name for name, value in after.items() if value != before[name]]},
            payload={"before": before, "after": after},
            subject=service,
        )


def permit(
    scope: Scope, service: uuid.UUID, acts_for: str, group: uuid.UUID | None = None, audiences: Iterable[str] = ()
) -> None:
    """For whom it may act from now on; what it was given under another permission ends.

    Raises Forbidden, NotFound, InvalidInput.
    """
    access.require(scope, Action.PEOPLE_MANAGE)
    if acts_for not in ActsFor.values:
        raise InvalidInput("It acts for nobody, for a group or for everybody.")
    wanted = ActsFor(acts_for)
    shown = sorted({one.replace("\x00", "").strip() for one in audiences} - {""})
    if len(shown) > AUDIENCES_MAX or any(len(one) > 200 for one in shown):
        raise InvalidInput(sentence("Name at most %(most)s clients, of 200 characters each.", most=AUDIENCES_MAX))
    group = group if wanted is ActsFor.GROUP else None
    with scope.transaction():
        if wanted is ActsFor.GROUP and not models.Group.objects.filter(pk__in=[group]).exists():
            raise access.unseen(Action.PEOPLE_MANAGE, "group", group or scope.tenant, "There is no such group.")
        row = _locked(scope, service)
        before = _permission(row)
        row.acts_for, row.acts_for_group_id, row.audiences = wanted, group, shown
        row.save(update_fields=["acts_for", "acts_for_group", "audiences"])
        facts = {"acts_for": wanted, "group": group, "ended": end_exchanged(service)}
        payload = {"before": before, "after": _permission(row)}
        about = ("service_account", service)
        events.record(scope, Event.SERVICE_PERMITTED, resource=about, facts=facts, payload=payload, subject=service)


def switch_off(scope: Scope, service: uuid.UUID) -> None:
    """Its keys and all it acts by end at this commit, and do not come back. An admin may, and its owner."""
    with scope.transaction():
        row = _locked(scope, service)
        if not row.person.is_active:
            return
        row.person.is_active = False
        row.person.save(update_fields=["is_active"])
        held = models.ApiKey.objects.filter(person=service, revoked_at=None, parent=None)
        ended = held.update(revoked_at=timezone.now())
        end_exchanged(service)
        facts = {"keys_revoked": ended}
        events.record(scope, Event.SERVICE_SWITCHED_OFF, resource=("service_account", service), facts=facts)


def switch_on(scope: Scope, service: uuid.UUID) -> None:
    """With what it held; it needs a new key. Raises Forbidden, NotFound, and Conflict where nobody answers for it."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = _locked(scope, service)
        if row.person.is_active:
            return
        if not row.owner.is_active:
            raise Conflict("Whoever answers for it is switched off. Name another owner first.")
        row.person.is_active = True
        row.person.save(update_fields=["is_active"])
        events.record(scope, Event.SERVICE_SWITCHED_ON, resource=("service_account", service))


def listed(scope: Scope) -> list[models.ServiceAccount]:
    """All of the tenant, with their people and owners, by name. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(_all().order_by("person__name", "pk"))


def owned(scope: Scope) -> list[models.ServiceAccount]:
    """Those that the caller answers for."""
    with scope.transaction():
        return list(_all().filter(owner=scope.actor).order_by("person__name", "pk"))


def get(scope: Scope, service: uuid.UUID) -> models.ServiceAccount:
    """For an admin and its owner. Raises NotFound."""
    with scope.transaction():
        row = _theirs(scope).filter(person=service).first()
    if row is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "service_account", service, _GONE)
    return row


def end_exchanged(service: uuid.UUID) -> int:
    """What it was given to act for people; how many that was. In the caller's transaction."""
    return models.ApiKey.objects.filter(service=service, revoked_at=None).update(revoked_at=timezone.now())


def _all() -> QuerySet[models.ServiceAccount]:
    return models.ServiceAccount.objects.select_related("person", "owner", "acts_for_group")


def _theirs(scope: Scope) -> QuerySet[models.ServiceAccount]:
    if access.decide(scope, Action.PEOPLE_MANAGE).allowed:
        return _all()
    mine = Q(owner=scope.actor) if scope.key_scopes is None else Q(pk__in=[])  # a key of the owner's is not the owner
    return _all().filter(mine)


def _locked(scope: Scope, service: uuid.UUID) -> models.ServiceAccount:
    row = _theirs(scope).select_for_update(of=("self",)).filter(person=service).first()
    if row is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "service_account", service, _GONE)
    return row


def _permission(row: models.ServiceAccount) -> dict[str, object]:
    group = str(row.acts_for_group_id) if row.acts_for_group_id else None
    return {"acts_for": str(row.acts_for), "group": group, "audiences": list(row.audiences)}
