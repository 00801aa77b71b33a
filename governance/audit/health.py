"""How far sealing and witnessing are behind, and what a tenant that demands a witness does without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from governance import models
from governance.errors import RecordUnavailable
from governance.scope import Scope


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
        return self.unwitnessed_since is None or datetime.now(UTC) - self.unwitnessed_since <= patience


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


def require(scope: Scope) -> None:
    """Where the tenant demands a witness, nothing is answered while there is none. Raises RecordUnavailable."""
    with scope.transaction():
        demands = models.Tenant.objects.filter(pk=scope.tenant, demands_witness=True).exists()
        if demands and not lag(scope).is_witnessed:
            raise RecordUnavailable(
                "The record is not being witnessed, and this organisation answers nothing without that. "
                "Please try again later, and tell whoever runs this installation if it stays so."
            )
