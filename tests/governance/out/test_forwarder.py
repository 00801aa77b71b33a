"""The record leaves: at least once, in order, nothing lost while a receiver is away, and each line the record's own bytes."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from governance import models
from governance.audit import events
from governance.audit.out import cursors, forwarder, lines, targets
from governance.audit.out.sinks.base import SinkDown
from governance.audit.out.sinks.webhook import Webhook
from governance.audit.out.targets import Draft
from governance.audit.tree.verifier import Checkpoint, leaf_hash
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from tests.cast import House
from tests.governance.database import leaves, stored
from tests.governance.out import receivers
from tests.governance.sealing import seal


def aimed(house: House, url: str, **options: Any) -> tuple[uuid.UUID, str]:
    """A webhook of Ada's."""
    return targets.create(house.ada, Draft("SIEM", "webhook", url, options.pop("form", "jsonl")), **options)


def said(house: House, number: int) -> list[uuid.UUID]:
    return [events.record(house.bob, Event.FEEDBACK_GIVEN, facts={"value": 1}) for _ in range(number)]


def at_once(house: House, target: uuid.UUID) -> None:
    """As if the pause after a failure were over."""
    with house.system.transaction():
        models.ForwardCursor.objects.filter(target=target).update(next_try_at=timezone.now())


def test_every_sealed_event_arrives_once_in_order_with_the_bytes_that_were_hashed(house: House) -> None:
    said(house, 3)
    with receivers.webhook() as hook:
        target, secret = aimed(house, hook.url)
        checkpoint = seal(house)
        unsealed = said(house, 1)
        assert forwarder.forward(house.tenant, target) == checkpoint.size + 1
    arrived = hook.arrived.events()
    assert [line["index"] for line in arrived] == list(range(checkpoint.size))
    assert len(hook.arrived.lines) == len(hook.arrived.kept)
    assert str(unsealed[0]) not in {line["id"] for line in arrived}
    for line in arrived:
        raw = base64.b64decode(line["leaf_data"])
        assert raw == stored(house, uuid.UUID(line["id"]))[0]
        assert base64.b64decode(line["leaf_hash"]) == leaf_hash(raw)
        assert line["event"] == json.loads(raw)
    ((headers, body),) = hook.requests
    assert receivers.is_signed(headers, body, secret)
    assert not receivers.is_signed(headers, body + b" ", secret)
    assert headers["Chancery-Tenant"] == str(house.tenant)


def test_a_head_leaves_behind_the_events_that_it_covers_and_the_same_one_once(house: House) -> None:
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        first = seal(house)
        forwarder.forward(house.tenant, target)
        said(house, 2)
        second = seal(house)
        forwarder.forward(house.tenant, target)
        assert forwarder.forward(house.tenant, target) == 0
    kinds = [(line["kind"], line.get("size", line.get("index"))) for line in hook.arrived.lines]
    expected = [("event", index) for index in range(first.size)] + [("checkpoint", first.size)]
    expected += [("event", index) for index in range(first.size, second.size)] + [("checkpoint", second.size)]
    assert kinds == expected
    assert [Checkpoint.parse(line["note"]) for line in hook.arrived.heads()] == [first, second]


def test_what_leaves_has_no_words_until_an_officer_says_so(house: House) -> None:
    events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "zephyrquartz"})
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        seal(house)
        forwarder.forward(house.tenant, target)
        assert hook.arrived.events()
        assert b"zephyrquartz" not in b"".join(body for _, body in hook.requests)
        targets.carry_words(house.olga, target, carries=True, reason="The works council has agreed to it.")
        event = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "zephyrquartz"})
        seal(house)
        forwarder.forward(house.tenant, target)
    (line,) = [line for line in hook.arrived.events() if line["id"] == str(event)]
    assert line["words"] == {"text": "zephyrquartz"}


@pytest.mark.parametrize("status", [None, 302, 400, 429, 500])
def test_what_is_not_taken_comes_again_and_the_numbers_say_why(house: House, status: int | None) -> None:
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        size = seal(house).size
        hook.answers = receivers.always(status)
        assert forwarder.forward(house.tenant, target) == 0
        state = targets.get(house.ada, target)
        assert (state.behind, state.heads_behind, state.failures, state.sent) == (size, 1, 1, 0)
        assert str(status or "does not answer") in state.last_error or "redirect" in state.last_error
        assert state.next_try_at is not None
        assert state.next_try_at > timezone.now()
        assert state.failing_since is not None
        assert state.waits_since is not None
        assert forwarder.forward(house.tenant, target) == 0
        assert len(hook.requests) == 1, "it waits until the next try is due"
        hook.answers = receivers.always(200)
        targets.retry(house.ada, target)
        assert forwarder.forward(house.tenant, target) > 0
    state = targets.get(house.ada, target)
    assert (state.behind, state.failures, state.last_error, state.sent) == (0, 0, "", size)
    assert [line["index"] for line in hook.arrived.events()] == list(range(size))


def test_a_batch_that_arrived_before_its_sender_died_comes_again_with_the_same_ids(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        size = seal(house).size
        with monkeypatch.context() as patch:
            patch.setattr(cursors, "advance", _dies)
            with pytest.raises(KeyboardInterrupt):
                forwarder.forward(house.tenant, target)
        assert forwarder.forward(house.tenant, target) == 0, "the dead one's lease holds"
        with house.system.transaction():
            models.ForwardCursor.objects.filter(target=target).update(lease_until=timezone.now())
        forwarder.forward(house.tenant, target)
    assert len(hook.arrived.lines) == 2 * (size + 1)
    assert [line["index"] for line in hook.arrived.events()] == list(range(size))


def _dies(*_: Any) -> None:
    raise KeyboardInterrupt


def test_two_at_once_send_nothing_twice(house: House) -> None:
    said(house, 30)
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        size = seal(house).size
        together = threading.Barrier(4)

        def one() -> None:
            together.wait()
            try:
                forwarder.forward(house.tenant, target)
            finally:
                connection.close()  # a thread that ends with one takes it from the pool for good

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(hook.arrived.lines) == size + 1
    assert [line["index"] for line in hook.arrived.events()] == list(range(size))


def test_a_receiver_that_is_down_under_load_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short version of bench/sink_down.py: every third request fails, some of them after all was taken."""
    monkeypatch.setattr(lines, "MOST", 7)
    recorded = []
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        sent = Webhook.send

        def deaf(self: Webhook, tenant: uuid.UUID, batch: Any) -> None:
            sent(self, tenant, batch)
            if len(hook.requests) % 5 == 0:
                raise SinkDown("it took everything, and its answer was lost")

        monkeypatch.setattr(Webhook, "send", deaf)
        hook.answers = lambda number: 503 if number % 3 == 0 else 204
        for _ in range(12):
            recorded += said(house, 9)
            seal(house)
            at_once(house, target)
            forwarder.forward(house.tenant, target)
        monkeypatch.setattr(Webhook, "send", sent)
        hook.answers = receivers.always(204)
        size = seal(house).size
        while targets.get(house.ada, target).behind:
            at_once(house, target)
            forwarder.forward(house.tenant, target)
    assert {str(one) for one in recorded} <= {line["id"] for line in hook.arrived.events()}
    firsts = [line["index"] for line in hook.arrived.events()]
    assert firsts == list(range(len(firsts)))
    assert len(firsts) >= size
    assert len(hook.arrived.lines) > len(hook.arrived.kept), "nothing came twice: the test shows too little"
    by_id: dict[str, list[Any]] = {}
    for line in hook.arrived.lines:
        by_id.setdefault(line["id"], []).append(line)
    assert all(one == each[0] for each in by_id.values() for one in each)


def test_an_outage_is_on_the_record_once_and_its_end_too(house: House) -> None:
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        seal(house)
        hook.answers = receivers.always(500)
        for _ in range(5):
            at_once(house, target)
            forwarder.forward(house.tenant, target)
        (failing,) = leaves(house, "forward.failing")
        assert failing["facts"] == {"target": str(target), "failures": 3, "next_index": 0}
        assert leaves(house, "forward.resumed") == []
        hook.answers = receivers.always(200)
        at_once(house, target)
        forwarder.forward(house.tenant, target)
    (resumed,) = leaves(house, "forward.resumed")
    assert resumed["facts"]["failures"] == 5


def test_the_pause_grows_to_a_minute_and_no_further(house: House) -> None:
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        seal(house)
        hook.answers = receivers.always(500)
        pauses = []
        for _ in range(9):
            at_once(house, target)
            forwarder.forward(house.tenant, target)
            state = targets.get(house.ada, target)
            assert state.next_try_at is not None
            pauses.append((state.next_try_at - timezone.now()).total_seconds())
    assert 0.5 < pauses[0] <= 2
    assert all(later > earlier for earlier, later in itertools.pairwise(pauses[:5]))
    assert all(pause <= 60 for pause in pauses)


def test_a_target_may_begin_with_what_is_recorded_from_now_on(house: House) -> None:
    said(house, 4)
    before = seal(house).size
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url, from_now=True)
        seal(house)
        forwarder.forward(house.tenant, target)
    assert next(line["index"] for line in hook.arrived.events()) == before
    assert [line["event"]["action"] for line in hook.arrived.events()] == ["forward.changed"]


def test_the_sweep_finds_what_waits_and_nothing_else(house: House, neighbour: House) -> None:
    with receivers.webhook() as hook:
        mine, _ = aimed(house, hook.url)
        theirs, _ = aimed(neighbour, hook.url)
        off, _ = targets.create(house.ada, Draft("Off", "webhook", hook.url, "jsonl", is_enabled=False))
        assert not {mine, theirs, off} & {target for _, target in _due()}
        seal(house)
        assert (house.tenant, mine) in _due()
        assert not {theirs, off} & {target for _, target in _due()}
        forwarder.forward(house.tenant, mine)
        assert (house.tenant, mine) not in _due()
        seal(neighbour)
        hook.answers = receivers.always(500)
        forwarder.forward(neighbour.tenant, theirs)
        assert theirs not in {target for _, target in _due()}


def _due() -> list[tuple[uuid.UUID, uuid.UUID]]:
    return cursors.due([], 1000)


def test_an_event_that_was_taken_out_of_the_table_leaves_as_missing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = said(house, 1)[0]
    seal(house)
    stretch = lines._stretch

    def without(first: int) -> list[tuple[Any, ...]]:
        return [(*row[:3], None, None) if row[1] == event else row for row in stretch(first)]

    monkeypatch.setattr(lines, "_stretch", without)
    with receivers.webhook() as hook:
        target, _ = aimed(house, hook.url)
        forwarder.forward(house.tenant, target)
    (missing,) = [line for line in hook.arrived.lines if line["kind"] == "missing"]
    assert missing["id"] == str(event)
    assert "event" not in missing


def test_an_installations_target_gets_every_tenants_record(
    house: House, neighbour: House, settings: Any, tmp_path: Any
) -> None:
    path = tmp_path / "record.jsonl"
    backend = "governance.audit.out.sinks.file.File"
    name = f"file {uuid.uuid4()}"
    settings.FORWARD_TARGETS = {name: {"BACKEND": backend, "OPTIONS": {"path": str(path)}}}
    expected = {str(one.tenant): seal(one).size for one in (house, neighbour)}
    rung = [one for one in forwarder.due() if one[0] in {house.tenant, neighbour.tenant}]
    assert len(rung) == 2 or len(forwarder.due()) == forwarder.AT_ONCE
    from governance.audit.out import installed

    (target,) = installed.targets()
    for one in (house, neighbour):
        forwarder.forward(one.tenant, target)
    found: dict[str, list[int]] = {}
    for text in path.read_text().splitlines():
        line = json.loads(text)
        if line["kind"] == "event":
            found.setdefault(line["tenant"], []).append(line["index"])
    assert {tenant: len(found[tenant]) for tenant in expected} == expected
    assert all(indexes == list(range(len(indexes))) for indexes in found.values())


def test_a_target_that_is_told_of_some_events_alone_gets_those_in_order_and_nothing_else(house: House) -> None:
    with receivers.webhook() as hook:
        draft = Draft("Tickets", "webhook", hook.url, "jsonl", only=["answer.*", "document.ready"])
        target, _ = targets.create(house.ada, draft)
        for wrong in ("answer", "document.gone", "*"):
            with pytest.raises(InvalidInput):
                targets.change(house.ada, target, replace(draft, only=[wrong]))
        events.record(house.bob, Event.DOCUMENT_READ)
        wanted = said(house, 2)
        events.record(house.bob, Event.DOCUMENT_READ)
        checkpoint = seal(house)
        assert forwarder.forward(house.tenant, target) == 2
        assert [line["id"] for line in hook.arrived.lines] == [str(one) for one in wanted]
        state = targets.get(house.ada, target)
        assert (state.sent, state.behind, state.heads_behind, state.next_index) == (2, 0, 0, checkpoint.size)
        events.record(house.bob, Event.DOCUMENT_READ)
        seal(house)
        assert forwarder.forward(house.tenant, target) == 0
        assert targets.get(house.ada, target).behind == 0  # passed, although nothing left
        (last,) = said(house, 1)
        seal(house)
        assert forwarder.forward(house.tenant, target) == 1
        assert hook.arrived.lines[-1]["id"] == str(last)
    changed = leaves(house, "forward.changed")[0]
    assert changed["facts"]["only"] == ["answer.*", "document.ready"]
