"""Keys of service accounts: made by an admin, followed by another before they end, and narrowed to places, pace and allowance."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from governance import access, keys, models, quotas, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput
from governance.quotas.models import ALERT_AT, Measure, Per
from governance.roles import SERVICE_SCOPES
from governance.scope import Scope
from governance.sentence import sentence
from governance.service_accounts import accounts, networks

DAYS = 90  # where nobody says otherwise
OVERLAP_H, OVERLAP_MOST_H = 24, 30 * 24
PACE_MOST = 100_000
TOKENS_LEAST, TOKENS_MOST = 1_000, 2_000_000_000
ENDING = timedelta(days=7)  # before a key ends, its owner is told


@dataclass(frozen=True)
class Narrowed:
    """From where a key may be used (nothing: from anywhere), how many requests a minute and tokens a day it takes (None: any)."""

    allowed: tuple[str, ...] = ()
    per_minute: int | None = None
    tokens_per_day: int | None = None

    def checked(self) -> Narrowed:
        """Raises InvalidInput."""
        if self.per_minute is not None and not 1 <= self.per_minute <= PACE_MOST:
            raise InvalidInput(sentence("A key takes 1 to %(most)s requests a minute.", most=PACE_MOST))
        if self.tokens_per_day is not None and not TOKENS_LEAST <= self.tokens_per_day <= TOKENS_MOST:
            raise InvalidInput(
                sentence("A key takes %(least)s to %(most)s tokens a day.", least=TOKENS_LEAST, most=TOKENS_MOST)
            )
        return Narrowed(tuple(networks.checked(self.allowed)), self.per_minute, self.tokens_per_day)

    def told(self) -> dict[str, Any]:
        return {"allowed": list(self.allowed), "per_minute": self.per_minute, "tokens_per_day": self.tokens_per_day}


@dataclass(frozen=True)
class Made:
    """`secret` is shown this once."""

    id: uuid.UUID
    secret: str
    expires_at: datetime


@dataclass(frozen=True)
class Held:
    """A key that still opens something, and its allowance."""

    row: models.ApiKey
    tokens_per_day: int | None

    @property
    def days_left(self) -> int:
        return max(0, (self.row.expires_at - timezone.now()).days)

    @property
    def is_ending(self) -> bool:
        return self.row.expires_at - timezone.now() <= ENDING

    @property
    def narrowed(self) -> Narrowed:
        return Narrowed(tuple(self.row.allowed), self.row.per_minute, self.tokens_per_day)


def scopes_from(wanted: Iterable[str]) -> list[str]:
    """Each by its name: nobody gives a program all there is in one word. Raises InvalidInput."""
    asked = {word for one in wanted for word in one.replace(",", " ").split()}
    unknown = asked - set(SERVICE_SCOPES)
    if unknown or not asked:
        raise InvalidInput(
            sentence(
                "Name each scope of a service account's key: any of %(known)s; not %(unknown)s.",
                known=", ".join(SERVICE_SCOPES),
                unknown=", ".join(sorted(unknown))[:200] or "none",
            )
        )
    return sorted(asked)


def issue(
    scope: Scope,
    service: uuid.UUID,
    name: str,
    scopes: Iterable[str],
    days: int = DAYS,
    narrowed: Narrowed | None = None,
) -> Made:
    """Raises Forbidden, NotFound, InvalidInput, and Conflict for one that is switched off."""
    access.require(scope, Action.PEOPLE_MANAGE)
    narrowed, wanted = (narrowed or Narrowed()).checked(), scopes_from(scopes)
    _require_as_wide(scope, wanted)
    with scope.transaction():
        _require_on(scope, service)
        secret, row = keys.made(tenants.current(scope), service, name, wanted, days)
        row.allowed, row.per_minute = list(narrowed.allowed), narrowed.per_minute
        row.save(force_insert=True)
        _allow(scope, row.pk, narrowed.tokens_per_day)
        facts = {"person": service, "scopes": wanted, "days": days}
        events.record(scope, Event.KEY_ISSUED, resource=("key", row.pk), facts=facts)
    return Made(row.pk, secret, row.expires_at)


def rotate(scope: Scope, service: uuid.UUID, key: uuid.UUID, days: int = DAYS, overlap_h: int = OVERLAP_H) -> Made:
    """A key that may the same, from the same places; the old one goes on for `overlap_h` hours at the most, and ends by itself.

    An admin may, and the key itself. Raises Forbidden, NotFound, InvalidInput, and Conflict where that was done already.
    """
    is_itself = scope.actor == service and scope.key == key and scope.service is None
    if not is_itself:
        access.require(scope, Action.PEOPLE_MANAGE)
    if not 0 <= overlap_h <= OVERLAP_MOST_H:
        raise InvalidInput(sentence("The old key goes on for 0 to %(most)s hours.", most=OVERLAP_MOST_H))
    with scope.transaction():
        old = _live(service, key)
        if old.replaced_by:
            raise Conflict("Another key goes on for this one already. Replace that one.")
        if not is_itself:
            _require_as_wide(scope, old.scopes)
            _require_on(scope, service)
        secret, row = keys.made(tenants.current(scope), service, old.name, list(old.scopes), days)
        row.allowed, row.per_minute = list(old.allowed), old.per_minute
        row.save(force_insert=True)
        quotas.hand_on(scope, key, row.pk)
        old.replaced_by = row.pk
        old.expires_at = min(old.expires_at, timezone.now() + timedelta(hours=overlap_h))
        old.save(update_fields=["replaced_by", "expires_at"])
        facts = {"person": service, "follows": row.pk, "hours": overlap_h}
        events.record(scope, Event.KEY_ROTATED, resource=("key", key), facts=facts)
        told = {"person": service, "scopes": row.scopes, "days": days}
        events.record(scope, Event.KEY_ISSUED, resource=("key", row.pk), facts=told)
    return Made(row.pk, secret, row.expires_at)


def narrow(scope: Scope, service: uuid.UUID, key: uuid.UUID, narrowed: Narrowed) -> None:
    """Holds from the next request on. Raises Forbidden, NotFound, InvalidInput."""
    access.require(scope, Action.PEOPLE_MANAGE)
    narrowed = narrowed.checked()
    with scope.transaction():
        row = _live(service, key)
        before = Narrowed(tuple(row.allowed), row.per_minute, quotas.allowance(key)).told()
        row.allowed, row.per_minute = list(narrowed.allowed), narrowed.per_minute
        row.save(update_fields=["allowed", "per_minute"])
        _allow(scope, key, narrowed.tokens_per_day)
        after = narrowed.told()
        facts = {"person": service, "changed": [name for name, value in after.items() if value != before[name]]}
        payload = {"before": before, "after": after}
        events.record(scope, Event.KEY_CHANGED, resource=("key", key), facts=facts, payload=payload, subject=service)


def end(scope: Scope, service: uuid.UUID, key: uuid.UUID) -> None:
    """As `keys.revoke`, of this account's keys alone."""
    with scope.transaction():
        _live(service, key)
    keys.revoke(scope, key)


def listed(scope: Scope, services: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Held]]:
    """The keys that still open something of those accounts that the caller may see, those that end first before others."""
    with scope.transaction():
        rows = keys.live().filter(person__in=list(services), person__is_service=True)
        found: dict[uuid.UUID, list[Held]] = {}
        for row in rows.prefetch_related("allowances").order_by("expires_at"):
            limit = next((one.most for one in row.allowances.all() if one.is_of_tokens_a_day), None)
            found.setdefault(row.person_id, []).append(Held(row, limit))
    return found


def warn(tenant: uuid.UUID) -> int:
    """Tell of each key that ends within days, once, on the record; how many that were. One that is followed ends as it should."""
    scope = Scope.system(tenant)
    with scope.transaction():
        soon = keys.live().filter(
            person__is_service=True,
            person__is_active=True,
            replaced_by=None,
            warned_at=None,
            expires_at__lte=timezone.now() + ENDING,
            created_at__lt=timezone.now() - timedelta(days=1),  # a key that was meant for days ends as was meant
        )
        owners = dict(models.ServiceAccount.objects.values_list("person", "owner"))
        rows = list(soon.select_for_update(of=("self",)))
        for row in rows:
            row.warned_at = timezone.now()
            row.save(update_fields=["warned_at"])
            facts = {"person": row.person_id, "owner": owners.get(row.person_id), "days": Held(row, None).days_left}
            events.record(scope, Event.KEY_ENDING, resource=("key", row.pk), facts=facts)
    return len(rows)


def _allow(scope: Scope, key: uuid.UUID, tokens: int | None) -> None:
    of: dict[str, Any] = {"tenant_id": scope.tenant, "key_id": key, "measure": Measure.TOKENS, "per": Per.DAY}
    if tokens is None:
        models.Allowance.objects.filter(**of).delete()
        return
    models.Allowance.objects.update_or_create(
        **of, defaults={"most": tokens}, create_defaults={"most": tokens, "alert_at": list(ALERT_AT)}
    )


def _live(service: uuid.UUID, key: uuid.UUID) -> models.ApiKey:
    rows = keys.live().select_for_update(of=("self",)).filter(pk=key, person=service, person__is_service=True)
    row = rows.first()
    if row is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "key", key, "There is no such key.")
    return row


def _require_on(scope: Scope, service: uuid.UUID) -> None:
    if not accounts.get(scope, service).person.is_active:
        raise Conflict("The service account is switched off. Switch it on first.")


def _require_as_wide(scope: Scope, wanted: Iterable[str]) -> None:
    """A key makes no key that may more than itself."""
    if scope.key_scopes is not None and not set(wanted) <= scope.key_scopes:
        raise Forbidden("A key makes no key that may more than itself. Sign in at the portal.")
