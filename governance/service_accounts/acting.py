"""A service account that acts for a person: it exchanges its key for a token of minutes, with that person's access and no more
than the key's scopes.

The token is a row beside the keys, so that everything that asks of a key at every request asks it of the token: it ends with the
person, the account, the key, and the permission that it was given under.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from governance import access, keys, models, secret
from governance.access import Decision
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.roles import ACT_FOR
from governance.scope import Scope
from governance.sentence import phrase, sentence
from governance.service_accounts.models import ActsFor

LONGEST_S = 900
SWEPT = timedelta(days=1)  # a token that ended so long ago leaves no row
NOBODY = phrase("There is nobody of that name for whom this service account may act.")


@dataclass(frozen=True)
class Token:
    """`secret` is shown this once; it works for `seconds`, and may `scopes` at the most."""

    secret: str
    seconds: int
    scopes: tuple[str, ...]


def named(scope: Scope, text: str) -> uuid.UUID | None:
    """Whoever has that id or e-mail address in the tenant."""
    try:
        who = Q(pk=uuid.UUID(text))
    except ValueError:
        who = Q(email__iexact=text.strip())
    with scope.transaction():
        return models.Person.objects.filter(who).values_list("pk", flat=True).first()


def of_subject(scope: Scope, issuer: str, subject: str) -> uuid.UUID | None:
    """Whoever a provider's account was linked to."""
    with scope.as_system().transaction():
        found = models.Identity.objects.filter(issuer=issuer, subject=subject)
        return found.values_list("person", flat=True).first()


def audiences(scope: Scope) -> list[str]:
    """Clients whose ID tokens the calling service account may show. Raises Forbidden."""
    access.require(scope, Action.ACT_FOR)
    with scope.transaction():
        return list(models.ServiceAccount.objects.get(person=scope.actor).audiences)


def exchange(
    scope: Scope, person: uuid.UUID | None, how: str, scopes: Iterable[str] = (), seconds: int = LONGEST_S
) -> Token:
    """Whoever is not there, switched off, of another tenant, or not among those it may act for, is one answer: NotFound.

    Raises Forbidden where the caller is no service account, or its key may not act for anybody, and InvalidInput.
    """
    access.require(scope, Action.ACT_FOR)
    wanted = _scopes(scope, scopes)
    if not 1 <= seconds <= LONGEST_S:
        raise InvalidInput(sentence("A token works for 1 to %(most)s seconds.", most=LONGEST_S))
    token, now = secret.made(keys.EXCHANGED), timezone.now()
    with scope.transaction():
        account = models.ServiceAccount.objects.select_related("person").get(person=scope.actor)
        if person is None or not _may_act_for(account, person):
            raise unseen("not there, or not theirs to act for", person)
        held = models.ApiKey.objects.get(pk__in=[scope.key])
        ends = min(now + timedelta(seconds=seconds), held.expires_at)
        row = models.ApiKey.objects.create(
            tenant_id=scope.tenant,
            person_id=person,
            name=account.person.name,
            hash=secret.hashed(token),
            prefix=secret.shown(token),
            scopes=wanted,
            expires_at=ends,
            parent=held,
            service_id=account.person_id,
        )
        _note(scope, person)
        models.ApiKey.objects.filter(service=scope.actor, expires_at__lt=now - SWEPT).delete()
        lives = max(1, int((ends - now).total_seconds()))
        facts = {"person": person, "by": held.pk, "scopes": wanted, "seconds": lives, "how": how}
        events.record(scope, Event.KEY_EXCHANGED, resource=("key", row.pk), facts=facts)
    return Token(token, lives, tuple(wanted))


def for_me(scope: Scope) -> list[models.Acting]:
    """Which service accounts acted for the caller, how often and when last; the last one first. Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    with scope.transaction():
        rows = models.Acting.objects.filter(person=scope.person).select_related("service")
        return list(rows.order_by("-last_at"))


def _scopes(scope: Scope, asked: Iterable[str]) -> list[str]:
    has = (scope.key_scopes or frozenset()) - {ACT_FOR}
    wanted = set(asked) or has
    if not wanted or not wanted <= has:
        names = ", ".join(sorted(has)) or "none"
        raise InvalidInput(sentence("Of scopes this key has: %(names)s.", names=names), param="scope")
    return sorted(wanted)


def unseen(why: str, person: uuid.UUID | None = None) -> access.NotVisible:
    """What whoever asks for somebody is told, and for the record why."""
    return access.NotVisible(NOBODY, Decision(False, Action.ACT_FOR, why, person, "person"))


def _may_act_for(account: models.ServiceAccount, person: uuid.UUID) -> bool:
    if account.acts_for == ActsFor.NOBODY:
        return False
    rows = models.Person.objects.filter(pk=person, is_active=True, is_service=False, erased_at=None)
    if account.acts_for == ActsFor.GROUP:
        rows = rows.filter(memberships__group__in=[account.acts_for_group_id])  # nobody, where the group is gone
    return rows.exists()


def _note(scope: Scope, person: uuid.UUID) -> None:
    pair = {"tenant_id": scope.tenant, "person_id": person, "service_id": scope.person}
    again = models.Acting.objects.filter(**pair).update(times=F("times") + 1, last_at=timezone.now())
    if not again:
        # Of two first ones at once the second counts as the first one's: the constraint keeps them apart.
        models.Acting.objects.bulk_create([models.Acting(**pair, last_at=timezone.now())], ignore_conflicts=True)
