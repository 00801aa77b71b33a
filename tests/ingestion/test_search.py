from __future__ import annotations

import uuid
from unittest import mock

import pytest
from django.db.models import Q

from governance import access, grants
from governance.errors import InvalidInput, NotFound
from governance.grants import Holder
from governance.roles import Level
from ingestion import catalog, documents, search
from ingestion.search import analysis, postings
from tests.cast import House
from tests.ingestion import shelves

TRAVEL = [
    "A night in a hotel is paid up to 140 euros.",
    "Trains are booked in second class.",
    "Meals abroad are paid by a daily rate.",
]
SECRET = ["The reorganisation closes the plant in Kassel.", "Severance is two salaries a year."]


@pytest.fixture
def travel(house: House) -> uuid.UUID:
    collection = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, collection, Holder(group=house.team), Level.READ)
    shelves.indexed(house.system, collection, TRAVEL)
    return collection


@pytest.fixture
def board(house: House) -> uuid.UUID:
    collection = catalog.create(house.ada, "Board").pk
    shelves.indexed(house.system, collection, SECRET)
    return collection


def test_the_passage_that_answers_comes_first_with_where_it_stands(house: House, travel: uuid.UUID) -> None:
    found = search.passages(house.bob, "How much is paid for a hotel night?", limit=2)
    first = found.passages[0]
    assert first.text == TRAVEL[0]
    assert (first.collection_id, first.ordinal) == (travel, 0)
    assert first.dense == found.nearest > 0
    assert first.lexical > 0
    assert first.score >= found.passages[1].score
    assert 0 < first.coverage <= found.covered <= 1


def test_a_text_with_signs_that_are_accents_alone_is_found_as_any_other(house: House, travel: uuid.UUID) -> None:
    text = "A hotel garage, ﹶ or ͺ or 🄁, costs twelve euros."
    shelves.indexed(house.system, travel, [text])
    assert search.passages(house.ada, "garage").passages[0].text == text
    one = postings.Text(uuid.uuid4(), travel, uuid.uuid4(), text)
    with mock.patch.object(analysis, "counted", return_value=["", "hotel", ""]):
        (row,) = postings.rows([one])
    assert row[3:] == (1, "hotel", f"1 {analysis.VERSION}")  # the last is that of the empty term, of which there is one


def test_the_receipt_says_what_was_searched_kept_and_cut(house: House, travel: uuid.UUID, board: uuid.UUID) -> None:
    receipt = search.passages(house.ada, "hotel", limit=1).receipt
    assert {one["name"] for one in receipt["collections"]} == {"Travel", "Board"}
    assert (receipt["chunks"], receipt["candidates"]) == (5, 5)
    assert [line["rank"] for line in receipt["kept"]] == [1]
    assert len(receipt["cut"]) == 1
    assert "best 1" in receipt["cut"][0]["why"]

    receipt = search.passages(house.bob, "hotel").receipt
    assert [one["name"] for one in receipt["collections"]] == ["Travel"]
    assert receipt["chunks"] == 3


def test_naming_a_collection_narrows_the_search(house: House, travel: uuid.UUID, board: uuid.UUID) -> None:
    found = search.passages(house.ada, "severance salaries hotel", [travel])
    assert {passage.collection_id for passage in found.passages} == {travel}


def test_an_outsider_finds_nothing_and_cannot_name_the_collection(house: House, travel: uuid.UUID) -> None:
    found = search.passages(house.charlie, "hotel")
    assert found.passages == ()
    assert found.receipt["collections"] == []
    assert found.covered == 0
    messages = []
    for wanted in (travel, uuid.uuid4()):
        with pytest.raises(NotFound) as refused:
            search.passages(house.charlie, "hotel", [wanted])
        messages.append(refused.value.message)
    assert messages[0] == messages[1]


def test_another_tenant_finds_nothing(house: House, neighbour: House, travel: uuid.UUID) -> None:
    for scope in (neighbour.ada, neighbour.system):
        assert search.passages(scope, "hotel").passages == ()
        with pytest.raises(NotFound):
            search.passages(scope, "hotel", [travel])


def test_a_readable_collection_beside_one_that_is_not_is_refused_as_a_whole(
    house: House, travel: uuid.UUID, board: uuid.UUID
) -> None:
    with pytest.raises(NotFound):
        search.passages(house.bob, "hotel", [travel, board])


def test_a_withdrawn_grant_takes_effect_at_once(house: House, travel: uuid.UUID) -> None:
    (grant,) = [one for one in grants.listed(house.ada, travel) if one.group_id == house.team]
    stale = house.bob
    grants.withdraw(house.ada, travel, grant.pk)
    assert search.passages(stale, "hotel").passages == ()


def test_what_others_documents_speak_of_changes_no_score(house: House, travel: uuid.UUID) -> None:
    before = search.passages(house.bob, "hotel night rate")
    hidden = catalog.create(house.ada, "Hidden").pk
    shelves.indexed(house.system, hidden, ["hotel hotel hotel night", "rate of the hotel", "night night"])
    assert search.passages(house.bob, "hotel night rate") == before


@pytest.mark.parametrize("door", ["passages", "passage", "document_text"])
def test_with_every_filter_of_the_application_removed_the_database_still_leaks_nothing(
    house: House, neighbour: House, board: uuid.UUID, door: str
) -> None:
    with house.system.transaction():
        document = documents.get(house.system, shelves.indexed(house.system, board, ["Kassel once more"]).document_id)
    secret = search.document_text(house.system, document.pk)[0]
    everything = mock.patch.object(access, "access_filter", return_value=Q())
    named = mock.patch.object(catalog, "readable", return_value=[board])
    for outsider in (house.bob, house.charlie, house.olga, neighbour.ada, neighbour.system):
        with everything, named:
            if door == "passages":
                assert search.passages(outsider, "Kassel severance reorganisation").passages == ()
                weights = postings.weigh(outsider, "Kassel", [board])
                assert weights.chunks == 0
            elif door == "passage":
                with pytest.raises(NotFound):
                    search.passage(outsider, secret.chunk_id)
            else:
                with pytest.raises(NotFound):
                    search.document_text(outsider, document.pk)


def test_a_citation_opens_for_a_reader_and_for_nobody_else(house: House, neighbour: House, travel: uuid.UUID) -> None:
    chunk = search.passages(house.bob, "hotel").passages[0].chunk_id
    assert search.passage(house.bob, chunk).text == TRAVEL[0]
    messages = []
    for scope, wanted in ((house.charlie, chunk), (neighbour.ada, chunk), (house.bob, uuid.uuid4())):
        with pytest.raises(NotFound) as refused:
            search.passage(scope, wanted)
        messages.append(refused.value.message)
    assert len(set(messages)) == 1


def test_the_viewer_reads_a_document_in_its_order(house: House, travel: uuid.UUID) -> None:
    (row,) = documents.listed(house.bob, travel)
    assert [passage.text for passage in search.document_text(house.bob, row.pk)] == TRAVEL
    with pytest.raises(NotFound):
        search.document_text(house.charlie, row.pk)


def test_a_version_that_is_not_current_is_nowhere_to_be_found(house: House) -> None:
    collection = catalog.create(house.ada, "Drafts").pk
    made = shelves.indexed(house.system, collection, ["A hotel in a draft"], is_current=False)
    assert search.passages(house.ada, "hotel").passages == ()
    with pytest.raises(NotFound):
        search.passage(house.ada, shelves.chunks(house.system, made)[0])
    assert search.document_text(house.ada, made.document_id) == []


def test_a_deleted_collection_is_not_searched(house: House, travel: uuid.UUID) -> None:
    catalog.delete(house.ada, travel)
    assert search.passages(house.bob, "hotel").passages == ()
    assert search.passages(house.ada, "hotel").passages == ()


@pytest.mark.parametrize(("question", "limit"), [("  ", 8), ("hotel", 0), ("hotel", 101)])
def test_a_search_without_words_or_sense_is_refused(house: House, question: str, limit: int) -> None:
    with pytest.raises(InvalidInput):
        search.passages(house.ada, question, limit=limit)


@pytest.mark.parametrize(
    "question", ["?!", "the and of", "'; DROP TABLE chunk; --", "%s %(tenant)s", "\u0000x", "ü" * 5000]
)
def test_any_question_gets_an_answer(house: House, travel: uuid.UUID, question: str) -> None:
    assert len(search.passages(house.bob, question).passages) == 3
