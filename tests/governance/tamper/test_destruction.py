"""What takes the tables themselves: in a database of its own, which is thrown away."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from assistant.local import testing
from tests import cast
from tests.governance.database import as_superuser
from tests.governance.tamper import scene
from tests.governance.tamper.scene import Scene


@pytest.fixture
def here(django_db_blocker: pytest.FixtureRequest) -> Iterator[Scene]:
    """A sealed tenant in a database that nobody else is in."""
    home = settings.DATABASES["default"]["NAME"]
    own, template = f"{home}_own", f"{home.rpartition('_')[0]}_template"
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        _server(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")
        _server(f"CREATE DATABASE {own} TEMPLATE {template} OWNER chancery_owner")
        _server(f"GRANT CONNECT ON DATABASE {own} TO chancery_app, chancery_sealer")
        _go_to(own)
        try:
            yield scene.sealed(cast.house(f"t{uuid.uuid4().hex[:12]}"), extra=130)
        finally:
            _go_to(home)
            _server(f"DROP DATABASE {own} WITH (FORCE)")


def _server(query: str) -> None:
    with psycopg.connect(testing.services().superuser_url, autocommit=True) as database:
        database.execute(query)


def _go_to(name: str) -> None:
    """With the pool, whose connections are to the database that it was made for."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


# What each is found by, and the first bad index; `last` is the number of leaves.
TRUNCATED: dict[str, tuple[str, int | None]] = {
    "event": ("is gone, and its leaf is left", 0),
    "payload": ("payload is gone", None),
    "leaf": ("leaves are missing from here on", 0),
    "node": ("the stored node over leaves 0 to 255 is missing", 0),
    "checkpoint": ("heads are gone", None),
    "writer": ("a writer that nobody knows", None),
}


@pytest.mark.parametrize("table", TRUNCATED)
def test_a_table_that_was_emptied_is_missed(table: str, here: Scene) -> None:
    assert here.verify(with_head=True, with_witness=True).is_sound
    with scene.disarmed() as database:
        database.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier("audit", table)))
    report = here.verify(with_head=True)
    words, first = TRUNCATED[table]
    assert any(words in str(one) for one in report.findings), [str(one) for one in report.findings[:3]]
    if table == "payload":
        with scene.disarmed() as database:
            row = database.execute(
                "SELECT min(l.index) FROM audit.leaf l JOIN audit.event e ON e.id = l.event_id"
                " WHERE e.tenant_id = %s AND e.subject_id IS NOT NULL",
                [here.tenant],
            ).fetchone()
        assert row is not None
        first = row[0]
    assert report.first == first


@pytest.mark.parametrize("table", TRUNCATED)
def test_a_table_that_was_dropped_is_missed(table: str, here: Scene) -> None:
    with as_superuser() as database:
        database.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier("audit", table)))
    (said,) = here.verify().findings
    assert "the record cannot be read" in str(said)
    assert f"audit.{table}" in str(said)


@pytest.mark.parametrize(
    ("column", "value"), [("outcome", "'denied'"), ("mentions", "ARRAY[gen_random_uuid()]"), ("mentions", "NULL")]
)
def test_a_column_that_postgres_works_out_is_worked_out_once_more(column: str, value: str, here: Scene) -> None:
    with scene.disarmed() as database:
        event = scene.event_at(database, here, here.plain[0])
        database.execute(f"UPDATE audit.event SET {column} = {value} WHERE id = %s", [event])
    report = here.verify()
    (said,) = report.findings
    assert f"`{column}`" in said.wrong
    assert report.first == here.plain[0]


def test_a_node_that_was_changed_deleted_or_slipped_in(here: Scene) -> None:
    node = " WHERE tenant_id = %s AND level = 8 AND index = 0"
    for change, words, first in (
        ("INSERT INTO audit.node VALUES (%s, 8, 7, sha256('x'))", "1 nodes belong to nothing", None),
        ("DELETE FROM audit.node WHERE tenant_id = %s AND index = 7", "", None),
        ("UPDATE audit.node SET hash = sha256('x')" + node, "over leaves 0 to 255 is not the hash of its leaves", 0),
        ("DELETE FROM audit.node" + node, "over leaves 0 to 255 is missing", 0),
    ):
        with scene.disarmed() as database:
            database.execute(change, [here.tenant])
        report = here.verify()
        assert [words in str(one) for one in report.findings] == ([True] if words else [])
        assert report.first == first
