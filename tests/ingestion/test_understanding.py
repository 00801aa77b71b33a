"""What a question is taken for: follow-ups, slips, abbreviations, several questions in one, filters, names that look alike."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from governance import grants
from governance.errors import InvalidInput, NotFound
from governance.grants import Holder
from governance.roles import Level
from governance.scope import Scope
from inference import runners
from ingestion import catalog, glossary, understanding
from ingestion.models import Document, Version
from ingestion.understanding import Part, Understood, facets, followups, lookalikes, mentions, spelling, widening
from tests.cast import House
from tests.ingestion import shelves

EVERYTHING = [str(part) for part in Part]
HOTELS = "A night in a hotel is reimbursed up to 140 euros."
LEAVE = "Annual leave is thirty days a year, of which five may be carried over."


def shelf(house: House, name: str, *texts: str, document: str = "", is_read: bool = True) -> uuid.UUID:
    collection = catalog.create(house.ada, name).pk
    if is_read:
        grants.give(house.ada, collection, Holder(group=house.team), Level.READ)
    made = shelves.indexed(house.system, collection, list(texts))
    if document:
        with house.system.transaction():
            Document.objects.filter(pk=made.document_id).update(name=document)
    return collection


def read(scope: Scope, question: str, collections: list[uuid.UUID], off: list[str] | None = None) -> Understood:
    return understanding.read(scope, question, collections, off=off or [])


def only(part: Part) -> list[str]:
    return [one for one in EVERYTHING if one != part]


def test_a_long_question_is_read_whatever_it_repeats() -> None:
    compared = "compare a and " * 550 + ","
    assert facets.split(compared) == [compared]
    assert facets.split("compare" + " " * 8000 + "Gold and Silver") == ["Gold", "Silver"]
    blank = "who" + " " * 8000 + "and"
    assert facets.split(blank) == [blank]
    refused = "not " + "on the " * 1100 + "list"
    assert lookalikes.excluded(refused) == []
    assert lookalikes.without(f"Gold {' ' * 8000}x") == f"Gold {' ' * 8000}x"
    for repeated in ("in" + " " * 8000, "in the report" + " " * 8000, "a-" * 4000, "in the " * 1100):
        assert mentions.documents(repeated) == []
    assert not followups.leans("in" + " " * 4000 + "\n" + "\t" * 4000 + "x\ny")


def test_letters_that_slipped_are_counted() -> None:
    pairs = {
        ("polcy", "policy"): 1,
        ("anual", "annual"): 1,
        ("devcie", "device"): 1,
        ("abc", "xyz"): 3,
        ("hotel", "hotel"): 0,
    }
    for (one, other), number in pairs.items():
        assert spelling.slips(one, other, 2) == number
    known = {"policy": 3, "police": 9, "policyholder": 1}
    assert spelling.likeliest("polciy", known, 1) == "policy"
    assert spelling.likeliest("contract", {"contractor": 5}, 2) == ""  # another form of the word


def test_a_slip_is_mended_by_what_this_person_may_read_and_by_nothing_else(house: House) -> None:
    travel = shelf(house, "Travel", HOTELS)
    board = shelf(house, "Board", "The reorganisation closes the plant.", is_read=False)
    understood = read(house.bob, "What is reimbursd in a hotel?", [travel])
    assert understood.question == "What is reimbursed in a hotel?"
    assert [(one.said, one.meant) for one in understood.notes] == [("reimbursd", "reimbursed")]

    question = "When is the reorganisatoin?"
    assert read(house.bob, question, [travel, board]).question == question  # though the collection is named
    assert read(house.ada, question, [travel, board]).question == "When is the reorganisation?"
    found, understood = understanding.passages(house.bob, question)
    assert "reorganisation" not in str((found, understood))


def test_a_word_that_the_embedder_knows_is_no_slip_of_one_that_the_documents_say(house: House) -> None:
    collection = shelf(house, "Travel", "The policy says who is called.")
    assert read(house.bob, "When do I call the police?", [collection]).question == "When do I call the policy?"
    known = mock.patch.object(type(runners.embedder()), "words", lambda _, written: {"police"} & set(written))
    with known:
        assert read(house.bob, "When do I call the police?", [collection]).notes == ()
        assert read(house.bob, "What does the polcy say?", [collection]).question == "What does the policy say?"


def test_a_word_that_stands_in_no_current_version_is_not_suggested(house: House) -> None:
    collection = shelf(house, "Travel", HOTELS)
    shelves.indexed(house.system, collection, ["The reorganisation of the plant."], is_current=False)
    assert read(house.bob, "When is the reorganisatoin?", [collection]).notes == ()


def test_a_stop_word_of_any_language_is_no_slip(house: House) -> None:
    collection = shelf(house, "Doors", "Enter the warm room of the cannon by the river.")
    for question in ("Warum gilt das?", "Entre semana?", "Why cannot I go?"):
        assert read(house.bob, question, [collection], only(Part.SPELLING)).question == question
    assert read(house.bob, "The cannun room", [collection]).question == "The cannon room"


def test_the_glossary_widens_what_is_searched_for_both_ways(house: House) -> None:
    shelf(house, "People", LEAVE, HOTELS)
    glossary.add(house.ada, "PTO", ["annual leave", "paid time off"])
    for question, searched in {
        "How much PTO do I have?": "How much PTO do I have? (annual leave, paid time off)",
        "how much pto?": "how much pto? (annual leave, paid time off)",
        "Is annual leave carried over?": "Is annual leave carried over? (PTO, paid time off)",
    }.items():
        found, understood = understanding.passages(house.bob, question, off=only(Part.GLOSSARY))
        assert understood.searches == (searched,)
        assert found.passages[0].text == LEAVE
    assert widening.widened("Can you tell us?", [widening.Entry("US", ("United States",))]) == []


def test_what_the_glossary_adds_is_nothing_that_has_to_be_found(house: House) -> None:
    shelf(house, "People", LEAVE, HOTELS)
    question = "How many days of leave may be carried over?"
    before = understanding.passages(house.bob, question, off=only(Part.GLOSSARY))[0]
    glossary.add(house.ada, "leave", ["Jahresurlaub", "vacation entitlement"])
    found, understood = understanding.passages(house.bob, question, off=only(Part.GLOSSARY))
    assert understood.searches != (question,)
    assert (found.covered, found.passages[0].coverage) == (before.covered, before.passages[0].coverage)


def test_a_term_is_found_where_one_of_its_meanings_stands_whole(house: House) -> None:
    shelf(house, "People", LEAVE, HOTELS)
    glossary.add(house.ada, "PTO", ["annual leave", "paid time off"])
    found = understanding.passages(house.bob, "PTO?", off=only(Part.GLOSSARY))[0]
    by_text = {one.text: one.coverage for one in found.passages}
    assert by_text[LEAVE] == 1.0
    assert by_text[HOTELS] == 0.0


def test_a_term_that_is_a_word_of_another_language_is_written_as_it_is() -> None:
    entries = [widening.Entry("EST", ("Eastern Standard Time",))]
    assert widening.widened("Quel est le délai ?", entries) == []
    assert [one.said for one in widening.widened("Until 5 pm EST?", entries)] == ["EST"]


def test_a_full_glossary_is_looked_through_before_patterns_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [widening.Entry(f"Q{number:04}", (f"quantity {number}",)) for number in range(glossary.ENTRIES_MAX)]
    entries += [widening.Entry("IADE", ("return",)), widening.Entry("STRASSE", ("road",))]
    looked_for = []

    def said(name: str, question: str) -> Any:
        looked_for.append(name)
        return widening_said(name, question)

    widening_said = widening._said
    monkeypatch.setattr(widening, "_said", said)
    found = widening.widened("What is the iade of q0007, İade or strasse?", entries)
    assert [(one.said, one.added) for one in found] == [
        ("q0007", ("quantity 7",)),
        ("iade", ("return",)),
        ("strasse", ("road",)),
    ]
    assert [one.said for one in widening.widened("What is the ıade?", entries)] == ["ıade"]
    assert len(looked_for) < 20


def test_the_glossary_does_not_bring_back_what_is_not_meant(house: House) -> None:
    collection = shelf(house, "People", LEAVE)
    glossary.add(house.ada, "PTO", ["paid time off"])
    understood = read(house.bob, "How much annual leave do I have, not PTO?", [collection])
    assert understood.searches == ("How much annual leave do I have?",)
    assert {one.part for one in understood.notes} == {Part.NAMES}


def test_a_facet_is_not_drowned_by_another(house: House) -> None:
    shelf(
        house, "Travel", *[f"A hotel in place {number} costs up to {number} euros a night." for number in range(1, 30)]
    )
    shelf(house, "People", LEAVE)
    question = "What does a hotel cost a night, and how much leave is carried over?"
    found, understood = understanding.passages(house.bob, question, limit=3)
    assert len(understood.searches) == 2
    assert LEAVE in [one.text for one in found.passages]
    assert [line["chunk"] for line in found.receipt["kept"]] == [str(one.chunk_id) for one in found.passages]


def test_a_filter_narrows_to_documents_that_may_be_read_and_is_dropped_where_nothing_is_near(house: House) -> None:
    shelf(house, "Travel", HOTELS, document="travel-policy.pdf")
    shelf(house, "Fleet", "A hotel garage costs 12 euros.", document="fleet-handbook.pdf")
    shelf(house, "Board", "A hotel for the board costs 900 euros.", document="board-policy.pdf", is_read=False)
    names = {"travel": "travel-policy.pdf", "fleet": "fleet-handbook.pdf"}
    for word, kind in (("travel", "policy"), ("fleet", "handbook")):
        found, understood = understanding.passages(house.bob, f"What does a hotel cost in the {word} {kind}?")
        assert {one.document_name for one in found.passages} == {names[word]}
        assert [one.meant for one in understood.notes] == [names[word]]
    found, understood = understanding.passages(house.bob, "What does a hotel cost in the board policy?")
    assert understood.notes == ()
    assert "board-policy" not in str(found)
    found, understood = understanding.passages(house.bob, "Garage price in the travel policy")
    assert understood.documents is None
    assert [(one.said, one.meant) for one in understood.notes] == [("in the travel policy", "")]
    assert "fleet-handbook.pdf" in {one.document_name for one in found.passages}


def test_a_filter_means_whole_words_of_a_name(house: House) -> None:
    names = ["training-plan.pdf", "email-rules.pdf", "AI_policy_2025.docx", "Reisekosten.md", "Parental.md", "cars.txt"]
    shelves_of = [shelf(house, name, f"Rule of {name}: a hotel costs 12 euros.", document=name) for name in names]
    meant = {
        "What does a hotel cost in the AI policy?": ["AI_policy_2025.docx"],
        "What does a hotel cost in the 2025 AI policy?": ["AI_policy_2025.docx"],
        "Was kostet ein Hotel laut Reiserichtlinie?": ["Reisekosten.md"],
        "What does a hotel cost in the car policy?": ["cars.txt"],
        "What does a hotel cost in the rental policy?": [],
    }
    for question, found in meant.items():
        notes = read(house.bob, question, shelves_of, only(Part.FILTERS)).notes
        assert [one.meant for one in notes] == found, question


def test_days_count_from_the_upload_of_what_is_read(house: House) -> None:
    collection = shelf(house, "Travel", HOTELS)
    late = shelves.indexed(house.system, collection, ["A hotel garage costs 12 euros."])
    with house.system.transaction():
        before = timezone.now() - timedelta(days=900)
        Version.objects.exclude(pk=late.pk).update(created_at=before)
    question = f"What is new on a hotel garage since {timezone.localdate().year - 1}-01-01?"
    found, understood = understanding.passages(house.bob, question)
    assert [one.document_id for one in found.passages] == [late.document_id]
    assert understood.as_json()["notes"][0]["meant"] == f"{timezone.localdate().year - 1}-01-01"


def test_passages_of_what_is_named_come_before_those_of_its_like(house: House) -> None:
    gold, platinum = "The Gold plan answers in four hours.", "The Platinum plan answers in one hour, the Platinum plan."
    shelf(house, "Support", platinum, gold, HOTELS)
    found, _ = understanding.passages(house.bob, "How fast does the plan answer on Gold, not Platinum?")
    assert found.passages[0].text == gold
    assert found.passages[-1].text == platinum


def test_what_is_not_meant_is_not_asked_of_the_evidence(house: House, settings: Any) -> None:
    collection = shelf(house, "Meters", "The FM45 measures flow.")
    question = "What does the FM45 measure, not the FM40?"
    assert read(house.bob, question, [collection]).wanted == "What does the FM45 measure?"
    assert read(house.bob, question, [collection], [Part.NAMES]).wanted == question
    assert read(house.bob, "Not Platinum", [collection]).wanted == "Not Platinum"  # nothing else was said


def test_each_part_can_be_switched_off_for_a_question_and_for_the_installation(house: House, settings: Any) -> None:
    collection = shelf(house, "Travel", HOTELS, document="travel-policy.pdf")
    glossary.add(house.ada, "hotel", ["inn"])
    question = "What is reimbursd for a hotel in the travel policy, and how many? Not Platinum"
    parts = {one.part for one in read(house.bob, question, [collection]).notes}
    assert parts == {Part.SPELLING, Part.GLOSSARY, Part.FACETS, Part.FILTERS}
    for part in parts:
        assert part not in {one.part for one in read(house.bob, question, [collection], [part]).notes}
        settings.UNDERSTANDING = only(part)
        assert part not in {one.part for one in read(house.bob, question, [collection]).notes}
        settings.UNDERSTANDING = EVERYTHING
    settings.UNDERSTANDING = ["none"]
    understood = read(house.bob, question, [collection])
    assert (understood.searches, understood.notes, understood.documents) == ((question,), (), None)
    settings.UNDERSTANDING = ["spelling", "telepathy"]
    with pytest.raises(ImproperlyConfigured, match="telepathy"):
        read(house.bob, question, [collection])
    with pytest.raises(InvalidInput, match="telepathy"):
        understanding.switched_off(["telepathy"])


def test_an_outsider_learns_nothing_from_what_is_understood(house: House, neighbour: House) -> None:
    collection = shelf(house, "Travel", HOTELS, document="travel-policy.pdf")
    glossary.add(house.ada, "PTO", ["annual leave"])
    question = "What PTO is reimbursd in the travel policy?"
    for outsider in (house.charlie, neighbour.ada, neighbour.system):
        with pytest.raises(NotFound):
            understanding.passages(outsider, question, [collection])
        _, understood = understanding.passages(outsider, question)
        said = {one.part for one in understood.notes}
        assert said == ({Part.GLOSSARY} if outsider == house.charlie else set())
