"""Who a sign-in through a provider is: issuer and subject say it, and an e-mail address never does by itself.

At a subject's first sign-in, in this order:

1. The address has to be verified, and of a domain that the provider vouches for.
2. Nobody has the address: a person is made, without a single grant, and with the provider's default role, if it has one.
3. An admin made the person without a password, and no identity is linked yet: that was the invitation; it is linked.
4. Anybody else's address stays theirs. A person with a password links by giving it once, in the same browser, within ten
   minutes; a person with another identity only after an admin has unlinked that one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import access, custom_roles, memberships, models, people
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, NotFound
from governance.grants import Holder
from governance.identity.providers import EVERYBODY
from governance.identity.refusals import Reason, Refused
from governance.memberships import Origin, Source
from governance.roles import Role
from governance.scope import Scope


@dataclass(frozen=True)
class Presented:
    """What a verified sign-in says. `is_verified` is None where the provider does not speak of it, `session` empty where it
    does not name its own, `proven_at` None where it does not say when somebody showed who they are, and `ends_at` None where
    it does not say when its session ends (both in seconds since 1970).
    """

    issuer: str
    subject: str
    email: str
    is_verified: bool | None
    name: str
    groups: frozenset[str]
    session: str = ""
    proven_at: float | None = None
    ends_at: float | None = None


@dataclass(frozen=True)
class Decision:
    """`how` is known, linked or created; `person` is None where one would be made."""

    how: str
    person: models.Person | None


@dataclass(frozen=True)
class Preview:
    decision: Decision
    groups: list[models.Group]  # that they would be in by the provider's word
    ignored: frozenset[str]  # values of the claim that the allow-list does not hold
    lost: list[models.Group]  # that they are in by an earlier sign-in's word, and would no longer be


def admit(scope: Scope, provider: models.IdentityProvider, presented: Presented) -> tuple[uuid.UUID, str]:
    """The person, and how: all of it or nothing. Raises Refused. `scope` is the tenant's background work."""
    try:
        with scope.transaction():
            decision = decide(provider, presented)
            person = decision.person.pk if decision.person else _create(scope, provider, presented)
            if decision.how == "known":
                _identities(presented).update(used_at=timezone.now())
            else:
                _link(scope, person, provider, presented.issuer, presented.subject, decision.how)
            _replace_memberships(scope, provider, person, presented.groups)
    except (IntegrityError, Conflict, NotFound):
        raise Refused(Reason.RACED) from None
    return person, decision.how


def preview(scope: Scope, provider: models.IdentityProvider, presented: Presented) -> Preview:
    """What `admit` would do; changes nothing. Raises Refused as it would."""
    with scope.transaction():
        decision = decide(provider, presented)
        rows = _allowed(provider, presented.groups)
        wanted = {row.group_id for row in rows}
        lost: list[models.Group] = []
        if decision.person:
            said = models.Membership.objects.filter(person=decision.person, source=str(Source.CLAIM))
            mine = said.filter(Q(held_by=provider.pk) | Q(held_by=None)).exclude(group__in=wanted)
            lost = list(models.Group.objects.filter(pk__in=mine.values("group")).order_by("name"))
        groups = list(models.Group.objects.filter(pk__in=wanted).order_by("name"))
        return Preview(decision, groups, presented.groups - {row.value for row in rows}, lost)


def decide(provider: models.IdentityProvider, presented: Presented) -> Decision:
    """Inside the tenant's transaction. Raises Refused."""
    identity = _identities(presented).select_related("person").first()
    if identity is not None:
        return Decision("known", _active(identity.person))
    vouch(provider, presented)
    person = models.Person.objects.filter(email__iexact=presented.email).first()
    if person is None:
        return Decision("created", None)
    _active(person)
    issuers = set(models.Identity.objects.filter(person=person).values_list("issuer", flat=True))
    if issuers:
        raise Refused(Reason.ANOTHER_SUBJECT if presented.issuer in issuers else Reason.ANOTHER_ISSUER)
    if person.has_usable_password():
        raise LocalPerson(person.pk)
    return Decision("linked", person)


class LocalPerson(Refused):
    """The address is a person's who signs in with a password. They may link by giving it: see `link`."""

    def __init__(self, person: uuid.UUID) -> None:
        super().__init__(Reason.LOCAL_PERSON)
        self.person = person


def vouch(provider: models.IdentityProvider, presented: Presented) -> None:
    """Raises Refused unless the provider may say, and says, that the address is the subject's."""
    try:
        validate_email(presented.email)
    except ValidationError:
        raise Refused(Reason.NO_ADDRESS) from None
    if presented.email.rpartition("@")[2].lower() not in provider.domains:
        raise Refused(Reason.FOREIGN_ADDRESS)
    if presented.is_verified is False or (presented.is_verified is None and not provider.vouches_for_addresses):
        raise Refused(Reason.UNVERIFIED)


def link(scope: Scope, provider: uuid.UUID, issuer: str, subject: str, person: uuid.UUID) -> bool:
    """Once they have shown that they are the local person, too. False where the provider is gone, or was changed."""
    try:
        with scope.transaction():
            row = models.IdentityProvider.objects.filter(pk=provider, issuer=issuer, is_enabled=True).first()
            if row is None or models.Identity.objects.filter(person=person).exists():
                return False
            _link(scope, person, row, issuer, subject, "linked by password")
    except IntegrityError:
        raise Refused(Reason.RACED) from None
    return True


def of_issuer(scope: Scope, issuer: str) -> list[models.Identity]:
    """With their people, for the tenant's admin."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(models.Identity.objects.filter(issuer=issuer).select_related("person").order_by("person__name"))


def unlink(scope: Scope, identity: uuid.UUID) -> None:
    """The person keeps their account and loses what the provider gave; the next sign-in is a first one again."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        found = models.Identity.objects.filter(pk=identity).first()
        if found is None:
            raise access.unseen(Action.PEOPLE_MANAGE, "identity", identity, "There is no such identity.")
        person = found.person_id
        found.delete()
        said = models.Membership.objects.filter(person=person, source=str(Source.CLAIM))
        for by in set(said.values_list("held_by", flat=True)):
            memberships.end(scope, Origin(Source.CLAIM, by), person=person)
        events.record(scope, Event.IDENTITY_UNLINKED, resource=("person", person), facts={"identity": identity})


def _identities(presented: Presented) -> QuerySet[models.Identity]:
    return models.Identity.objects.filter(issuer=presented.issuer, subject=presented.subject)


def _active(person: models.Person) -> models.Person:
    if not person.is_active:
        raise Refused(Reason.SWITCHED_OFF)
    return person


def _create(scope: Scope, provider: models.IdentityProvider, presented: Presented) -> uuid.UUID:
    name = "".join(one if one.isprintable() else " " for one in presented.name).strip()
    roles = [Role(provider.default_role)] if provider.default_role else []
    person = people.create(scope, presented.email, name or presented.email.rpartition("@")[0], roles=roles)
    if provider.default_custom_role_id:
        custom_roles.give(scope, provider.default_custom_role_id, Holder(person=person))
    return person


def _link(
    scope: Scope, person: uuid.UUID, provider: models.IdentityProvider, issuer: str, subject: str, how: str
) -> None:
    row = models.Identity.objects.create(
        tenant_id=scope.tenant, person_id=person, issuer=issuer, subject=subject, used_at=timezone.now()
    )
    # A link to set a password with would be a second way in, past the provider.
    models.Invitation.objects.filter(person=person, used_at=None).delete()
    facts = {"identity": row.pk, "provider": provider.pk, "how": how}
    payload = {"issuer": issuer, "subject": subject}
    events.record(
        scope, Event.IDENTITY_LINKED, resource=("person", person), facts=facts, payload=payload, subject=person
    )


def _allowed(provider: models.IdentityProvider, values: frozenset[str]) -> list[models.ProviderGroup]:
    return list(models.ProviderGroup.objects.filter(provider=provider, value__in=values | {EVERYBODY}))


def _replace_memberships(
    scope: Scope, provider: models.IdentityProvider, person: uuid.UUID, values: frozenset[str]
) -> None:
    """What the provider says now, whole: a group it no longer names is left; what others gave is theirs, and stays."""
    wanted = {row.group_id for row in _allowed(provider, values)}
    memberships.replace(scope, person, wanted, Origin(Source.CLAIM, provider.pk))
