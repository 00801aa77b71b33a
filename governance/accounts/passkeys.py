"""Passkeys (WebAuthn level 2, by python-fido2): registered, named, removed, and proven with user verification.

A passkey carries whose it is: tenant and person are its user handle, so that nobody has to be asked for before it is shown.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from governance import access, models
from governance.accounts import recovery
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.naming import checked
from governance.scope import Scope
from governance.sentence import phrase

MOST = 20
WRONG = phrase("That passkey could not be checked. Try again, or use another way.")
_GONE = phrase("There is no such passkey.")


@dataclass(frozen=True)
class Site:
    """The address that is open: `host` without a port is the relying party, `origin` what the browser must have been at."""

    host: str
    origin: str


@dataclass(frozen=True)
class Whose:
    tenant: uuid.UUID
    person: uuid.UUID


def begin_registration(scope: Scope, site: Site, account: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the browser is to be told, what has to be kept until it answers)."""
    user = PublicKeyCredentialUserEntity(
        id=scope.tenant.bytes + scope.person.bytes, name=account, display_name=name or account
    )
    options, state = _server(site).register_begin(
        user,
        credentials=[_data(row) for row in mine(scope)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), state


def register(scope: Scope, site: Site, state: Any, answer: Any, name: str) -> list[str]:
    """It opens from here on; fresh recovery codes come with it where they have none. Raises InvalidInput, Conflict."""
    called = checked(name)[:80]
    try:
        made = _server(site).register_complete(state, answer)
    except Exception:  # noqa: BLE001  what a browser sends may break anything that reads it
        raise InvalidInput(WRONG) from None
    credential = made.credential_data
    if credential is None:
        raise InvalidInput(WRONG)
    try:
        with scope.transaction(), transaction.atomic():
            if models.Passkey.objects.filter(person=scope.person).count() >= MOST:
                raise Conflict("You have as many passkeys as there can be. Remove one first.")
            row = models.Passkey.objects.create(
                tenant_id=scope.tenant,
                person_id=scope.person,
                name=called,
                credential=credential.credential_id,
                public_key=bytes(credential),
                host=site.host,
                signed=made.counter,
            )
            facts = {"factor": "passkey", "passkey": row.pk}
            events.record(scope, Event.FACTOR_ADDED, resource=("person", scope.person), facts=facts)
            return recovery.found(scope)
    except IntegrityError:
        raise Conflict("That passkey is registered already.") from None


def begin_proof(site: Site, known: list[models.Passkey] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """For these, or where nobody is known yet for whichever the browser holds."""
    options, state = _server(site).authenticate_begin(
        credentials=[_data(row) for row in known] if known else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), state


def whose(answer: Any) -> Whose | None:
    """Who the passkey says that it is of. Nothing is proven by it yet."""
    try:
        handle = websafe_decode(answer["response"]["userHandle"])
        return Whose(uuid.UUID(bytes=handle[:16]), uuid.UUID(bytes=handle[16:]))
    except (KeyError, TypeError, ValueError):
        return None


def prove(scope: Scope, site: Site, state: Any, answer: Any, person: uuid.UUID) -> models.Passkey:
    """The person's passkey that signed this challenge at this address. Whoever calls records what it opened.

    Raises InvalidInput; also where the authenticator's counter went back, which says that there is a copy of it.
    """
    try:
        parsed = AuthenticationResponse.from_dict(answer)
        with scope.transaction():
            rows = models.Passkey.objects.select_for_update().filter(person=person, host=site.host)
            row = rows.filter(credential=parsed.raw_id).first()
            if row is None:
                raise InvalidInput(WRONG)
            _server(site).authenticate_complete(state, [_data(row)], parsed)
            counted = parsed.response.authenticator_data.counter
            if (counted or row.signed) and counted <= row.signed:
                raise InvalidInput(WRONG)
            row.signed, row.used_at = counted, timezone.now()
            row.save(update_fields=["signed", "used_at"])
            return row
    except InvalidInput:
        raise
    except Exception:  # noqa: BLE001  what a browser sends may break anything that reads it
        raise InvalidInput(WRONG) from None


def mine(scope: Scope) -> list[models.Passkey]:
    return of(scope, scope.person)


def of(scope: Scope, person: uuid.UUID) -> list[models.Passkey]:
    if not scope.is_system and scope.actor != person:
        access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(models.Passkey.objects.filter(person=person).order_by("created_at"))


def rename(scope: Scope, passkey: uuid.UUID, name: str) -> None:
    """Raises NotFound, InvalidInput."""
    with scope.transaction():
        row = _own(scope, passkey)
        row.name = checked(name)[:80]
        row.save(update_fields=["name"])
        facts = {"factor": "passkey", "passkey": passkey}
        events.record(scope, Event.FACTOR_RENAMED, resource=("person", scope.person), facts=facts)


def remove(scope: Scope, passkey: uuid.UUID) -> None:
    """One's own. Raises NotFound."""
    with scope.transaction():
        _own(scope, passkey).delete()
        _removed(scope, scope.person, {"factor": "passkey", "passkey": passkey})


def remove_all(scope: Scope, person: uuid.UUID) -> None:
    """Somebody's, by an admin. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        if models.Passkey.objects.filter(person=person).delete()[0]:
            _removed(scope, person, {"factor": "passkey"})


def _removed(scope: Scope, person: uuid.UUID, facts: Mapping[str, Any]) -> None:
    events.record(scope, Event.FACTOR_REMOVED, resource=("person", person), facts=dict(facts), subject=person)
    recovery.clear_idle(scope, person)


def _own(scope: Scope, passkey: uuid.UUID) -> models.Passkey:
    row = models.Passkey.objects.select_for_update().filter(pk=passkey, person=scope.person).first()
    if row is None:
        raise access.unseen(Action.OWN_DATA, "passkey", passkey, _GONE)
    return row


def _server(site: Site) -> Fido2Server:
    party = PublicKeyCredentialRpEntity(id=site.host, name="Chancery")
    return Fido2Server(party, verify_origin=lambda origin: origin == site.origin)


def _data(row: models.Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(row.public_key))
