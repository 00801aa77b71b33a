"""The ground's own stores of a person: how they sign in, what they may, what they used, and their name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.utils import timezone

from governance import models
from governance.audit.lifecycle import stores
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
        "identities": models.Identity.objects.filter(person=person).delete()[0],
    }


def rights(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    return {
        "roles": models.RoleAssignment.objects.filter(person=person).delete()[0],
        "memberships": models.Membership.objects.filter(person=person).delete()[0],
        "grants": models.Grant.objects.filter(person=person).delete()[0],
    }


def usage(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    return {"reservations": models.Reservation.objects.filter(person=person).delete()[0]}


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
