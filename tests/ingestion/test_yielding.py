"""Reading gives way while anybody is answered, for as long as is set and no longer."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from assistant import models
from assistant.answering import lease
from ingestion import catalog
from ingestion.line import yielding
from tests.cast import House
from tests.governance.database import as_superuser
from tests.ingestion import bells

Said = Callable[[bool], None]


@pytest.fixture
def slept() -> Iterator[list[float]]:
    """How long was rested, on a clock that nothing else moves."""
    now, rested = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        now[0] += seconds
        rested.append(seconds)

    with mock.patch.object(time, "sleep", sleep), mock.patch.object(time, "monotonic", side_effect=lambda: now[0]):
        yield rested


@pytest.fixture
def asked() -> Iterator[list[bool]]:
    """What whoever knows says next; the last of it again and again."""
    words: list[bool] = []
    yielding.register(lambda: words.pop(0) if len(words) > 1 else words[0])
    yield words
    yielding.register(lease.answers_run)


def test_nobody_answered_is_no_rest(slept: list[float], asked: list[bool], settings: Any) -> None:
    settings.EMBED_REST_MS = 300
    asked.append(False)
    yielding.give_way()
    assert slept == []


def test_it_rests_while_somebody_is_answered_and_no_longer_than_is_set(
    slept: list[float], asked: list[bool], settings: Any
) -> None:
    settings.EMBED_REST_MS = 300
    asked.append(True)
    yielding.give_way()
    assert sum(slept) == pytest.approx(0.3, abs=0.06)
    settings.EMBED_REST_MS = 0
    slept.clear()
    yielding.give_way()
    assert slept == []


def test_it_goes_on_as_soon_as_nobody_is(slept: list[float], asked: list[bool], settings: Any) -> None:
    settings.EMBED_REST_MS = 60_000
    asked.extend([True, True, False])
    yielding.give_way()
    assert 2 * yielding.LOOK_S <= sum(slept) <= 2 * yielding.LOOK_S + 0.2


def test_every_batch_gives_way(house: House) -> None:
    collection = catalog.create(house.ada, "Travel").pk
    with mock.patch.object(yielding, "give_way") as rests:
        bells.ingested(house, collection, "A hotel.")
    assert rests.called


def test_an_answer_under_way_in_any_tenant_is_seen_until_its_worker_is_dead(house: House) -> None:
    now = timezone.now()
    with house.system.transaction():
        mine = {"tenant_id": house.tenant, "person_id": house.ids["ada"]}
        conversation = models.Conversation.objects.create(**mine, title="Days")
        row = models.Answer.objects.create(
            **mine, conversation=conversation, question="Days?", status="running", lease=uuid.uuid4()
        )
    for until, runs in ((now + timedelta(hours=1), True), (now - timedelta(hours=1), False)):
        with house.system.transaction():
            models.Answer.objects.filter(pk=row.pk).update(lease_until=until)
        assert lease.answers_run() == (runs or _others(house))


def _others(house: House) -> bool:
    """Whether other tests' tenants have an answer under way."""
    with as_superuser() as database:
        found = database.execute(
            "SELECT EXISTS (SELECT FROM answer WHERE tenant_id <> %s AND status = 'running' AND lease_until > now())",
            [house.tenant],
        ).fetchone()
    return bool(found and found[0])
