"""What a support person sees: recorded first, explained, and nothing that is narrower; the neighbour's never."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from governance import access, explanations, grants, history, support
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, NotFound, RecordUnavailable
from governance.roles import SupportLevel
from governance.scope import ActorKind, Scope
from governance.support import looks
from ingestion import catalog
from ingestion.documents import removal, restrictions, supported
from ingestion.models import Collection, Document
from tests.cast import House
from tests.governance import cases
from tests.governance.database import leaves, payloads
from tests.ingestion import shelves

S, D, R = SupportLevel


def test_every_look_is_on_the_tenants_record_before_it_is_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, inside = cases.shelf(house)
    found = cases.entered(house, R, [named])
    looks.settings(found)
    supported.listed(found, named, 1)
    supported.get(found, inside)
    told = leaves(house, "support.looked")
    assert [leaf["facts"]["what"] for leaf in told] == ["settings", "documents", "document", "text"]
    for leaf in told:
        assert leaf["actor"] == {"kind": "support", "id": str(found.operator.pk)}
        assert leaf["resource"]["id"] == str(found.support.access)
    assert told[2]["facts"]["document"] == told[3]["facts"]["document"] == str(inside)
    assert payloads(house, "support.looked") == [{"operator": found.operator.email, "ticket": "T-4711"}] * 4
    assert [one.what for one in looks.made(house.ada, found.support.access)] == [
        "text",
        "document",
        "documents",
        "settings",
    ]

    def away(*_: Any, **__: Any) -> None:
        raise RecordUnavailable(events.CANNOT)

    monkeypatch.setattr(events, "record", away)
    for look in (
        lambda: looks.settings(found),
        lambda: supported.listed(found, named, 1),
        lambda: supported.get(found, inside),
    ):
        with pytest.raises(RecordUnavailable):
            look()


def test_a_support_person_writes_no_other_tenants_record_and_finds_nothing_there(
    house: House, neighbour: House
) -> None:
    named, _ = cases.shelf(house)
    theirs, paper = cases.shelf(neighbour)
    found = cases.entered(house, R, [named])
    wrong = Scope(neighbour.tenant, ActorKind.SUPPORT, found.operator.pk, support=found.support)
    with pytest.raises(RecordUnavailable), transaction.atomic():
        events.record(wrong, Event.SUPPORT_LOOKED, facts={})
    with wrong.transaction(), connection.cursor() as cursor:
        for door in ("support_settings()", "support_shelves()", "support_health()"):
            cursor.execute(f"SELECT * FROM chancery.{door}")
            assert cursor.fetchall() == [], door
    with found.scope.transaction(), connection.cursor() as cursor:
        for door, one in (("support_document(%s)", paper), ("support_documents(%s, 0, 50)", theirs)):
            cursor.execute(f"SELECT * FROM chancery.{door}", [one])
            assert cursor.fetchall() == [], door


def test_what_is_narrower_than_its_collection_stays_shut(house: House) -> None:
    made = catalog.create(house.ada, "Papers").pk
    plain, shut, binned = (shelves.document(house.system, made, [cases.SECRET]).document_id for _ in range(3))
    attached, of_a_conversation = cases.shelf(house)
    part = shelves.document(house.system, made, [cases.SECRET]).document_id
    with house.system.transaction():
        Document.objects.filter(pk=part).update(parent=shut)
        Collection.objects.filter(pk=attached).update(bound_to=uuid.uuid4())
    restrictions.restrict(house.ada, shut, [grants.Holder(person=house.ids["ada"])])
    removal.delete(house.ada, binned)
    found = cases.entered(house, R, [made, attached])
    assert [one.id for one in supported.shelves(found)] == [made]
    for one in (shut, part, binned, of_a_conversation):
        with pytest.raises(NotFound):
            supported.get(found, one)
    page = supported.listed(found, made, 1)[1]
    assert ([one.id for one in page.rows], page.total) == ([plain], 1)
    assert cases.SECRET in cases.text_of(supported.get(found, plain))


def test_the_explainer_knows_who_of_support_could_see_what_and_when(house: House) -> None:
    (named, _), (other, _) = cases.shelf(house), cases.shelf(house)
    before = timezone.now()
    found = cases.entered(house, R, [named])
    during = timezone.now()
    support.end(house.ada, found.support.access)
    for moment, resource, action, expected in (
        (during, named, Action.COLLECTION_READ, {found.operator.pk}),
        (during, named, Action.COLLECTION_SEE, {found.operator.pk}),
        (during, named, Action.COLLECTION_MANAGE, set()),
        (during, other, Action.COLLECTION_READ, set()),
        (before, named, Action.COLLECTION_READ, set()),
        (timezone.now(), named, Action.COLLECTION_READ, set()),
    ):
        told = explanations.support(house.ada, action, resource, at=moment)
        assert {one.operator for one in told} == expected, (moment, action)
    assert [one.until for one in explanations.support(house.ada, Action.COLLECTION_READ, named, at=during)] == [
        found.ends_at
    ]
    with pytest.raises((Forbidden, NotFound)):
        explanations.support(house.bob, Action.COLLECTION_READ, named)


def test_what_the_explainer_says_of_support_is_what_is_decided(house: House) -> None:
    """At every level, on named and other collections, for every action: the same function, asked of the history."""
    made = [cases.shelf(house)[0] for _ in range(3)]
    entered = [
        cases.entered(house, level, made[:reach] if level > S else ()) for level in (S, D, R) for reach in (1, 2)
    ]
    for action in (Action.COLLECTION_SEE, Action.COLLECTION_READ, Action.COLLECTION_MANAGE, Action.DOCUMENT_WRITE):
        for resource in made:
            decided = {one.support.access for one in entered if access.decide(one.scope, action, resource).allowed}
            assert {one.access for one in explanations.support(house.ada, action, resource)} == decided
    assert history.support_at(house.ada, timezone.now())


def test_whose_document_it_was_finds_it_among_their_own(house: House) -> None:
    named, inside = cases.shelf(house)
    with house.system.transaction():
        Document.objects.filter(pk=inside).update(created_by=house.ids["bob"])
    found = cases.entered(house, R, [named])
    supported.get(found, inside)
    assert [(one.what, one.ticket) for one in looks.at_mine(house.bob)] == [("text", "T-4711"), ("document", "T-4711")]
    assert looks.at_mine(house.charlie) == []
