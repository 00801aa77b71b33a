"""One-time codes of an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds), each taken once."""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from governance import access, locker, models
from governance.accounts import recovery
from governance.actions import Action
from governance.audit import events, keyring
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, Unavailable
from governance.scope import Scope
from governance.sentence import phrase

STEP_S = 30
DRIFT = 1  # steps that a clock may be off, either way
WHAT, DRAFT = "totp", "totp draft"
WRONG = phrase(
    "That code is not right, or was used already. Codes change every half minute: give the one that is shown now."
)


@dataclass(frozen=True)
class Draft:
    """A secret that no code has confirmed yet. `text` is for typing in, `address` for the picture; `locked` is kept meanwhile."""

    text: str
    address: str
    locked: str


def draft(scope: Scope, account: str, issuer: str, locked: str = "") -> Draft:
    """The one that `locked` holds, or a new one."""
    text = _opened(scope, locked) or base64.b32encode(secrets.token_bytes(20)).decode()
    address = _totp(text).get_provisioning_uri(account, issuer)
    sealed = locker.lock(scope.tenant, scope.person, DRAFT, text)
    return Draft(text, address, base64.b64encode(sealed).decode())


def confirm(scope: Scope, locked: str, code: str) -> list[str]:
    """It is theirs from here on; fresh recovery codes come with it where they have none. Raises InvalidInput, Conflict."""
    text = _opened(scope, locked)
    step = _step(text, code, 0) if text else None
    if step is None:
        raise InvalidInput(WRONG, param="code")
    with scope.transaction():
        models.Person.objects.select_for_update().get(pk=scope.person)
        if models.TotpSecret.objects.filter(person=scope.person).exists():
            raise Conflict("There is an authenticator app already. Remove it first.")
        models.TotpSecret.objects.create(
            tenant_id=scope.tenant,
            person_id=scope.person,
            secret=locker.lock(scope.tenant, scope.person, WHAT, text),
            last_step=step,
        )
        facts = {"factor": "totp"}
        events.record(scope, Event.FACTOR_ADDED, resource=("person", scope.person), facts=facts)
        return recovery.found(scope)


def check(scope: Scope, person: uuid.UUID, code: str) -> bool:
    """Is it a code of now, and was it never used? Whoever calls records what it opened. Raises Unavailable."""
    with scope.transaction():
        row = models.TotpSecret.objects.select_for_update().filter(person=person).first()
        if row is None:
            return False
        step = _step(_secret(row), code, row.last_step)
        if step is None:
            return False
        row.last_step, row.used_at = step, timezone.now()
        row.save(update_fields=["last_step", "used_at"])
        return True


def remove(scope: Scope, person: uuid.UUID) -> None:
    """One's own, or an admin somebody's."""
    if scope.actor != person:
        access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        if models.TotpSecret.objects.filter(person=person).delete()[0]:
            facts = {"factor": "totp"}
            events.record(scope, Event.FACTOR_REMOVED, resource=("person", person), facts=facts, subject=person)
            recovery.clear_idle(scope, person)


def now() -> float:
    return time.time()


def code_at(text: str, at: float) -> str:
    return _totp(text).generate(at).decode()


def _secret(row: models.TotpSecret) -> str:
    try:
        return locker.unlock(row.tenant_id, row.person_id, WHAT, bytes(row.secret))
    except keyring.KeyGone:
        raise Unavailable("The authenticator's key is gone. Use a recovery code, or ask an admin.") from None


def _opened(scope: Scope, locked: str) -> str:
    try:
        return locker.unlock(scope.tenant, scope.person, DRAFT, base64.b64decode(locked)) if locked else ""
    except (keyring.KeyGone, ValueError):
        return ""


def _totp(text: str) -> TOTP:
    return TOTP(base64.b32decode(text), 6, SHA1(), STEP_S)  # noqa: S303  what every authenticator app speaks


def _step(text: str, code: str, used: int) -> int | None:
    """The step that the code is of, if it is later than `used`."""
    given = "".join(code.split())
    step_now = int(now()) // STEP_S
    for step in range(step_now - DRIFT, step_now + DRIFT + 1):
        if step > used and constant_time_compare(given, code_at(text, step * STEP_S)):
            return step
    return None
