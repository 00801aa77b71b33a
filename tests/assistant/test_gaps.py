"""A collection's manager learns which words were asked with in vain, and neither who asked nor what."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from assistant import gaps
from assistant.models import Status
from governance.errors import Forbidden, InvalidInput, NotFound
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance.database import leaves

BOBS = "Zebras quietly juggle flamingos with Beatrice?"
ADAS = "Flamingos and zebras?"


@pytest.fixture
def shelf(house: House, settings: Any) -> uuid.UUID:
    made = asking.shelf(house)
    asking.speak(settings, [])
    return made


def ask(house: House, who: str, text: str, shelf: uuid.UUID) -> None:
    row = asking.answered(getattr(house, who), text, collections=[shelf])
    assert row.status == Status.REFUSED


def words(house: House, shelf: uuid.UUID) -> list[tuple[str, ...]]:
    return [tuple(sorted(one.words)) for one in gaps.listed(house.ada, shelf)]


def test_only_words_that_two_people_asked_with_are_told(house: House, shelf: uuid.UUID) -> None:
    ask(house, "bob", BOBS, shelf)
    ask(house, "bob", BOBS, shelf)
    assert words(house, shelf) == []
    ask(house, "ada", ADAS, shelf)
    (gap,) = gaps.listed(house.ada, shelf)
    assert (set(gap.words), gap.people, gap.questions) == ({"zebras", "flamingos"}, 2, 3)
    page = portal.signed_in(house, "ada").get(f"/collections/{shelf}/gaps").text
    assert "zebras" in page
    for hidden in ("Beatrice", "beatrice", "juggle", BOBS, "Bob"):
        assert hidden not in page


def test_the_database_itself_gives_nothing_that_one_person_alone_asked(house: House, shelf: uuid.UUID) -> None:
    from django.db import connection

    ask(house, "bob", BOBS, shelf)
    ask(house, "ada", ADAS, shelf)
    with house.ada.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.gaps(%s, '{}')", [shelf])
        told = str(cursor.fetchall())
    assert "zebra" in told
    assert "beatrice" not in told.lower()
    for outsider in (house.bob, house.charlie):
        with outsider.transaction(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM chancery.gaps(%s, '{}')", [shelf])
            assert cursor.fetchall() == []


def test_what_is_closed_comes_back_when_it_is_asked_in_vain_again(house: House, shelf: uuid.UUID) -> None:
    for who in ("bob", "ada"):
        ask(house, who, ADAS, shelf)
    (gap,) = gaps.listed(house.ada, shelf)
    client = portal.signed_in(house, "ada")
    assert client.post(f"/collections/{shelf}/gaps/close", {"term": list(gap.terms)}).status_code == 302
    assert words(house, shelf) == []
    changed = leaves(house, "collection.changed")[-1]
    assert changed["facts"]["changed"] == ["gaps_closed"]
    for who in ("bob", "ada"):
        ask(house, who, ADAS, shelf)
    assert words(house, shelf) == [("flamingos", "zebras")]


def test_who_does_not_manage_it_learns_nothing_and_closes_nothing(house: House, shelf: uuid.UUID) -> None:
    with pytest.raises(Forbidden):
        gaps.listed(house.bob, shelf)
    with pytest.raises(NotFound):
        gaps.close(house.charlie, shelf, ["zebra"])
    with pytest.raises(InvalidInput):
        gaps.close(house.ada, shelf, [])


def test_the_api_tells_and_closes_the_same(house: House, shelf: uuid.UUID) -> None:
    for who in ("bob", "ada"):
        ask(house, who, ADAS, shelf)
    client = Client(headers={"authorization": f"Bearer {house.key('ada')}"})
    (told,) = client.get(f"/api/v1/collections/{shelf}/gaps").json()["gaps"]
    assert set(told["words"]) == {"zebras", "flamingos"}
    path, body = f"/api/v1/collections/{shelf}/gaps", {"closed": told["terms"]}
    assert client.post(path, body, content_type="application/json").json() == {"gaps": []}


def test_an_answer_is_no_gap_and_a_refusal_counts_for_what_came_nearest(house: House, settings: Any) -> None:
    near, far = asking.shelf(house), asking.shelf(house, "Laptops are renewed.", name="Things")
    asking.speak(settings, ["Twenty working days a year may be spent abroad."])
    row = asking.answered(house.bob)
    assert (row.status, row.gap_terms, row.gap_collections) == (Status.ANSWERED, [], [])
    refused = asking.answered(house.bob, BOBS)
    assert set(refused.gap_collections) <= {near, far}
    assert refused.gap_collections
    assert refused.gap_terms[0].split(" ")[1] == "zebras"
