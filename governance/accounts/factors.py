"""What somebody proves themselves with beside a password, and of whom the tenant demands it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from governance import access, models, tenants
from governance.accounts import passkeys, totp
from governance.actions import Action
from governance.errors import InvalidInput
from governance.roles import Role
from governance.scope import Scope


class Demand(StrEnum):
    NOBODY = "nobody"
    OFFICES = "offices"  # admins and compliance officers
    EVERYBODY = "everybody"


@dataclass(frozen=True)
class Factors:
    """`codes` are recovery codes that were not used."""

    has_totp: bool
    passkeys: int
    codes: int

    @property
    def is_any(self) -> bool:
        return self.has_totp or self.passkeys > 0


def of(scope: Scope, person: uuid.UUID) -> Factors:
    """One's own, anybody's for an admin, and for the system before somebody is let in. Raises Forbidden."""
    if not scope.is_system and scope.actor != person:
        access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return Factors(
            has_totp=models.TotpSecret.objects.filter(person=person).exists(),
            passkeys=models.Passkey.objects.filter(person=person).count(),
            codes=models.RecoveryCode.objects.filter(person=person, used_at=None).count(),
        )


def is_demanded(scope: Scope) -> bool:
    """Of the person whose scope it is, at their next sign-in with a password."""
    wanted = Demand(tenants.current(scope).second_factor_for)
    return wanted is Demand.EVERYBODY or (wanted is Demand.OFFICES and bool(scope.roles - {Role.EMPLOYEE}))


def demand(scope: Scope, of_whom: str) -> None:
    """Raises Forbidden, InvalidInput."""
    access.require(scope, Action.TENANT_MANAGE)
    if of_whom not in set(Demand):
        raise InvalidInput("Say whose passwords need a second factor.")
    tenants.write(scope, {"second_factor_for": of_whom})


def remove_all(scope: Scope, person: uuid.UUID) -> None:
    """By an admin, for somebody who has lost them. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        if not models.Person.objects.filter(pk=person).exists():
            raise access.unseen(Action.PEOPLE_MANAGE, "person", person, "There is no such person.")
        totp.remove(scope, person)
        passkeys.remove_all(scope, person)
