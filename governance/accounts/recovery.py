"""Recovery codes: ten, shown once, each good once, for whoever has lost what else they prove themselves with."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid

from django.utils import timezone

from governance import models
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope

AMOUNT = 10
BYTES = 10  # 80 bits: nothing to guess, so that one hash will do


def renew(scope: Scope) -> list[str]:
    """Ten new ones; the old ones end. They are kept as hashes: this is the only time that they can be read."""
    codes = [_fresh() for _ in range(AMOUNT)]
    with scope.transaction():
        models.RecoveryCode.objects.filter(person=scope.person).delete()
        models.RecoveryCode.objects.bulk_create(
            models.RecoveryCode(tenant_id=scope.tenant, person_id=scope.person, hash=_hash(scope.person, code))
            for code in codes
        )
        facts = {"factor": "recovery codes"}
        events.record(scope, Event.FACTOR_ADDED, resource=("person", scope.person), facts=facts)
    return codes


def found(scope: Scope) -> list[str]:
    """The first ones, with the first factor that they stand in for; none where there are some."""
    with scope.transaction():
        has = models.RecoveryCode.objects.filter(person=scope.person, used_at=None).exists()
        return [] if has else renew(scope)


def use(scope: Scope, person: uuid.UUID, code: str) -> bool:
    """Of two who give one code at once, one is let in."""
    with scope.transaction():
        live = models.RecoveryCode.objects.filter(person=person, used_at=None)
        if not live.filter(hash=_hash(person, code)).update(used_at=timezone.now()):
            return False
        facts = {"left": live.count()}
        events.record(scope, Event.RECOVERY_USED, resource=("person", person), facts=facts, subject=person)
        return True


def clear_idle(scope: Scope, person: uuid.UUID) -> None:
    """Codes stand in for a factor: with the last of those they go, too."""
    if models.TotpSecret.objects.filter(person=person).exists():
        return
    if not models.Passkey.objects.filter(person=person).exists():
        models.RecoveryCode.objects.filter(person=person).delete()


def _fresh() -> str:
    text = base64.b32encode(secrets.token_bytes(BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hash(person: uuid.UUID, code: str) -> str:
    plain = "".join(one for one in code.lower() if one.isalnum())
    return hashlib.sha256(f"{person} {plain}".encode()).hexdigest()
