"""The search index in the portal: an admin has another one built, asks both, switches, and goes back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.test import Client

from assistant import models
from assistant.conversations import asked
from governance import assignments, grants
from governance.errors import Forbidden, InvalidInput
from governance.roles import Level, Role
from inference import runners
from ingestion import catalog, indexes, search, tasks
from ingestion.indexes import building, comparing, languages
from ingestion.models import Chunk, Index
from tests.assistant import portal
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import shelves

NEXT = "scripted-96"
TEXTS = ["A night in a hotel is paid up to 140 euros.", "Trains are booked in second class.", "Taxis take a receipt."]


@pytest.fixture(autouse=True)
def _two_embedders(settings: Any) -> Iterator[None]:
    settings.CHANCERY_EMBEDDERS = [
        {"BACKEND": "inference.runners.scripted.ScriptedEmbedder", "OPTIONS": {"dimensions": 96}}
    ]
    with mock.patch.object(tasks, "ring_index"):
        yield


@pytest.fixture
def travel(house: House) -> uuid.UUID:
    collection = catalog.create(house.ada, "Travel").pk
    shelves.indexed(house.system, collection, TEXTS)
    return collection


@pytest.fixture
def ada(house: House) -> Client:
    return portal.signed_in(house, "ada")


def built(house: House) -> Index:
    row = indexes.build(house.ada, NEXT)
    while building.stretch(house.tenant, row.pk):
        pass
    return indexes.get(house.ada, row.pk)


def question(house: House, name: str, text: str, cited: uuid.UUID | None = None) -> None:
    scope = house.scope(name)
    with scope.transaction():
        talk = models.Conversation.objects.create(tenant_id=house.tenant, person_id=scope.person, title=text[:50])
        row = models.Answer.objects.create(
            tenant_id=house.tenant, person_id=scope.person, conversation=talk, question=text, status="answered"
        )
        models.Segment.objects.create(
            tenant_id=house.tenant,
            person_id=scope.person,
            answer=row,
            ordinal=0,
            text="So it is.",
            citations=[{"chunk_id": str(cited)}] if cited else [],
        )


def chunk(house: House, text: str) -> uuid.UUID:
    with house.system.transaction():
        return Chunk.objects.filter(tenant_id=house.tenant, text=text).values_list("id", flat=True)[0]


def test_an_index_is_built_compared_switched_to_and_retired(house: House, travel: uuid.UUID, ada: Client) -> None:
    page = ada.get("/settings/index").content.decode()
    assert "scripted-384" in page
    assert "live" in page
    assert ada.post("/settings/index", {"embedder": NEXT})["Location"] == "/settings/index"
    row = next(one for one in indexes.listed(house.ada) if one.name == NEXT)
    told = ada.get("/settings/index/progress").content.decode()
    assert "0 of 3 passages are in the index of scripted-96." in told
    while building.stretch(house.tenant, row.pk):
        pass
    assert ada.get("/settings/index/progress")["HX-Refresh"] == "true"

    found = ada.post(f"/settings/index/{row.pk}/compare", {"questions": "What is paid for a hotel?\n\nTaxis?"})
    shown = found.content.decode()
    assert "100 %" in shown
    assert TEXTS[0] in shown
    ada.post(f"/settings/index/{row.pk}/change", {"deed": "switch"})
    assert search.passages(house.ada, "hotel").receipt["index"] == NEXT
    old = next(one for one in indexes.listed(house.ada) if one.name == "scripted-384")
    ada.post(f"/settings/index/{old.pk}/change", {"deed": "retire"})
    while building.stretch(house.tenant, old.pk):
        pass
    assert "3 vectors removed, 0 left" in ada.get("/settings/index").content.decode()
    facts = leaves(house, "index.removed")[0]["facts"]
    assert (facts["embedder"], facts["removed"], facts["left"]) == ("scripted-384", 3, 0)


def test_what_cannot_be_done_now_is_said_on_the_page(house: House, travel: uuid.UUID, ada: Client) -> None:
    row = indexes.build(house.ada, NEXT)
    refused = ada.post(f"/settings/index/{row.pk}/change", {"deed": "switch"})
    assert refused.status_code == 409
    assert "as it stands now" in refused.content.decode()
    assert ada.post(f"/settings/index/{row.pk}/change", {"deed": "explode"}).status_code == 400
    assert ada.post("/settings/index", {"embedder": "nothing"}).status_code == 404
    empty = ada.post(f"/settings/index/{row.pk}/compare", {"questions": "Why?"})
    assert (empty.status_code, "nothing in this index yet" in empty.content.decode()) == (409, True)


def test_gains_losses_and_where_the_cited_passage_went(house: House, travel: uuid.UUID) -> None:
    row = built(house)
    train = chunk(house, TEXTS[1])
    question(house, "ada", "Which class are trains booked in?", train)
    with house.system.transaction():
        hotel = Chunk.objects.get(tenant_id=house.tenant, text=TEXTS[0])
    real = search.passages

    def other(scope: Any, text: str, collections: Any, limit: int, index: str) -> Any:
        found = real(scope, text, collections, limit, index)
        kept = found.passages[:2] if index != NEXT else tuple(reversed(found.passages))[:2]
        return search.Found(kept, found.receipt)

    with mock.patch.object(search, "passages", other):
        found = comparing.own(house.ada, row.pk)
    (one,) = found.answered
    assert one.text == "Which class are trains booked in?"
    assert (one.cited_now, one.has_cited) == (1, True)
    assert (one.overlap, one.gained, one.lost) == (0.5, 1, 1)
    assert {place.passage.text for place in one.places} == set(TEXTS)
    assert [place.is_cited for place in one.places if place.passage.chunk_id == train] == [True]
    assert found.moved == {"better": 0, "same": 0, "worse": 1}
    assert hotel.text in {place.passage.text for place in one.places}
    facts = leaves(house, "index.compared")[0]["facts"]
    assert (facts["questions"], facts["whose"], facts["overlap"]) == (1, "own", 0.5)


def test_ones_own_questions_are_asked_and_nobody_elses(house: House, travel: uuid.UUID) -> None:
    row = built(house)
    question(house, "bob", "Is the plant in Kassel closed?")
    with pytest.raises(InvalidInput, match="no questions"):
        comparing.own(house.ada, row.pk)
    question(house, "ada", "How are taxis paid?")
    assert [one.text for one in comparing.own(house.ada, row.pk).answered] == ["How are taxis paid?"]
    own = asked.FromRows().recent(house.bob, 10, everyones=True)
    assert [one.text for one in own] == ["Is the plant in Kassel closed?"]  # even so: the rows are one's own


def test_everyones_questions_take_the_right_to_open_words_and_show_none(house: House, travel: uuid.UUID) -> None:
    row = built(house)
    question(house, "bob", "Is the plant in Kassel closed?")
    with pytest.raises(Forbidden):
        comparing.everyones(house.ada, row.pk, "Before the new model is switched to")
    assignments.give(house.system, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    with pytest.raises(InvalidInput):
        comparing.everyones(house.ada, row.pk, "x")
    found = comparing.everyones(house.ada, row.pk, "Before the new model is switched to")
    assert [(one.text, one.places) for one in found.answered] == [("", ())]
    assert found.overlap == 1
    page = portal.signed_in(house, "ada").post(
        f"/settings/index/{row.pk}/compare", {"everyone": "1", "reason": "Before the new model is switched to"}
    )
    assert "Kassel" not in page.content.decode()


def test_nobody_finds_by_comparing_what_they_may_not_read(house: House, travel: uuid.UUID) -> None:
    board = catalog.create(house.system, "Board").pk
    shelves.indexed(house.system, board, ["The reorganisation closes the plant in Kassel."])
    grants.give(house.system, board, grants.Holder(person=house.ids["bob"]), Level.READ)
    row = built(house)
    found = comparing.own(house.ada, row.pk, ["Which plant is closed by the reorganisation?"])
    assert "Kassel" not in " ".join(place.passage.text for place in found.answered[0].places)


def test_the_command_does_the_same_as_a_person(house: House, travel: uuid.UUID, capsys: Any) -> None:
    told = ["--tenant", house.slug, "--user", house.email("ada")]
    call_command("index_change", "build", NEXT, *told)
    row = next(one for one in indexes.listed(house.ada) if one.name == NEXT)
    call_command("index_change", "pause", NEXT, *told)
    call_command("index_change", "resume", NEXT, *told)
    while building.stretch(house.tenant, row.pk):
        pass
    call_command("index_change", "list", *told)
    assert "scripted-96  ready  3 of 3" in capsys.readouterr().out
    call_command("index_change", "switch", NEXT, *told)
    assert indexes.live(house.system) == NEXT
    assert [leaf["actor"]["id"] for leaf in leaves(house, "index.switched")] == [str(house.ids["ada"])]


GERMAN = "Die Nacht in einem Hotel wird bis zu 140 Euro bezahlt, und das Frühstück ist nicht dabei."
FRENCH = "Les billets de train sont réservés en seconde classe, et les taxis demandent un reçu."
ENGLISH = "A night in a hotel is paid up to 140 euros, and the breakfast is not in it."


def test_who_runs_a_collection_is_told_of_languages_that_the_live_model_was_not_made_for(
    house: House, travel: uuid.UUID, ada: Client
) -> None:
    shelves.indexed(house.system, travel, [GERMAN])
    grants.give(house.system, travel, grants.Holder(person=house.ids["bob"]), Level.MANAGE)
    grants.give(house.system, travel, grants.Holder(person=house.ids["charlie"]), Level.READ)
    page = f"/collections/{travel}"
    assert languages.unread(house.ada, travel) is None  # the model says of no language that it was made for it alone
    with mock.patch.object(runners.embedder(), "languages", ("en",)):
        assert languages.unread(house.ada, travel) == languages.Unread("scripted-384", ("de",), 0.5)
        seen = {name: portal.signed_in(house, name).get(page).content.decode() for name in ("ada", "bob", "charlie")}
        assert "was not made for languages of documents here: German." in seen["ada"]
        assert "Choose another model for the search index" in seen["ada"]
        assert "was not made for languages of documents here: German." in seen["bob"]
        assert "An admin can choose another model" in seen["bob"]
        assert "was not made for" not in seen["charlie"]
        indexes.switch(house.ada, built(house).pk)
        assert languages.unread(house.ada, travel) is None
        assert "was not made for" not in ada.get(page).content.decode()


def test_documents_in_other_letters_are_not_taken_for_english(house: House) -> None:
    shelf = catalog.create(house.ada, "Beijing").pk
    shelves.indexed(house.system, shelf, ["年度预算是一百万元。"])
    with mock.patch.object(runners.embedder(), "languages", ("en",)):
        assert languages.unread(house.ada, shelf) == languages.Unread("scripted-384", ("zh",), 1.0)
        page = portal.signed_in(house, "ada").get(f"/collections/{shelf}").content.decode()
    assert "was not made for languages of documents here: Chinese." in page


def test_a_few_documents_in_another_language_are_no_matter_and_what_one_may_not_read_is_not_looked_at(
    house: House,
) -> None:
    mixed = catalog.create(house.ada, "Mixed").pk
    for text in [ENGLISH] * 4 + [FRENCH]:
        shelves.indexed(house.system, mixed, [text])
    with mock.patch.object(runners.embedder(), "languages", ("en",)):
        assert languages.unread(house.ada, mixed) is None
        for text in (GERMAN, GERMAN):
            shelves.indexed(house.system, mixed, [text])
        found = languages.unread(house.ada, mixed)
        assert found
        assert found.languages == ("de", "fr")
        assert found.share == pytest.approx(3 / 7)
        assert languages.unread(house.scope("bob"), mixed) is None
