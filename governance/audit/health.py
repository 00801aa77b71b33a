"""How far sealing and witnessing are behind, and what a tenant that demands a witness does without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from governance import models
from governance.errors import RecordUnavailable
from governance.scope import Scope


def age(moment: datetime | None) -> timedelta:
    """How far a time of the record lies from now; nothing for none.

    One that is still to come was given by a clock that has been set back since. How long its event really waits nobody
    knows, so that it is held to be as far behind as it is ahead. That ends as soon as the event has its place.
    """
    return abs(datetime.now(UTC) - moment) if moment else timedelta()


@dataclass(frozen=True)
class Lag:
    """`unsealed` events wait for the sealer; the times are of the oldest event that is not sealed, or not under a
    cosigned head. None where there is none."""

    unsealed: int
    unsealed_since: datetime | None
    unwitnessed_since: datetime | None

    @property
    def is_witnessed(self) -> bool:
        """A witness that is late by less than the installation's patience is slow and not away."""
        patience = timedelta(seconds=settings.WITNESS_PATIENCE_S)
        return age(self.unwitnessed_since) <= patience


def lag(scope: Scope) -> Lag:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT unsealed, unsealed_since, unwitnessed_since FROM audit.lag()")
        return Lag(*cursor.fetchone())


@dataclass(frozen=True)
class Pulse:
    """Over all tenants: `logs` there are, events that wait and the oldest one's time, the newest head's, and how many
    logs' last head has no cosignature."""

    logs: int
    unsealed: int
    unsealed_since: datetime | None
    head_at: datetime | None
    unwitnessed: int


def pulse() -> Pulse:
    """Numbers alone, for operators. Outside every tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT logs, unsealed, unsealed_since, head_at, unwitnessed FROM audit.pulse()")
        return Pulse(*cursor.fetchone())


def _is_sent() -> bool:
    """Has every target that is switched on got what is older than the patience for it?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.unsent_since()")
        (since,) = cursor.fetchone()
    return age(since) <= timedelta(seconds=settings.FORWARD_PATIENCE_S)


def require(scope: Scope, tenant: models.Tenant) -> None:
    """Where the tenant demands a witness, or that its record is sent on, nothing is answered while that is not so.

    Raises RecordUnavailable.
    """
    with scope.transaction():
        if tenant.demands_forwarding and not _is_sent():
            raise RecordUnavailable(
                "The record does not reach where this organisation sends it, and it answers nothing without that. "
                "Please try again later, and tell an admin if it stays so."
            )
        if tenant.demands_witness and not lag(scope).is_witnessed:
            raise RecordUnavailable(
                "The record is not being witnessed, and this organisation answers nothing without that. "
                "Please try again later, and tell whoever runs this installation if it stays so."
            )
