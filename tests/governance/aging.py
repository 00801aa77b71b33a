"""The past, made by the superuser: the application itself can neither move an event nor date a period."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import rfc8785

from governance.audit.lifecycle import retention
from governance.audit.lifecycle.classes import Class
from tests.cast import House
from tests.governance.database import as_superuser


def age(house: House, days: float, but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Every event of the tenant was recorded so long ago, but those of these actions. Before it is sealed."""
    with as_superuser() as database:
        rows = database.execute(
            "SELECT id, leaf FROM audit.event WHERE tenant_id = %s AND action <> ALL (%s)", [house.tenant, list(but)]
        ).fetchall()
        database.execute("ALTER TABLE audit.event DISABLE TRIGGER append_only")
        for event, leaf in rows:
            told = json.loads(bytes(leaf))
            at = datetime.fromisoformat(told["accepted"]["at"]) - timedelta(days=days)
            told["accepted"]["at"] = at.isoformat(timespec="microseconds")
            database.execute(
                "UPDATE audit.event SET recorded_at = %s, leaf = %s WHERE id = %s", [at, rfc8785.dumps(told), event]
            )
        database.execute("ALTER TABLE audit.event ENABLE ALWAYS TRIGGER append_only")


def keep(house: House, of: Class, days: int | None) -> None:
    """The period was set long ago, and counts."""
    retention.change(house.ada, of, days)
    with as_superuser() as database:
        database.execute("ALTER TABLE retention_period DISABLE TRIGGER dated")
        database.execute(
            "UPDATE retention_period SET changed_at = now() - interval '30 days' WHERE tenant_id = %s AND of = %s",
            [house.tenant, str(of)],
        )
        database.execute("ALTER TABLE retention_period ENABLE ALWAYS TRIGGER dated")
