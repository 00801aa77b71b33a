"""A set of an odd shape is taken in as it was meant, or refused by its line; and two who add at once both do."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from assistant.evaluation import sets
from governance.errors import InvalidInput
from ingestion import catalog
from tests.assistant import portal
from tests.cast import House

ONE: dict[str, Any] = {"id": "a", "question": "Who pays?", "facts": ["the employer"]}


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Rules").pk


def test_a_line_is_named_by_its_place_in_the_file(house: House, shelf: uuid.UUID) -> None:
    for wrong, why in (("{", "it is no JSON"), ('{"id": "b"}', "question is missing"), ("null", "it is no object")):
        with pytest.raises(InvalidInput, match=f"Line 4: {why}"):
            sets.put(house.ada, shelf, f"\n{json.dumps(ONE)}\n \n{wrong}\n")
    long = json.dumps(ONE | {"id": "b", "question": "Who? " * 9_000})
    with pytest.raises(InvalidInput, match="Line 3: it is too long"):
        sets.put(house.ada, shelf, f"{json.dumps(ONE)}\n\n{long}")


def test_ids_that_only_spaces_tell_apart_are_one(house: House, shelf: uuid.UUID) -> None:
    with pytest.raises(InvalidInput, match="Line 2: a is there twice"):
        sets.replace(house.ada, shelf, [ONE, ONE | {"id": "a "}])
    sets.replace(house.ada, shelf, [ONE])
    sets.put(house.ada, shelf, json.dumps(ONE | {"id": " a ", "question": "Who pays now?"}))
    assert sets.lines(house.ada, shelf) == [ONE | {"question": "Who pays now?"}]


def test_those_who_add_at_once_each_add_one(house: House, shelf: uuid.UUID) -> None:
    scope, together = house.ada, threading.Barrier(6)

    def add(number: int) -> None:
        together.wait()
        try:
            sets.add(scope, shelf, {"question": f"Question {number}?", "unanswerable": True})
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = sets.lines(house.ada, shelf)
    assert [one["id"] for one in there] == [str(number) for number in range(1, 7)]
    assert {one["question"] for one in there} == {f"Question {number}?" for number in range(6)}


def test_what_is_null_is_kept_as_left_out(house: House, shelf: uuid.UUID) -> None:
    told = ONE | {"documents": None, "unanswerable": None, "kind": None, "language": None}
    sets.put(house.ada, shelf, json.dumps(told))
    assert sets.lines(house.ada, shelf) == [ONE]
    sets.replace(house.ada, shelf, [{"id": "b", "question": "Who?", "documents": ["a.md"], "facts": None}])
    assert sets.lines(house.ada, shelf) == [{"id": "b", "question": "Who?", "documents": ["a.md"]}]
    assert sets.add(house.ada, shelf, {"id": None, "question": "Who?", "unanswerable": True}).key == "1"


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"facts": ["the employer\x00"]}, "take it out"),
        ({"facts": ["the employer\ud800"]}, "take it out"),
        ({"question": "Who\x00 pays?"}, "take it out"),
        ({"unanswerable": "false", "facts": None}, "without quotes"),
        ({"id": 7}, "put it in quotes"),
    ],
)
def test_what_a_set_cannot_hold_is_a_word_and_no_breakdown(
    house: House, shelf: uuid.UUID, odd: dict[str, Any], said: str
) -> None:
    api = Client(headers={"Authorization": f"Bearer {house.key('ada')}"}, raise_request_exception=False)
    sent = json.dumps({"questions": [ONE, ONE | {"id": "b"} | odd]})
    answer = api.put(f"/api/v1/collections/{shelf}/questions", sent, content_type="application/json")
    assert answer.status_code == 400
    assert "Line 2: " in answer.json()["error"]["message"]
    assert said in answer.json()["error"]["message"]
    ada = portal.signed_in(house, "ada")
    file = SimpleUploadedFile("set.jsonl", json.dumps(ONE | odd).encode())
    shown = ada.post(f"/collections/{shelf}/questions/import", {"file": file}, follow=True)
    assert said in shown.content.decode()
    assert sets.lines(house.ada, shelf) == []


def test_a_form_that_holds_what_no_text_holds_says_so(house: House, shelf: uuid.UUID) -> None:
    sent = {"question": "Who pays?", "facts": "the employer\x00"}
    shown = portal.signed_in(house, "ada").post(f"/collections/{shelf}/questions/add", sent, follow=True)
    assert "there is a sign in it that no text holds: take it out" in shown.content.decode()
    assert sets.lines(house.ada, shelf) == []
