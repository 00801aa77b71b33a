"""A conversation's lines: a question asked again beside the first, by another model, gone back to, and compared."""

from __future__ import annotations

import re
import uuid
from typing import Any
from unittest import mock

import pytest

from assistant import answering, conversations
from assistant.answering import history
from assistant.conversations import comparing, threads
from assistant.models import Answer, Status
from assistant.showing import notices
from governance import grants
from governance.errors import InvalidInput, NotFound, Unavailable
from governance.policy import residence
from governance.roles import Level
from governance.scope import Scope
from inference import runners
from inference.runners.scripted import ScriptedChat
from ingestion import catalog
from tests.assistant import asking, portal
from tests.assistant.test_threads import turn
from tests.cast import House
from tests.governance.database import leaves

TWO = "Twenty working days a year may be spent abroad."
OTHER = "small-1"


def shown(scope: Scope, conversation: uuid.UUID) -> list[str]:
    return [one.question for one in threads.turns(scope, conversation).answers]


def told(model: Any) -> list[str]:
    """What the model was told of the turns before, and the question."""
    return [one.content for one in model.requests[-1].messages if one.role == "user"]


def place(scope: Scope, row: Answer) -> str:
    (found,) = [one for one in threads.turns(scope, row.conversation_id).answers if one.pk == row.pk]
    assert found.beside
    return f"{found.beside.position}/{found.beside.total}"


def test_a_question_asked_again_begins_a_line_beside_the_first_and_each_keeps_its_own_history(
    house: House, settings: Any
) -> None:
    asking.shelf(house)
    model = asking.speak(settings, [TWO] * 9)
    one = asking.answered(house.bob, "How many working days may be spent abroad?")
    two = asking.answered(house.bob, "How many days a year may be spent abroad?", conversation=one.conversation_id)
    asking.answered(house.bob, "May working days be spent abroad?", conversation=one.conversation_id)
    again = asking.answered(house.bob, "How many working days a year may be spent abroad?", replaces=two.pk)
    asking.answered(house.bob, "How many days may be spent abroad?", conversation=one.conversation_id)
    assert told(model) == [
        "How many working days may be spent abroad?",
        "How many working days a year may be spent abroad?",
        "How many days may be spent abroad?",
    ]
    assert place(house.bob, again) == "2/2"
    conversations.show(house.bob, two.pk)
    assert shown(house.bob, one.conversation_id) == [
        "How many working days may be spent abroad?",
        "How many days a year may be spent abroad?",
        "May working days be spent abroad?",
    ]
    asking.answered(house.bob, "How many working days of a year may be spent abroad?", conversation=one.conversation_id)
    assert told(model)[1:] == [
        "How many days a year may be spent abroad?",
        "May working days be spent abroad?",
        "How many working days of a year may be spent abroad?",
    ]
    third = asking.answered(house.bob, "Working days spent abroad: how many a year?", replaces=again.pk)
    assert place(house.bob, third) == "3/3"
    conversations.show(house.bob, again.pk)
    assert shown(house.bob, one.conversation_id)[-1] == "How many days may be spent abroad?"


def test_going_back_is_recorded_once_and_is_its_own_persons_alone(house: House) -> None:
    first = turn(house.bob, "Mine", "Yes.")
    again = asking.ask(house.bob, "Mine, again", replaces=first.pk)
    conversations.show(house.bob, first.pk)
    conversations.show(house.bob, first.pk)
    (leaf,) = leaves(house, "answer.chosen")
    assert leaf["facts"] == {"answers": [str(first.pk)], "instead_of": [str(again.pk)]}
    for other in (house.charlie, house.ada, house.olga):
        with pytest.raises(NotFound):
            conversations.show(other, again.pk)
    threads.delete(house.bob, first.conversation_id)
    with pytest.raises(NotFound):
        conversations.show(house.bob, again.pk)


def test_an_answer_keeps_to_the_line_it_was_asked_on_although_another_is_shown_meanwhile(
    house: House, settings: Any
) -> None:
    asking.shelf(house)
    model = asking.speak(settings, [TWO] * 4)
    one = asking.answered(house.bob, "How many working days abroad?")
    again = asking.answered(house.bob, "Which days may be spent abroad?", replaces=one.pk)
    waiting = asking.ask(house.bob, "How long may the days abroad be?", conversation=one.conversation_id)
    conversations.show(house.bob, one.pk)
    answering.answer(house.tenant, waiting.pk)
    assert told(model) == ["Which days may be spent abroad?", "How long may the days abroad be?"]
    assert asking.seen(house.bob, again.pk).superseded_at


@pytest.fixture
def another(settings: Any) -> Any:
    """A further model beside the usual one; asked for anew, since other settings make the runners anew."""
    backend = "inference.runners.scripted.ScriptedChat"
    settings.CHANCERY_CHATS = [{"NAME": OTHER, "BACKEND": backend, "OPTIONS": {"script": [TWO] * 3}}]
    return lambda: runners.chat(OTHER)


def test_another_model_answers_beside_the_usual_one_and_both_are_compared(
    house: House, settings: Any, another: Any
) -> None:
    asking.shelf(house)
    usual = asking.speak(settings, [TWO])
    first = asking.answered(house.bob)
    second = asking.answered(house.bob, replaces=first.pk, model=OTHER)
    assert (len(usual.requests), len(another().requests)) == (1, 1)
    assert leaves(house, "prompt.received", second.pk)[0]["facts"]["model"] == OTHER
    compared = comparing.of(house.bob, second.pk)
    assert (compared.left.pk, compared.right.pk) == (first.pk, second.pk)
    assert compared.both == comparing.cited(first) == comparing.cited(second) != frozenset()
    page = portal.signed_in(house, "bob").get(f"/a/{second.pk}/compare").content.decode()
    assert page.count("Twenty working days a year may be spent abroad.") >= 2
    assert OTHER in page
    with pytest.raises(NotFound):
        comparing.of(house.bob, first.pk, first.pk)
    with pytest.raises(InvalidInput):
        asking.ask(house.bob, model="of somebody's own")


def test_a_model_that_was_taken_away_ends_the_answer_and_nothing_else(
    house: House, settings: Any, another: Any
) -> None:
    asking.shelf(house)
    row = asking.ask(house.bob, model=OTHER)
    settings.CHANCERY_CHATS = []
    answering.answer(house.tenant, row.pk)
    assert asking.seen(house.bob, row.pk).status == Status.FAILED


def test_edit_and_try_again_ask_the_same_model_with_the_same_parts_switched_off(
    house: House, settings: Any, another: Any
) -> None:
    asking.shelf(house)
    row, bob = asking.ask(house.bob, model=OTHER, without=["glossary", "spelling"]), portal.signed_in(house, "bob")
    with mock.patch.object(ScriptedChat, "probe", side_effect=Unavailable("away")):
        answering.answer(house.tenant, row.pk)
    assert asking.seen(house.bob, row.pk).notice == notices.MODEL_AWAY
    page = bob.get(f"/a/{row.pk}").content.decode()
    forms = [form for form in page.split("<form")[1:] if f'action="/a/{row.pk}/again"' in form]
    assert len(forms) == 2  # Edit, and Try again
    for form in forms:
        sent = {"question": asking.QUESTION} | {
            name: re.findall(rf'name="{name}" value="(.*?)"', form.split("</form>")[0]) for name in ("model", "without")
        }
        with asking.unrung() as rung:
            assert bob.post(f"/a/{row.pk}/again", sent).status_code == 302
        again = asking.seen(house.bob, rung[0])
        assert (again.model, again.understanding) == (OTHER, {"off": ["spelling", "glossary"]})
    settings.CHANCERY_CHATS = []
    assert 'name="model"' not in bob.get(f"/a/{row.pk}").content.decode()


def test_restricted_passages_go_to_a_model_of_the_house_and_not_to_one_outside(
    house: House, settings: Any, another: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asking.shelf(house)
    catalog.change(house.ada, made, classification="restricted")
    asking.speak(settings, [TWO])
    monkeypatch.setattr(another(), "is_in_house", False)
    assert (residence.may_go("restricted"), residence.may_go("restricted", OTHER)) == (True, False)
    row = asking.answered(house.bob, model=OTHER)
    assert row.status == Status.REFUSED
    assert another().requests == []
    assert asking.answered(house.bob).status == Status.ANSWERED


def test_the_same_question_goes_over_other_collections_in_the_portal_and_by_the_api(
    house: House, settings: Any
) -> None:
    from django.test import Client

    made = asking.shelf(house)
    other = asking.shelf(house, "Thirty working days may be spent in the mountains.", name="Mountains")
    asking.speak(settings, [TWO] * 4)
    first = asking.answered(house.bob, collections=[made])
    bob = portal.signed_in(house, "bob")
    form = bob.get(f"/a/{first.pk}/again").content.decode()
    assert "Mountains" in form
    with asking.unrung():
        sent = {"question": first.question, "collections": str(other), "compare": "1"}
        gone = bob.post(f"/a/{first.pk}/again", sent)
    second = threads.turns(house.bob, first.conversation_id).answers[-1]
    assert gone["Location"] == f"/a/{second.pk}/compare?with={first.pk}"
    assert second.collections == [other]
    api = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    told = api.get(f"/api/v1/answers/{first.pk}").json()
    assert told["variants"] == [str(first.pk), str(second.pk)]
    assert told["is_shown"] is False
    assert api.post(f"/api/v1/answers/{first.pk}/choose").json()["is_shown"] is True
    compared = api.get(f"/api/v1/answers/{first.pk}/compare?with={second.pk}").json()
    assert [one["id"] for one in compared["answers"]] == [str(first.pk), str(second.pk)]
    assert compared["sources"]["first"]


def test_older_turns_are_told_in_a_line_each_the_nearest_to_the_question_first(house: House, settings: Any) -> None:
    asking.shelf(house)
    model = asking.speak(settings, [TWO])
    place = None
    for number in range(14):
        row = turn(
            house.bob, f"Who keeps the key number {number}?", f"Keeper {number}. ", "Ask there.", conversation=place
        )
        place = row.conversation_id
    turn(house.bob, "May days be spent abroad at all?", "They may.", conversation=place)
    for number in range(4):
        turn(house.bob, f"Who paints door {number}?", "The painter.", conversation=place)
    row = asking.answered(house.bob, conversation=place)
    first = model.requests[-1].messages[1]
    assert first.content == history.OPENING
    summary = model.requests[-1].messages[2].content
    assert "May days be spent abroad at all? → They may." in summary
    assert summary.count("\n") == history.LINES - 1
    assert max(map(len, summary.splitlines())) <= history.ASKED + history.ANSWERED + 10
    facts = asking.end(house, row.pk)["history"]
    assert facts == {"whole": 4, "summarised": history.LINES, "left_out": 15 - history.LINES}
    (leaf,) = leaves(house, "answer.finished", row.pk)
    assert asking.opened(house, leaf)["summary"] == summary


def test_a_summary_holds_nothing_of_a_document_that_may_no_longer_be_read(house: House, settings: Any) -> None:
    secret = asking.shelf(house, "The zephyrquartz days abroad are kept in room seven.", name="Vault")
    made = asking.shelf(house)
    model = asking.speak(settings, ["The zephyrquartz days abroad are kept in room seven.", *[TWO] * 9])
    first = asking.answered(house.bob, "Where are the zephyrquartz days abroad kept?", collections=[secret])
    assert first.status == Status.ANSWERED
    for _ in range(5):
        asking.answered(house.bob, conversation=first.conversation_id, collections=[made])
    assert "room seven" in str(model.requests[-1].messages)
    (given,) = [one for one in grants.listed(house.ada, secret) if one.level == Level.READ]
    grants.withdraw(house.ada, secret, given.pk)
    row = asking.answered(house.bob, conversation=first.conversation_id)
    assert row.status == Status.ANSWERED
    assert "room seven" not in str(model.requests[-1].messages)
    assert "zephyrquartz" not in str(model.requests[-1].messages)
    assert asking.end(house, row.pk)["history"]["left_out"] == 1


def test_a_question_goes_by_the_line_its_asker_sees_or_is_not_taken(house: House, settings: Any) -> None:
    asking.shelf(house)
    asking.speak(settings, [TWO] * 9)
    one = asking.answered(house.bob, "How many working days may be spent abroad?")
    bob = portal.signed_in(house, "bob")
    page = " ".join(bob.get(f"/c/{one.conversation_id}").text.split())
    assert f'name="after" value="{one.pk}"' in page
    asking.answered(house.bob, "How many days a year may be spent abroad?", replaces=one.pk)
    sent = {"question": "And for how long?", "conversation": str(one.conversation_id), "after": str(one.pk)}
    refused = bob.post("/c/ask", sent)
    assert refused.status_code == 409
    assert "gone on in another window" in refused.text
    assert len(shown(house.bob, one.conversation_id)) == 1
    last = threads.turns(house.bob, one.conversation_id).answers[-1]
    with asking.unrung() as rung:
        assert bob.post("/c/ask", sent | {"after": str(last.pk)}).status_code == 302
    assert len(rung) == 1
