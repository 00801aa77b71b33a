"""The ground's own stores of a person: how they sign in, what they may, what they used, and their name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.utils import timezone

from governance import models
from governance.audit.lifecycle import stores
from governance.labels.models import Clearance
from governance.quotas import counting
from governance.scope import Scope

NAME = "Erased person"


def register() -> None:
    stores.register("sign-in", sign_in)
    stores.register("rights", rights)
    stores.register("usage", usage)
    stores.register("requests", requests)
    stores.register("account", account)


def sign_in(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    return {
        "keys": models.ApiKey.objects.filter(person=person).delete()[0],
        "links": models.Invitation.objects.filter(person=person).delete()[0],
        "open sessions": models.PortalSession.objects.filter(person=person).delete()[0],
        "authenticators": models.TotpSecret.objects.filter(person=person).delete()[0],
        "passkeys": models.Passkey.objects.filter(person=person).delete()[0],
        "recovery codes": models.RecoveryCode.objects.filter(person=person).delete()[0],
        "directories": _of_directories(person),
        "identities": models.Identity.objects.filter(person=person).delete()[0],
        "sessions of providers": models.ProviderSession.objects.filter(person=person).delete()[0],
        "services": models.Acting.objects.filter(person=person).delete()[0],
    }


def _of_directories(person: uuid.UUID) -> int:
    """What directories said of them. A directory that still has them brings somebody new."""
    faults = models.DirectoryFault.objects.filter(about=person).delete()[0]
    return models.DirectoryEntry.objects.filter(person=person).delete()[0] + faults


def rights(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    return {
        "roles": models.RoleAssignment.objects.filter(person=person).delete()[0],
        "custom_roles": models.CustomRoleAssignment.objects.filter(person=person).delete()[0],
        "memberships": models.Membership.objects.filter(person=person).delete()[0],
        "grants": models.Grant.objects.filter(person=person).delete()[0],
        "clearances": Clearance.objects.filter(person=person).delete()[0],
        "access requests": models.AccessRequest.objects.filter(person=person).delete()[0],
    }


def usage(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    for interaction in models.Reservation.objects.filter(person=person, used=None).values_list(
        "interaction", flat=True
    ):
        counting.settle(scope, interaction, None)  # the sums of others stay as they are: numbers of days, and nobody's
    models.Spent.objects.filter(kind="person", subject=str(person)).delete()
    return {
        "reservations": models.Reservation.objects.filter(person=person).delete()[0],
        "limits": models.Allowance.objects.filter(person=person).delete()[0],
    }


def requests(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    """The words of their requests, and of holds on them that have been lifted; that there were such stays."""
    wordy = models.Erasure.objects.filter(person=person).exclude(note="", answer="")
    holds = models.Hold.objects.filter(wanted__about=str(person)).exclude(lifted_at=None).exclude(reason="")
    return {"requests": wordy.update(note="", answer=""), "holds": holds.update(reason="")}


def account(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    """The row stays under its id, which the record and others' rows point at, and says nothing more of whom it was."""
    row = models.Person.objects.select_for_update().get(pk=person)
    row.name, row.email = f"{NAME} {person.hex[:8]}", f"{person.hex}@erased.invalid"
    row.is_active, row.last_login, row.erased_at = False, None, row.erased_at or timezone.now()
    row.set_unusable_password()
    row.session_epoch += 1
    row.save()
    return {"names": 1}
