"""The test database as roles other than the application's, and the record's leaves as they are stored."""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from assistant.local import testing
from governance.audit import envelope
from tests.cast import House


def as_superuser() -> psycopg.Connection[Any]:
    services = testing.services()
    return psycopg.connect(services.superuser_url, dbname=settings.DATABASES["default"]["NAME"], autocommit=True)


def as_role(role: str) -> psycopg.Connection[Any]:
    """A role that can log in, by its own password."""
    return psycopg.connect(address(role), autocommit=True)


def address(role: str) -> str:
    """What `role` connects by, `chancery_sealer` say."""
    secrets = testing.services().secrets
    passwords = {
        "chancery_owner": secrets.postgres_owner,
        "chancery_app": secrets.postgres_app,
        "chancery_sealer": secrets.postgres_sealer,
        "chancery_backup": secrets.postgres_backup,
    }
    place = settings.DATABASES["default"]
    return psycopg.conninfo.make_conninfo(
        host=place["HOST"], port=place["PORT"], dbname=place["NAME"], user=role, password=passwords[role]
    )


def leaves(house: House, action: str | None = None, interaction: uuid.UUID | None = None) -> list[dict[str, Any]]:
    """The tenant's events, oldest first, read past `reading`, so that reading leaves no trace in what is tested."""
    wanted = {"action": action, "interaction": str(interaction) if interaction else None}
    with house.system.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT leaf FROM audit.read(%s::jsonb, 1000)", [json.dumps(wanted)])
        return [json.loads(bytes(leaf)) for (leaf,) in cursor.fetchall()][::-1]


def payloads(house: House, action: str) -> list[dict[str, Any]]:
    """What was said in the encrypted part of each such event, oldest first."""
    with house.system.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT leaf, ciphertext FROM audit.read(%s::jsonb, 1000)", [json.dumps({"action": action})])
        rows = cursor.fetchall()[::-1]
    told = []
    for leaf, ciphertext in rows:
        fields = json.loads(bytes(leaf))
        if ciphertext is None:
            continue
        subject = uuid.UUID(fields["payload"]["subject"])
        told.append(envelope.unseal(house.tenant, subject, uuid.UUID(fields["id"]), bytes(ciphertext)))
    return told


def stored(house: House, event: uuid.UUID) -> tuple[bytes, bytes | None]:
    """(leaf, ciphertext) as the table has them."""
    with as_superuser() as database:
        row = database.execute(
            "SELECT leaf, ciphertext FROM audit.event e LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id"
            " AND p.event_id = e.id WHERE e.tenant_id = %s AND e.id = %s",
            [house.tenant, event],
        ).fetchone()
    assert row is not None
    return bytes(row[0]), row[1] and bytes(row[1])


def numbers(tenant: uuid.UUID) -> dict[uuid.UUID, list[int]]:
    with as_superuser() as database:
        rows = database.execute(
            "SELECT writer, number FROM audit.event WHERE tenant_id = %s ORDER BY 1, 2", [tenant]
        ).fetchall()
    found: dict[uuid.UUID, list[int]] = {}
    for writer, number in rows:
        found.setdefault(writer, []).append(number)
    return found


def assert_gapless(found: dict[uuid.UUID, list[int]]) -> None:
    assert found
    for writer, its in found.items():
        assert its == list(range(1, len(its) + 1)), writer


def append(leaf: bytes, ciphertext: bytes | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.append(%s, %s)", [leaf, ciphertext])
