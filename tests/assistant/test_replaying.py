"""An answer run again: the same bytes where nothing has changed, and otherwise the ingredient that has, by its name."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.test import Client

from assistant import models, replaying
from governance import grants, quotas
from governance.errors import Conflict, Forbidden, NotFound
from governance.models import Reservation
from governance.policy.rules import Action, Stage
from inference.runners.base import ChatRequest
from inference.runners.scripted import ScriptedChat
from ingestion import catalog
from ingestion.documents import authority
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance import policies
from tests.governance.database import as_superuser, leaves

LANE: dict[str, Any] = {"sampler": {"is_deterministic": True}}
SAID = "Twenty working days a year may be spent abroad. "


def read_aloud(request: ChatRequest) -> Iterable[str]:
    """A model that says what it was given: whatever changes in the prompt changes the answer."""
    yield SAID
    yield request.messages[0].content.partition("<excerpt")[2].partition(">")[2].partition("</excerpt>")[0].strip()


def changed(house: House, row: models.Answer) -> list[str]:
    return [str(one.ingredient) for one in replaying.replay(house.bob, row.pk).changed]


def test_what_was_answered_in_the_lane_comes_again_to_the_byte_and_each_change_is_named(
    house: House, settings: Any
) -> None:
    asking.shelf(house, asking.RULE, f"{asking.RULE} So it was in 2019, said the works council then.")
    model = asking.speak(settings, read_aloud)
    row = asking.answered(house.bob, **LANE)
    assert row.capsule["lane"] == "scripted"
    found = replaying.replay(house.bob, row.pk)
    assert (found.is_identical, found.was_promised, found.changed) == (True, True, ())
    assert found.now == asking.said(row) != ""
    first, second = model.requests
    assert replace(first, cache="") == replace(second, cache="")
    assert first.cache != second.cache, "nobody is spared the reading, not even whoever asked"

    plain = asking.answered(house.bob)
    assert changed(house, plain) == ["lane"]

    state = model.probe()
    for now, name in ((replace(state, sha256="f" * 64), "model"), (replace(state, build="2"), "engine")):
        with mock.patch.object(ScriptedChat, "probe", return_value=now):
            assert changed(house, row) == [name]
    with mock.patch.object(ScriptedChat, "probe", return_value=replace(state, context_window=800)):
        assert changed(house, row) == ["sampler"]  # the window leaves less room for an answer
    said = mock.Mock(return_value="Speak of the documents only.")
    with mock.patch("inference.prompts.templates.wording", said), mock.patch("inference.prompts.wording", said):
        assert changed(house, row) == ["prompt"]


def test_a_right_that_is_lost_while_it_runs_ends_it_and_what_the_model_did_counts(house: House, settings: Any) -> None:
    shelf = asking.shelf(house, asking.RULE)
    asking.speak(settings, read_aloud)
    row = asking.answered(house.bob, **LANE)

    def taken_away(request: ChatRequest) -> Iterable[str]:
        yield SAID
        with as_superuser() as database:
            database.execute('DELETE FROM "grant" WHERE tenant_id = %s AND resource_id = %s', [house.tenant, shelf])
        yield SAID

    asking.speak(settings, taken_away)
    with pytest.raises((NotFound, Forbidden)), mock.patch.object(quotas, "settle") as settled:
        replaying.replay(house.bob, row.pk)
    ((_, _, written, read), _) = settled.call_args
    assert (written > 0, read > 0) == (True, True)
    assert not leaves(house, "answer.replayed", row.pk)


def test_a_model_that_is_stopped_before_its_end_has_told_of_no_lane(house: House, settings: Any) -> None:
    asking.shelf(house, asking.RULE)
    asking.speak(settings, read_aloud)
    row = asking.answered(house.bob, **LANE)
    asking.speak(settings, ["Zebras juggle four flamingos in Berlin every day. " * 12])
    assert changed(house, row) == ["lane"], "who knows whether it was the same one"
    asking.speak(settings, read_aloud)
    policies.add(house, policies.words("code-word", Stage.OUTPUT, Action.BLOCK, "abroad"))
    found = replaying.replay(house.bob, row.pk)
    assert ([str(one.ingredient) for one in found.changed], found.now) == (["policy"], "")


def test_an_answer_that_the_check_stopped_names_no_lane_where_it_is_stopped_at_the_same_words_again(
    house: House, settings: Any
) -> None:
    asking.shelf(house, asking.RULE)
    hopeless: asking.Speech = ["Zebras juggle four flamingos in Berlin every day. " * 12] * 3
    asking.speak(settings, hopeless)
    row, plain = asking.answered(house.bob, **LANE), asking.answered(house.bob)
    assert (row.status, row.capsule["finish"], row.capsule.get("lane")) == (models.Status.ANSWERED, "", None)
    found = replaying.replay(house.bob, row.pk)
    assert (found.is_identical, found.changed, found.was_promised, found.lane) == (True, (), False, "")
    asking.speak(settings, hopeless)
    page = portal.signed_in(house, "bob").post(f"/a/{row.pk}/replay").content.decode()
    assert "nothing that it was made of has changed" in page
    assert changed(house, plain) == ["lane"], "it was not even asked for"
    asking.speak(settings, ["Yaks juggle four flamingos in Berlin every day. " * 12])
    assert changed(house, row) == ["lane"]


def test_what_may_be_read_and_what_it_says_is_asked_anew(house: House, settings: Any) -> None:
    shelf = asking.shelf(house, asking.RULE, f"{asking.RULE} So it was in 2019, said the works council then.")
    model = asking.speak(settings, read_aloud)
    row = asking.answered(house.bob, **LANE)

    policies.add(house, policies.words("code-word", Stage.OUTPUT, Action.BLOCK, "works council"))
    found = replaying.replay(house.bob, row.pk)
    assert [str(one.ingredient) for one in found.changed] == ["policy"]
    assert "works council" not in found.now, "today's policy lets nothing out"
    row = asking.answered(house.bob, **LANE)

    with as_superuser() as database:
        changing = "UPDATE chunk SET text = upper(text), content_hash = %s WHERE tenant_id = %s AND id = %s"
        database.execute(changing, ["e" * 64, house.tenant, row.capsule["sent"][0]["chunk"]])
    found = replaying.replay(house.bob, row.pk)
    assert [str(one.ingredient) for one in found.changed] == ["passage"]
    assert not found.is_identical

    row, asked = asking.answered(house.bob, **LANE), len(model.requests)
    asking.shelf(house, name="Another that stays open")
    (given,) = [one for one in grants.listed(house.ada, shelf) if one.group_id == house.team]
    grants.withdraw(house.ada, shelf, given.pk)
    found = replaying.replay(house.bob, row.pk)
    assert [str(one.ingredient) for one in found.changed] == ["permission"]
    assert (found.now, len(model.requests)) == ("", asked), "nothing is read that may not be, and no model is asked"

    told = leaves(house, "answer.replayed", row.pk)
    assert [leaf["facts"]["changed"] for leaf in told] == [["permission"]]
    assert told[0]["facts"].keys() == {"is_identical", "was_promised", "changed", "lane", "tokens"}
    with house.system.transaction():
        assert not Reservation.objects.filter(used=None).exists()


def test_a_document_that_counts_for_less_now_is_named_although_the_text_is_the_same(
    house: House, settings: Any
) -> None:
    shelf = asking.shelf(house)
    asking.speak(settings, read_aloud)
    row = asking.answered(house.bob, **LANE)
    found = replaying.replay(house.bob, row.pk)
    assert (found.is_identical, found.changed) == (True, ())
    document = uuid.UUID(row.passages[0]["document"])
    for said, days in (("superseded", 0), ("ordinary", 90)):
        authority.give(house.ada, document, said)
        catalog.change(house.ada, shelf, half_life_days=days)
        found = replaying.replay(house.bob, row.pk)
        assert ([str(one.ingredient) for one in found.changed], found.is_identical) == (["order"], True)
    aged = asking.answered(house.bob, **LANE)
    assert changed(house, aged) == []
    catalog.change(house.ada, shelf, half_life_days=0)
    assert (changed(house, aged), changed(house, row)) == (["order"], [])


def test_it_is_its_persons_own_over_every_door(shared_house: House, settings: Any) -> None:
    house = shared_house
    asking.shelf(house, asking.RULE, name=f"Handbook {uuid.uuid4().hex[:6]}")
    asking.speak(settings, read_aloud)
    row = asking.answered(house.bob, **LANE)
    api = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    told = api.post(f"/api/v1/answers/{row.pk}/replay").json()
    assert (told["is_identical"], told["was_promised"], told["changed"]) == (True, True, [])
    assert told["then"] == told["now"] == asking.said(row)
    page = portal.signed_in(house, "bob").post(f"/a/{row.pk}/replay").content.decode()
    assert "The same to the last byte, and nothing that it was made of has changed." in page
    out = StringIO()
    call_command("replay_answer", house.slug, str(row.pk), stdout=out)
    assert out.getvalue().strip() == "identical", "no word of it is printed"
    with pytest.raises(NotFound):
        replaying.replay(house.charlie, row.pk)
    other = Client(headers={"Authorization": f"Bearer {house.key('charlie')}"})
    assert other.post(f"/api/v1/answers/{row.pk}/replay").status_code == 404
    assert len(leaves(house, "answer.replayed", row.pk)) == 3


def test_a_refusal_has_nothing_to_run_again(shared_house: House, settings: Any) -> None:
    asking.shelf(shared_house, asking.RULE, name=f"Handbook {uuid.uuid4().hex[:6]}")
    asking.speak(settings, [])
    row = asking.answered(shared_house.bob, asking.OFF_TOPIC, **LANE)
    with pytest.raises(Conflict):
        replaying.replay(shared_house.bob, row.pk)


def test_the_lane_is_asked_for_by_name_and_follow_ups_keep_their_history(house: House, settings: Any) -> None:
    asking.shelf(house)
    model = asking.speak(settings, read_aloud)
    first = asking.answered(house.bob)
    second = asking.answered(house.bob, conversation=first.conversation_id, **LANE)
    assert changed(house, second) == []
    assert [one.is_deterministic for one in model.requests] == [False, True, True]
    with house.system.transaction():
        models.Answer.objects.filter(pk=first.pk).update(question="Something else entirely?")
    assert changed(house, second) == ["history"]
