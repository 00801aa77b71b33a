"""A tenant's identity providers: what its admins write, and what a sign-in reads before anybody is known."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import IntegrityError

from governance import access, custom_roles, locker, memberships, models
from governance.actions import Action
from governance.audit import events, keyring
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound, Unavailable
from governance.identity import assurance
from governance.identity.models import Kind
from governance.memberships import Origin, Source
from governance.roles import Role
from governance.scope import Scope
from governance.sentence import sentence

DOMAIN = re.compile(r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}")
WELL_KNOWN = "/.well-known/openid-configuration"
SECRET = "client secret"  # noqa: S105  what is locked, not a secret
EVERYBODY = ""  # in the allow-list: whoever signs in with the provider
# What a first sign-in may give by itself. Nobody becomes an admin by an address alone.
DEFAULT_ROLES = (Role.COMPLIANCE_OFFICER,)
STRENGTHS_MAX = 20


@dataclass(frozen=True)
class Saml:
    """`certificates` are DER in base64, and checked; the claims are names of attributes, or empty for what is usual."""

    sign_in_address: str
    certificates: tuple[str, ...]
    metadata_address: str = ""
    subject_claim: str = ""
    email_claim: str = ""


@dataclass(frozen=True)
class Draft:
    """What an admin wrote. `client_secret` None leaves the stored one; `groups` are (claim's value, group).

    `default_role` is one of DEFAULT_ROLES, or the id of a role of the tenant's own. `saml` is what was read of the metadata of a
    provider that speaks it; such a one has no client id and no secret.
    """

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
    default_role: str = ""
    default_groups: frozenset[uuid.UUID] = frozenset()
    demanded_acr: tuple[str, ...] = ()
    demanded_amr: tuple[str, ...] = ()
    saml: Saml | None = None

    @property
    def own_role(self) -> uuid.UUID | None:
        """The role of the tenant's own that somebody new is given. Raises InvalidInput."""
        if not self.default_role or self.default_role in DEFAULT_ROLES:
            return None
        try:
            return uuid.UUID(self.default_role)
        except ValueError:
            raise InvalidInput("Choose a role that a first sign-in may give.") from None

    @property
    def allow_list(self) -> frozenset[tuple[str, uuid.UUID]]:
        """With the groups of everybody, under the value that no claim can hold."""
        return self.groups | {(EVERYBODY, group) for group in self.default_groups}


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
        rows = models.ProviderGroup.objects.filter(provider=provider).exclude(value=EVERYBODY)
        return list(rows.order_by("value", "group").values_list("value", "group"))


def default_groups(scope: Scope, provider: uuid.UUID) -> frozenset[uuid.UUID]:
    """Those of everybody who signs in with it."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.ProviderGroup.objects.filter(provider=provider, value=EVERYBODY)
        return frozenset(rows.values_list("group", flat=True))


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
    kind = Kind.OPENID if draft.saml is None else Kind.SAML
    row = models.IdentityProvider(tenant_id=scope.tenant, pk=provider or uuid.uuid4(), kind=kind)
    return _save(scope, row, draft, "created")


def change(scope: Scope, provider: uuid.UUID, draft: Draft) -> None:
    """Raises InvalidInput, Conflict, or NotFound for one of another tenant."""
    row = get(scope, provider)
    if (row.kind == Kind.SAML) != (draft.saml is not None):
        raise InvalidInput("A provider keeps the language that it speaks. Add another one.")
    if draft.client_secret is None and row.client_secret and row.issuer != normalised(draft.issuer):
        # Whoever writes another address must not have the secret that they cannot read sent there.
        raise InvalidInput("The issuer is another one now: enter its client secret.")
    _save(scope, row, draft, "changed")


def delete(scope: Scope, provider: uuid.UUID) -> None:
    """People keep their identities at its issuer: the same provider, set up again, knows them again.

    What its claims gave ends.
    """
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        _get(provider).delete()
        memberships.end(scope, Origin(Source.CLAIM, provider))
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
    found = models.IdentityProvider.objects.select_related("default_custom_role").filter(pk=provider).first()
    if found is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "identity_provider", provider, "There is no such identity provider.")
    return found


def _save(scope: Scope, row: models.IdentityProvider, draft: Draft, what: str) -> uuid.UUID:
    _validate(draft)
    _check_given(scope, draft)
    plain = ("name", "client_id", "group_claim", "vouches_for_addresses", "is_enabled", "is_required")
    for name in plain:
        value = getattr(draft, name)
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    row.default_custom_role_id = draft.own_role
    row.default_role = "" if draft.own_role else draft.default_role
    row.issuer, row.domains = normalised(draft.issuer), sorted({one.strip().lower() for one in draft.domains})
    row.demanded_acr, row.demanded_amr = list(draft.demanded_acr), sorted(set(draft.demanded_amr))
    if draft.saml is not None:
        for name, value in asdict(draft.saml).items():
            setattr(row, name, list(value) if isinstance(value, tuple) else value.strip())
    if draft.client_secret is not None:
        row.client_secret = locker.lock(row.tenant_id, row.pk, SECRET, draft.client_secret)
    facts: dict[str, Any] = {"what": what, "kind": row.kind, "enabled": row.is_enabled, "required": row.is_required}
    facts |= {"groups": len(draft.allow_list), "secret": draft.client_secret is not None}
    facts |= {"role": draft.default_role} if draft.default_role else {}
    facts |= {"acr": row.demanded_acr} if row.demanded_acr else {}
    facts |= {"amr": row.demanded_amr} if row.demanded_amr else {}
    payload = {"name": row.name, "issuer": row.issuer, "client": row.client_id, "domains": row.domains}
    try:
        with scope.transaction():
            row.save(force_insert=what == "created")
            _allow(row, draft.allow_list)
            # What is no longer on the list opens nothing, from now on and not from the next sign-in on.
            memberships.end(scope, Origin(Source.CLAIM, row.pk), besides={group for _, group in draft.allow_list})
            events.record(
                scope,
                Event.PROVIDER_CHANGED,
                resource=("identity_provider", row.pk),
                facts=facts,
                payload=payload | _told(row) | {"group_claim": row.group_claim, "allow_list": sorted(draft.allow_list)},
            )
    except IntegrityError:
        raise Conflict("That client of this issuer is set up already.") from None
    return row.pk


def _told(row: models.IdentityProvider) -> dict[str, Any]:
    """Of one that speaks SAML: whoever changes its keys or its address could sign in as anybody."""
    if row.kind != Kind.SAML:
        return {}
    prints = [hashlib.sha256(base64.b64decode(one)).hexdigest() for one in row.certificates]
    claims = {"subject_claim": row.subject_claim, "email_claim": row.email_claim}
    return claims | {"sign_in_address": row.sign_in_address, "certificates": prints}


def _allow(row: models.IdentityProvider, groups: frozenset[tuple[str, uuid.UUID]]) -> None:
    models.ProviderGroup.objects.filter(provider=row).delete()
    models.ProviderGroup.objects.bulk_create(
        models.ProviderGroup(tenant_id=row.tenant_id, provider=row, value=value, group_id=group)
        for value, group in sorted(groups)
    )


def _check_given(scope: Scope, draft: Draft) -> None:
    """What sign-ins will give by themselves is no more than whoever writes it may give."""
    wanted = {group for _, group in draft.allow_list}
    with scope.transaction():
        if models.Group.objects.filter(pk__in=wanted).count() != len(wanted):
            raise NotFound("There is no such group.")
    custom_roles.require_to_give(scope, [draft.own_role] if draft.own_role else [], wanted)


def _validate(draft: Draft) -> None:
    limits = {"name": 80, "issuer": 500} | ({} if draft.saml else {"client_id": 200})
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
    _validate_strength(draft)
    if draft.is_required and not draft.is_enabled:
        raise InvalidInput("Only a provider that is switched on can be the only way in.")


def _validate_groups(draft: Draft) -> None:
    if any(not 0 < len(value) <= 300 for value, _ in draft.groups) or len(draft.allow_list) > 500:
        raise InvalidInput("A line of the group list takes 1 to 300 characters, and the list 500 lines.")
    if draft.saml and any(len(one) > 200 for one in (draft.saml.subject_claim, draft.saml.email_claim)):
        raise InvalidInput("The name of an attribute takes 200 characters at most.")
    if len(draft.group_claim) > 200 or len(draft.client_secret or "") > 500:
        raise InvalidInput("The group claim takes 200 characters at most, the client secret 500.")


def _validate_strength(draft: Draft) -> None:
    for wanted in (draft.demanded_acr, draft.demanded_amr):
        if len(wanted) > STRENGTHS_MAX or any(not assurance.NAME.fullmatch(one) for one in wanted):
            raise InvalidInput(
                sentence("Name at most %(most)s values of “acr” and of “amr”, each without spaces.", most=STRENGTHS_MAX)
            )
