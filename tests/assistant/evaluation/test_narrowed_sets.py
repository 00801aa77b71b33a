"""What a set says of a document that only some may read is theirs alone, in the bin and once it is erased."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client

from assistant.evaluation import runs, searching, sets
from assistant.evaluation.questions import Question
from assistant.evaluation.rows import Row
from assistant.models import SetRun
from governance import grants, labels
from governance.errors import InvalidInput
from governance.roles import Level
from inference.runners.scripted import ScriptedChat
from ingestion.documents import binned, document_names, purging, removal, restrictions
from ingestion.models import Document
from tests.assistant import asking, portal
from tests.assistant.evaluation.test_sets import asked
from tests.cast import House
from tests.governance.database import as_superuser
from tests.ingestion import bells

COUNCIL = "The works council meets on Tuesdays at noon."
ABROAD = {"id": "abroad", "question": asking.QUESTION, "documents": ["abroad.txt"], "facts": ["twenty"]}
ABOUT = {
    "id": "council",
    "question": "On which days does the works council meet?",
    "documents": ["council.txt"],
    "facts": ["Tuesdays"],
}
# It names another document, and is answered from the council's.
ELSEWHERE = {
    "id": "noon",
    "question": "At which hour does the works council meet?",
    "documents": ["abroad.txt"],
    "facts": ["noon"],
}


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def ran(house: House, shelf: uuid.UUID, *, answers: bool = False) -> SetRun:
    sets.replace(house.ada, shelf, [ABROAD, ABOUT, ELSEWHERE])
    return asked(house, runs.start(house.ada, shelf, answers=answers))


def erase(house: House, document: uuid.UUID, who: str = "ada") -> None:
    binned.keep_for(house.ada, 0)
    assert not removal.delete(house.scope(who), document)


def keys_of(house: House, who: str, shelf: uuid.UUID) -> list[str]:
    return [one["id"] for one in sets.lines(house.scope(who), shelf)]


@pytest.mark.parametrize("goes", ["into the bin", "out of the bin", "at once"])
def test_what_is_deleted_is_no_more_told_than_before(
    house: House, shelf: uuid.UUID, model: ScriptedChat, goes: str
) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    row = ran(house, shelf, answers=True)
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["ada"])])
    if goes == "at once":
        erase(house, other.pk)
    else:
        assert removal.delete(house.ada, other.pk)
    if goes == "out of the bin":
        purging.purge_one(house.ada, other.pk)
    assert keys_of(house, "bob", shelf) == ["abroad", "noon"]
    assert list(runs.questions(house.bob, row)) == ["abroad", *([] if goes != "into the bin" else ["noon"])]
    came = runs.read(house.bob, row).rows
    assert [one.id for one in came] == ["abroad"]
    assert "council.txt" not in repr(came)
    bob = portal.signed_in(house, "bob")
    key = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    at = f"/collections/{shelf}"
    for said in (
        *(bob.get(f"{at}/{place}") for place in ("questions", "questions.jsonl", f"evaluations/{row.pk}")),
        *(key.get(f"/api/v1{at}/{place}") for place in ("questions", f"evaluations/{row.pk}")),
    ):
        assert said.status_code == 200
        assert b"council.txt" not in said.content
        assert b"Tuesday" not in said.content
    for overwrite in (
        lambda: sets.add(house.bob, shelf, ABOUT),
        lambda: sets.put(house.bob, shelf, json.dumps(ABOUT)),
        lambda: sets.replace(house.bob, shelf, [ABROAD, ABOUT]),
    ):
        with pytest.raises(InvalidInput):
            overwrite()
    assert keys_of(house, "ada", shelf) == ["abroad", "council", "noon"]
    told = {one.id: one.answered.text for one in runs.read(house.ada, row).rows if one.answered}
    assert "Tuesdays" in told["council"]


def test_what_is_asked_after_it_was_erased_is_told_to_no_more_people(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    ran(house, shelf)
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["ada"])])
    erase(house, other.pk)
    row = asked(house, runs.start(house.ada, shelf))
    assert list(runs.questions(house.ada, row)) == ["abroad", "council", "noon"]
    assert list(runs.questions(house.bob, row)) == ["abroad", "noon"]
    assert [one.id for one in runs.read(house.bob, row).rows] == ["abroad", "noon"]


def test_who_erases_it_need_not_see_the_set(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    row = ran(house, shelf)
    grants.give(house.ada, shelf, grants.Holder(person=house.ids["charlie"]), Level.CONTRIBUTE)
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["charlie"])])
    erase(house, other.pk, "charlie")
    assert keys_of(house, "bob", shelf) == ["abroad", "noon"]
    assert "council.txt" not in repr(runs.read(house.bob, row).rows)
    assert "council" in keys_of(house, "ada", shelf)


def test_it_is_known_by_its_former_name_and_by_its_id(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    by_id = ABOUT | {"id": "by id", "documents": [str(other.pk)]}
    sets.replace(house.ada, shelf, [ABROAD, ABOUT, by_id])
    row = asked(house, runs.start(house.ada, shelf))
    with house.ada.transaction():
        document_names.change(house.ada, other.pk, "minutes.txt", "", {})
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["ada"])])
    erase(house, other.pk)
    assert keys_of(house, "bob", shelf) == ["abroad"]
    came = runs.read(house.bob, row).rows
    assert [one.id for one in came] == ["abroad"]
    assert "council.txt" not in repr(came)
    assert str(other.pk) not in repr(came)


def test_what_came_within_it_is_as_narrow(house: House, shelf: uuid.UUID) -> None:
    outer = bells.ingested(house, shelf, "Minutes of the year.", "minutes.zip.txt")
    inner = bells.ingested(house, shelf, COUNCIL, "council.txt")
    with house.system.transaction():
        Document.objects.filter(pk=inner.pk).update(parent=outer.pk, path="council.txt")
    ran(house, shelf)
    restrictions.restrict(house.ada, outer.pk, [grants.Holder(person=house.ids["ada"])])
    erase(house, outer.pk)
    assert keys_of(house, "bob", shelf) == ["abroad", "noon"]
    assert keys_of(house, "ada", shelf) == ["abroad", "council", "noon"]


@pytest.mark.parametrize("whose", ["the document", "the collection"])
def test_a_label_outlives_the_document(house: House, shelf: uuid.UUID, whose: str) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    labels.write(house.ada, ["open", "secret"], 0)
    labels.clear(house.ada, grants.Holder(person=house.ids["ada"]), 1)
    ran(house, shelf)
    if whose == "the document":
        restrictions.label(house.ada, other.pk, 1)
    else:
        restrictions.label_collection(house.ada, shelf, 1)
    erase(house, other.pk)
    if whose == "the collection":
        restrictions.label_collection(house.ada, shelf, 0)
    assert keys_of(house, "bob", shelf) == ["abroad", "noon"]
    assert keys_of(house, "ada", shelf) == ["abroad", "council", "noon"]
    labels.clear(house.ada, grants.Holder(group=house.team), 1)
    assert keys_of(house, "bob", shelf) == ["abroad", "council", "noon"]


def test_of_a_document_that_nothing_narrowed_all_stays_told(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    row = ran(house, shelf)
    erase(house, other.pk)
    assert keys_of(house, "bob", shelf) == ["abroad", "council", "noon"]
    assert "council.txt" in repr(runs.read(house.bob, row).rows)


def test_what_is_being_asked_as_it_is_erased_is_asked_again(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    sets.replace(house.ada, shelf, [ABROAD, ABOUT, ELSEWHERE])
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["ada"])])
    asks, found = searching.searched, []

    def searched(scope: Any, question: Question, collections: list[uuid.UUID]) -> Row:
        row = asks(scope, question, collections)
        found.append((question.id, "council.txt" in repr(row.ranked)))
        if len(found) == 1:
            erase(house, other.pk)
        return row

    with mock.patch.object(searching, "searched", searched):
        row = asked(house, runs.start(house.ada, shelf))
    assert found == [("abroad", True), ("abroad", False), ("council", False), ("noon", False)]
    assert "council.txt" not in repr(runs.read(house.bob, row).rows)


def test_a_run_that_begins_as_it_is_erased_keeps_it_too(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    sets.replace(house.ada, shelf, [ABROAD, ABOUT])
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["ada"])])
    binned.keep_for(house.ada, 0)
    scope, looks = house.ada, runs.content

    def erased() -> None:
        try:
            removal.delete(scope, other.pk)
        finally:
            connection.close()

    eraser = threading.Thread(target=erased)

    def content(collection: uuid.UUID) -> str:
        """Once the questions were read, and before they are written down: until it waits for a lock, or needs none."""
        eraser.start()
        with as_superuser() as database:
            while eraser.is_alive() and not (database.execute(WAITING).fetchone() or (0,))[0]:
                time.sleep(0.02)
        return looks(collection)

    with mock.patch.object(runs, "content", content):
        row = runs.start(house.ada, shelf)
    eraser.join()
    assert list(runs.questions(house.ada, row)) == ["abroad", "council"]
    assert list(runs.questions(house.bob, row)) == ["abroad"]
