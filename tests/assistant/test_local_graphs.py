from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from psycopg import conninfo

from assistant.local import graphs, secrets, stack, testing
from assistant.local.stack import Stack
from tests.governance.database import address
from tests.ingestion import shelves

NOBODYS = "postgresql://nobody@127.0.0.1:1/nothing"


def test_they_are_looked_after_where_there_are_vectors_enough(shared_house: Any) -> None:
    from ingestion import catalog

    shelves.indexed(shared_house.system, catalog.create(shared_house.ada, "Travel").pk, ["A night in a hotel."])
    owner = address("chancery_owner")
    empty = conninfo.make_conninfo(testing.services().superuser_url, dbname="template1")
    assert graphs.is_due(owner, 1)
    assert not graphs.is_due(empty, 1)
    assert not graphs.is_due(NOBODYS, 1)


def test_the_owner_makes_them_and_nobody_else(tmp_path: Path, monkeypatch: Any) -> None:
    local = Stack(tmp_path, 0, secrets.load(tmp_path), mock.Mock(), mock.Mock())
    for owner, is_due, runs in ((NOBODYS, True, 1), (NOBODYS, False, 0), ("", True, 0)):
        monkeypatch.setenv("CHANCERY_OWNER_URL", owner)
        with mock.patch.object(graphs, "is_due", return_value=is_due), mock.patch.object(stack, "command") as run:
            graphs.keep(local)
        assert run.call_count == runs
        if runs:
            assert run.call_args.args[1] == ["vector_graphs"]
            assert run.call_args.args[3]["DATABASE_URL"] == NOBODYS
            assert run.call_args.args[3]["CHANCERY_MIGRATING"] == "1"
