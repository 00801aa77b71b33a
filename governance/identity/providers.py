"""A tenant's identity providers: what its admins write, and what a sign-in reads before anybody is known."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field

from django.db import IntegrityError

from governance import access, locker, models
from governance.actions import Action
from governance.audit import events, keyring
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound, Unavailable
from governance.scope import Scope
from governance.sentence import sentence

DOMAIN = re.compile(r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}")
WELL_KNOWN = "/.well-known/openid-configuration"
SECRET = "client secret"  # noqa: S105  what is locked, not a secret


@dataclass(frozen=True)
class Draft:
    """What an admin wrote. `client_secret` None leaves the stored one; `groups` are (claim's value, group)."""

    name: str
    issuer: str
    client_id: str
    client_secret: str | None
    domains: tuple[str, ...]
    group_claim: str = "groups"
    groups: frozenset[tuple[str, uuid.UUID]] = field(default_factory=frozenset)
    vouches_for_addresses: bool = False
    is_enabled: bool = False
    is_required: bool = False


def listed(scope: Scope) -> list[models.IdentityProvider]:
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(models.IdentityProvider.objects.order_by("name", "created_at"))


def get(scope: Scope, provider: uuid.UUID) -> models.IdentityProvider:
    """Raises NotFound for one of another tenant."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return _get(provider)


def allowed_groups(scope: Scope, provider: uuid.UUID) -> list[tuple[str, uuid.UUID]]:
    """The allow-list: (claim's value, group), sorted by value."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.ProviderGroup.objects.filter(provider=provider).order_by("value", "group")
        return list(rows.values_list("value", "group"))


def ways(scope: Scope, domain: str = "") -> list[models.IdentityProvider]:
    """The enabled ones, before anybody is known: all of the tenant's, or those that vouch for `domain`."""
    with scope.as_system().transaction():
        found = models.IdentityProvider.objects.filter(is_enabled=True).order_by("name", "created_at")
        if domain:
            found = found.filter(domains__contains=[domain.lower()])
        return list(found)


def are_required(scope: Scope) -> bool:
    """Are passwords for the tenant's admins alone?"""
    with scope.as_system().transaction():
        return models.IdentityProvider.objects.filter(is_required=True).exists()


def create(scope: Scope, draft: Draft, provider: uuid.UUID | None = None) -> uuid.UUID:
    """Under the id `provider`, where its redirect address was shown before it was there. Raises InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_MANAGE)
    row = models.IdentityProvider(tenant_id=scope.tenant, pk=provider or uuid.uuid4())
    return _save(scope, row, draft, "created")


def change(scope: Scope, provider: uuid.UUID, draft: Draft) -> None:
    """Raises InvalidInput, Conflict, or NotFound for one of another tenant."""
    row = get(scope, provider)
    if draft.client_secret is None and row.client_secret and row.issuer != normalised(draft.issuer):
        # Whoever writes another address must not have the secret that they cannot read sent there.
        raise InvalidInput("The issuer is another one now: enter its client secret.")
    _save(scope, row, draft, "changed")


def delete(scope: Scope, provider: uuid.UUID) -> None:
    """People keep their identities at its issuer: the same provider, set up again, knows them again."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        _get(provider).delete()
        events.record(scope, Event.PROVIDER_DELETED, resource=("identity_provider", provider))
    keyring.ring().destroy(scope.tenant, provider)


def client_secret(provider: models.IdentityProvider) -> str:
    """In clear, to be sent to the provider. Raises Unavailable where its key is gone, as after a restore without it."""
    try:
        return locker.unlock(provider.tenant_id, provider.pk, SECRET, bytes(provider.client_secret))
    except keyring.KeyGone:
        raise Unavailable("The client secret cannot be read: its key is gone. Enter the secret again.") from None


def normalised(issuer: str) -> str:
    """The issuer, whether it was given by itself or as the address of its configuration."""
    return issuer.strip().removesuffix(WELL_KNOWN)


def _get(provider: uuid.UUID) -> models.IdentityProvider:
    found = models.IdentityProvider.objects.filter(pk=provider).first()
    if found is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "identity_provider", provider, "There is no such identity provider.")
    return found


def _save(scope: Scope, row: models.IdentityProvider, draft: Draft, what: str) -> uuid.UUID:
    _validate(draft)
    _check_groups(scope, draft)
    plain = ("name", "client_id", "group_claim", "vouches_for_addresses", "is_enabled", "is_required")
    for name in plain:
        value = getattr(draft, name)
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    row.issuer, row.domains = normalised(draft.issuer), sorted({one.strip().lower() for one in draft.domains})
    if draft.client_secret is not None:
        row.client_secret = locker.lock(row.tenant_id, row.pk, SECRET, draft.client_secret)
    facts = {"what": what, "enabled": row.is_enabled, "required": row.is_required, "groups": len(draft.groups)}
    payload = {"name": row.name, "issuer": row.issuer, "client": row.client_id, "domains": row.domains}
    try:
        with scope.transaction():
            row.save(force_insert=what == "created")
            _allow(row, draft.groups)
            events.record(
                scope,
                Event.PROVIDER_CHANGED,
                resource=("identity_provider", row.pk),
                facts=facts | {"secret": draft.client_secret is not None},
                payload=payload | {"group_claim": row.group_claim, "allow_list": sorted(draft.groups)},
            )
    except IntegrityError:
        raise Conflict("That client of this issuer is set up already.") from None
    return row.pk


def _allow(row: models.IdentityProvider, groups: frozenset[tuple[str, uuid.UUID]]) -> None:
    models.ProviderGroup.objects.filter(provider=row).delete()
    models.ProviderGroup.objects.bulk_create(
        models.ProviderGroup(tenant_id=row.tenant_id, provider=row, value=value, group_id=group)
        for value, group in sorted(groups)
    )


def _check_groups(scope: Scope, draft: Draft) -> None:
    wanted = {group for _, group in draft.groups}
    with scope.transaction():
        if models.Group.objects.filter(pk__in=wanted).count() != len(wanted):
            raise NotFound("There is no such group.")


def _validate(draft: Draft) -> None:
    limits = {"name": 80, "issuer": 500, "client_id": 200}
    for name, most in limits.items():
        if not 0 < len(getattr(draft, name).strip()) <= most:
            raise InvalidInput(
                sentence(
                    "The provider's %(field)s takes 1 to %(most)s characters.", field=name.replace("_", " "), most=most
                )
            )
    if not draft.domains:
        raise InvalidInput("Name at least one e-mail domain that the provider vouches for.")
    for domain in draft.domains:
        if not DOMAIN.fullmatch(domain.strip().lower()):
            raise InvalidInput(
                sentence("“%(domain)s” is not an e-mail domain. Write it like example.com.", domain=domain)
            )
    _validate_groups(draft)
    if draft.is_required and not draft.is_enabled:
        raise InvalidInput("Only a provider that is switched on can be the only way in.")


def _validate_groups(draft: Draft) -> None:
    if any(not 0 < len(value) <= 300 for value, _ in draft.groups) or len(draft.groups) > 500:
        raise InvalidInput("A line of the group list takes 1 to 300 characters, and the list 500 lines.")
    if len(draft.group_claim) > 200 or len(draft.client_secret or "") > 500:
        raise InvalidInput("The group claim takes 200 characters at most, the client secret 500.")
