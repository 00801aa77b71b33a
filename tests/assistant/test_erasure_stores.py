"""Where a person's traces lie, each by its own period."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import redis

from assistant.local import marks, secrets, valkey
from assistant.streams import stream
from governance import groups
from governance.access import NotVisible
from governance.audit.lifecycle import holds, retention
from governance.audit.lifecycle.classes import Class
from tests.assistant import asking, traces
from tests.assistant.test_erasure import copy_of_payloads
from tests.cast import House
from tests.governance.aging import keep
from tests.governance.database import as_superuser


def test_valkeys_own_log_is_written_anew_without_the_streams(tmp_path: Path) -> None:
    broker, child = valkey.start(tmp_path, secrets.load(tmp_path))
    client = redis.Redis.from_url(broker.url())
    try:
        answer = uuid.uuid4()
        client.xadd(stream.key(answer), {"m": "quagga"})
        client.waitaof(1, 0, 5000)
        assert traces.in_files("quagga", tmp_path)
        with mock.patch.object(stream, "client", return_value=client):
            assert stream.forget([answer]) == 1
            assert stream.forget([]) == 0
        assert marks.await_true(lambda: not traces.in_files("quagga", tmp_path), 30)
    finally:
        client.close()
        child.end()


def test_a_log_that_is_being_written_as_they_go_is_written_once_more(tmp_path: Path) -> None:
    broker, child = valkey.start(tmp_path, secrets.load(tmp_path))
    client = redis.Redis.from_url(broker.url())
    try:
        gone, stays = uuid.uuid4(), uuid.uuid4()
        client.xadd(stream.key(gone), {"m": "quagga"})
        client.xadd(stream.key(stays), {"m": "okapi"})
        client.config_set("rdb-key-save-delay", 500_000)  # microseconds: it writes two keys in a second
        client.bgrewriteaof()
        with mock.patch.object(stream, "client", return_value=client):
            stream.forget([gone])
            traces.await_valkey()
        assert marks.await_true(lambda: not traces.in_files("quagga", tmp_path), 30)
        assert traces.in_files("okapi", tmp_path)
    finally:
        client.close()
        child.end()


def test_conversations_go_by_their_own_period_but_not_what_is_held(house: House, settings: Any) -> None:
    asking.shelf(house)
    asking.speak(settings, lambda _: "Twenty working days a year may be spent abroad.")
    groups.add(house.ada, house.team, house.ids["charlie"])
    rows = {name: asking.answered(house.scope(name)) for name in ("bob", "charlie")}
    young = asking.answered(house.bob)
    with as_superuser() as database:
        for row in rows.values():
            database.execute(
                "UPDATE conversation SET updated_at = now() - interval '20 days' WHERE id = %s", [row.conversation_id]
            )
    keep(house, Class.CONVERSATIONS, 10)
    holds.place(house.olga, "A claim was announced.", about=house.ids["charlie"])
    assert [(one.goes, one.held) for one in retention.dry_run(house.ada)] == [(1, 1)]
    assert retention.run(house.tenant) == 1
    with pytest.raises(NotVisible):
        asking.seen(house.bob, rows["bob"].pk)
    assert asking.said(asking.seen(house.charlie, rows["charlie"].pk))
    assert asking.said(asking.seen(house.bob, young.pk))
    assert copy_of_payloads(house, house.ids["bob"])  # the record has a period of its own


def test_every_table_of_a_person_is_some_stores(house: House) -> None:
    """A new table that points at a person fails here until an eraser knows it, or it is said why it stays."""
    known = {
        "api_key", "invitation", "identity", "role_assignment", "membership", "grant", "reservation", "erasure",
        "conversation", "answer", "segment", "share", "saved_prompt", "provider_session", "portal_session", "totp_secret",
        "passkey", "recovery_code",
        "custom_role_assignment", "idempotent_request", "directory_entry", "acting", "clearance", "access_request", "allowance",
        "service_account",  # a program of the house, whose owner's id is that of an erased person
        "document_reader",  # the same: it opens nothing to whoever signs in no more
    }  # fmt: skip
    with as_superuser() as database:
        found = database.execute(
            "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'person'::regclass"
        ).fetchall()
    assert {name.strip('"') for (name,) in found} == known
