"""What was taken away is refused at the next request, and what is open is cut: every way to lose access, in one place."""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone

from assistant.answering import delivery
from assistant.models import Answer
from assistant.streams import doorbell, relay
from governance import assignments, custom_roles, grants, groups, keys, models, people
from governance.errors import Forbidden, NotFound
from governance.grants import Holder
from governance.roles import Level, Role
from governance.scope import Scope
from ingestion import catalog, documents
from ingestion.documents import restrictions, uploads
from tests.assistant import asking, serving
from tests.assistant.serving import PATIENCE_S
from tests.cast import House


@dataclass
class Reader:
    """Somebody with a collection that they read, a key, and an answer of it that is being followed."""

    house: House
    person: uuid.UUID
    shelf: uuid.UUID
    group: uuid.UUID
    grant: uuid.UUID
    scope: Scope
    token: str
    answer: uuid.UUID

    def asks(self) -> int:
        """The next request's status."""
        client = Client(headers={"Authorization": f"Bearer {self.token}"}, raise_request_exception=False)
        return client.get(f"/api/v1/collections/{self.shelf}").status_code


def reader(house: House, *, by_group: bool) -> Reader:
    name = uuid.uuid4().hex
    person = people.create(house.system, f"{name}@x.example", name)
    shelf, group = catalog.create(house.ada, name).pk, groups.create(house.ada, name)
    groups.add(house.system, group, person)
    holder = Holder(group=group) if by_group else Holder(person=person)
    given = grants.give(house.ada, shelf, holder, Level.READ)
    token = keys.issue(house.system, person, "test", ["all"], 1)
    scope = keys.resolve(token)
    assert scope is not None
    answer = asking.ask(scope, collections=[shelf]).pk
    return Reader(house, person, shelf, group, given.pk, scope, token, answer)


def expire(one: Reader) -> None:
    with one.house.system.transaction():
        models.Grant.objects.filter(pk=one.grant).update(ends_at=timezone.now() - timedelta(seconds=1))


def deny(one: Reader) -> None:
    grants.give(one.house.ada, one.shelf, Holder(person=one.person), Level.READ, denies=True)


def deny_until(one: Reader) -> None:
    until = timezone.now() + timedelta(days=1)
    grants.give(one.house.ada, one.shelf, Holder(group=one.group), Level.READ, denies=True, until=until)


LOSSES: list[tuple[str, bool, Callable[[Reader], object], int]] = [
    ("a grant withdrawn", False, lambda one: grants.withdraw(one.house.ada, one.shelf, one.grant), 404),
    ("a denial", True, deny, 404),
    ("a denial of a group, for a day", True, deny_until, 404),
    ("a grant that ended", False, expire, 404),
    ("a group left", True, lambda one: groups.remove(one.house.ada, one.group, one.person), 404),
    ("a group deleted", True, lambda one: groups.delete(one.house.ada, one.group), 404),
    ("a collection deleted", True, lambda one: catalog.delete(one.house.ada, one.shelf), 404),
    ("a person switched off", True, lambda one: people.switch_off(one.house.ada, one.person), 401),
    ("a key ended", False, lambda one: keys.revoke(one.scope, uuid.UUID(str(one.scope.key))), 401),
]


def test_every_loss_is_refused_at_the_next_request_and_cuts_what_is_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the review alone: nothing happens to the answers, and no row is looked at in between."""
    monkeypatch.setattr(doorbell, "TRUST_S", 3600.0)
    monkeypatch.setattr(doorbell, "GLANCE_S", 3600.0)
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.05)
    readers = [reader(house, by_group=by_group) for _, by_group, _, _ in LOSSES]
    untouched = reader(house, by_group=True)
    assert {one.asks() for one in (*readers, untouched)} == {200}

    async def cut() -> None:
        beside = relay.follow(untouched.scope, untouched.answer, 0)
        await anext(beside)
        goes_on = asyncio.ensure_future(anext(beside))
        for one, (said, _, lose, _) in zip(readers, LOSSES, strict=True):
            stream = relay.follow(one.scope, one.answer, 0)
            await anext(stream)
            upcoming = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
            assert not upcoming.done(), said
            await sync_to_async(serving.done_with, thread_sensitive=False)(lose, one)
            with pytest.raises((NotFound, Forbidden)):
                await asyncio.wait_for(upcoming, PATIENCE_S)
            with pytest.raises((NotFound, Forbidden)):
                await anext(relay.follow(one.scope, one.answer, 0))  # nor does coming back help
        assert not goes_on.done()
        goes_on.cancel()

    asyncio.run(asyncio.wait_for(cut(), 3 * PATIENCE_S))
    for one, (said, _, _, status) in zip(readers, LOSSES, strict=True):
        assert (said, one.asks()) == (said, status)
    assert untouched.asks() == 200


def test_a_document_that_is_kept_from_its_reader_by_now_cuts_what_is_written_from_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the review as well: of two answers, the one that is from it, and not the other."""
    monkeypatch.setattr(doorbell, "TRUST_S", 3600.0)
    monkeypatch.setattr(doorbell, "GLANCE_S", 3600.0)
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.05)
    one, other = reader(house, by_group=True), reader(house, by_group=True)
    for each in (one, other):
        rule = uploads.upload(house.ada, each.shelf, "rule.md", io.BytesIO(b"Twenty days.")).pk
        with each.scope.transaction():
            given = [{"document": str(rule), "chunk": str(uuid.uuid4())}]
            Answer.objects.filter(pk=each.answer).update(passages=given)
    (kept,) = documents.ids(house.ada, one.shelf)

    async def cut() -> None:
        streams = [relay.follow(each.scope, each.answer, 0) for each in (one, other)]
        for stream in streams:
            await anext(stream)
        upcoming, goes_on = (asyncio.ensure_future(anext(stream)) for stream in streams)
        await asyncio.sleep(0.3)  # some reviews, which know by now who reads
        assert not upcoming.done()
        ada = [Holder(person=house.ids["ada"])]
        await sync_to_async(serving.done_with, thread_sensitive=False)(
            lambda: restrictions.restrict(house.ada, kept, ada)
        )
        with pytest.raises(Forbidden):
            await asyncio.wait_for(upcoming, PATIENCE_S)
        await asyncio.sleep(0.3)
        assert not goes_on.done()
        goes_on.cancel()

    asyncio.run(asyncio.wait_for(cut(), 2 * PATIENCE_S))


def test_the_review_comes_often_enough() -> None:
    """What is asked, and how long the rows are read for after it, stay within five seconds together."""
    assert doorbell.REVIEWED_S <= 2.5
    assert delivery.ASKED_AGAIN_S <= 2.5


def test_a_role_that_was_lost_opens_nothing_at_the_next_request(house: House) -> None:
    role, bob = custom_roles.create(house.ada, "Reader of the policy", ["policy.see"]), house.ids["bob"]
    key = Client(headers={"Authorization": f"Bearer {house.key('bob')}"}, raise_request_exception=False)

    def asks(path: str) -> int:
        return key.get(path).status_code

    turns: list[tuple[Callable[[], object], Callable[[], object], str]] = [
        (
            lambda: assignments.give(house.ada, bob, Role.TENANT_ADMIN),
            lambda: assignments.take(house.ada, bob, Role.TENANT_ADMIN),
            "/api/v1/access/roles",
        ),
        (
            lambda: custom_roles.give(house.ada, role, Holder(group=house.team)),
            lambda: groups.remove(house.ada, house.team, bob),
            "/api/v1/policy/versions",
        ),
    ]
    for give, lose, path in turns:
        assert asks(path) == 403
        give()
        assert asks(path) == 200
        lose()
        assert asks(path) == 403


def test_an_answer_that_is_being_written_ends_where_its_reader_loses_what_it_is_from(
    house: House, monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(delivery, "ASKED_AGAIN_S", 0.0)
    shelf = asking.shelf(house, asking.RULE)
    before = asking.answered(house.bob)
    assert before.status == "answered"

    def speech(_: object) -> list[str]:
        with house.system.transaction():
            models.Grant.objects.filter(resource=shelf, group=house.team).delete()
        return [asking.RULE]

    asking.speak(settings, speech)
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == ("refused", "")


def test_an_answer_that_is_being_written_ends_where_what_it_is_from_is_kept_from_its_reader(
    house: House, monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(delivery, "ASKED_AGAIN_S", 0.0)
    (document,) = documents.ids(house.ada, asking.shelf(house, asking.RULE))
    assert asking.answered(house.bob).status == "answered"

    def speech(_: object) -> list[str]:
        restrictions.restrict(house.ada, document, [Holder(person=house.ids["ada"])])
        return [asking.RULE]

    asking.speak(settings, speech)
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == ("refused", "")
