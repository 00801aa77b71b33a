"""Each sentence against its passages before it leaves, and what its collection's strictness makes of that."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.models import Status, Support
from assistant.showing import notices
from governance.policy.rules import Action, Stage
from ingestion import catalog
from ingestion.models import Strictness
from tests.assistant import asking
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves

TRUE = "Twenty working days a year may be spent abroad."
WRONG_FIGURE = "Thirty working days a year may be spent abroad."
MADE_UP = ("The canteen serves Maultaschen on Thursdays. ", "Its cook comes from Stuttgart. ", "He likes jazz music.")


def answered(house: House, settings: Any, said: str, level: str, *texts: str) -> Any:
    shelf = asking.shelf(house, *(texts or (asking.RULE,)))
    catalog.change(house.ada, shelf, strictness=level)
    asking.speak(settings, [said])
    return asking.answered(house.bob)


def states(row: Any) -> list[str]:
    return [segment.support for segment in row.segments.all()]


def test_what_a_passage_carries_is_delivered_as_supported_at_every_strictness(house: House, settings: Any) -> None:
    for level in Strictness.values:
        shelf = asking.shelf(house, name=level)
        catalog.change(house.ada, shelf, strictness=level)
        asking.speak(settings, [TRUE])
        row = asking.answered(house.bob, collections=[shelf])
        assert (row.status, states(row)) == (Status.ANSWERED, [Support.SUPPORTED]), level
        assert row.notice in ("", notices.WEAK)
        (leaf,) = leaves(house, "answer.segment", row.pk)
        assert (leaf["facts"]["support"], leaf["facts"]["is_supported"]) == ("supported", True)


@pytest.mark.parametrize("level", ["balanced", "strict"])
def test_where_nothing_holds_the_documents_own_words_are_the_answer_and_said_to_be(
    house: House, settings: Any, level: str
) -> None:
    row = answered(house, settings, WRONG_FIGURE, level)
    assert (row.status, row.notice) == (Status.ANSWERED, notices.QUOTED)
    assert set(states(row)) == {Support.EXTRACT}
    assert "Thirty" not in asking.said(row)
    assert "Twenty working days" in asking.said(row)
    for segment in row.segments.all():
        (citation,) = segment.citations
        assert segment.text.strip() == citation["quote"]
    (withheld,) = leaves(house, "answer.withheld", row.pk)
    assert withheld["facts"]["why"] == "unsupported"
    assert asking.opened(house, withheld)["withheld"] == WRONG_FIGURE


@pytest.mark.parametrize("bare", ["No, you may not.", "It does not apply.", "Das gilt nicht."])
@pytest.mark.parametrize("level", ["balanced", "strict"])
def test_a_bare_yes_or_no_leaves_with_a_sentence_that_is_borne_out_and_never_alone(
    house: House, settings: Any, level: str, bare: str
) -> None:
    alone = answered(house, settings, bare, level)
    assert alone.notice == notices.QUOTED
    assert set(states(alone)) == {Support.EXTRACT}
    asking.speak(settings, [f"{bare} {TRUE}"])
    borne_out = asking.answered(house.bob)
    assert asking.said(borne_out).startswith(f"{bare} Twenty")
    assert states(borne_out) == [Support.NEUTRAL, Support.SUPPORTED]


def test_where_doubtful_sentences_leave_the_documents_words_stand_beside_a_bare_no(house: House, settings: Any) -> None:
    row = answered(house, settings, "No, you may not.", "lenient")
    assert row.notice == notices.QUOTED_BESIDE
    assert states(row)[0] == Support.NEUTRAL
    assert set(states(row)[1:]) == {Support.EXTRACT}


@pytest.mark.parametrize("action", ["redact", "block"])
def test_no_quote_leaves_but_as_policy_lets_an_answer_leave(house: House, settings: Any, action: str) -> None:
    policies.add(house, policies.words("code-word", Stage.OUTPUT, Action.named(action), "Rosebud"))
    secret = "Working days abroad are booked under the code word Rosebud."
    row = answered(house, settings, WRONG_FIGURE, "balanced", asking.RULE, secret)
    assert (row.status, row.notice) == (Status.ANSWERED, notices.QUOTED)
    assert set(states(row)) == {Support.EXTRACT}
    assert "Twenty working days" in asking.said(row)
    assert ("booked under the code word" in asking.said(row)) is (action == "redact")
    sent = [asking.said(row), str([segment.citations for segment in row.segments.all()])]
    sent += [str(asking.streamed(row.pk)), *asking.recorded_texts(house, row.pk)]
    assert not any("Rosebud" in one for one in sent)
    decided = leaves(house, "policy.decided", row.pk)
    assert action in [leaf["facts"]["action"] for leaf in decided if leaf["facts"]["stage"] == "output"]


def test_what_had_no_room_in_the_prompt_is_not_quoted_either(house: House, settings: Any) -> None:
    """A window in which one passage has room: its words are the answer."""
    beside = "Working days that are spent abroad are entered by whoever approves them. " * 12
    shelf = asking.shelf(house, f"{asking.RULE} {beside}", f"{beside} {asking.RULE} {beside}")
    model = asking.speak(settings, [WRONG_FIGURE], window=600)
    row = asking.answered(house.bob, collections=[shelf])
    assert (row.status, row.notice) == (Status.ANSWERED, notices.QUOTED)
    assert model.requests[0].messages[0].content.count("<excerpt ") == 1
    (shown,) = asking.end(house, row.pk)["shown"]
    assert {one["chunk_id"] for segment in row.segments.all() for one in segment.citations} == {shown}


def test_a_lenient_collection_lets_it_go_marked_and_the_documents_words_follow(house: House, settings: Any) -> None:
    row = answered(house, settings, WRONG_FIGURE, "lenient")
    assert row.notice == notices.QUOTED_BESIDE
    assert states(row)[0] == Support.UNSUPPORTED
    assert row.segments.all()[0].is_supported is False
    assert Support.EXTRACT in states(row)


def test_a_sentence_without_support_waits_for_one_that_has_it(house: House, settings: Any) -> None:
    said = f"{MADE_UP[0]}{TRUE}"
    row = answered(house, settings, said, "balanced")
    assert (asking.said(row), states(row)) == (said, [Support.UNSUPPORTED, Support.SUPPORTED])


def test_a_strict_collection_never_lets_it_go(house: House, settings: Any) -> None:
    row = answered(house, settings, f"{MADE_UP[0]}{TRUE}", "strict")
    assert (asking.said(row), states(row)) == (TRUE, [Support.SUPPORTED])
    (withheld,) = leaves(house, "answer.withheld", row.pk)
    assert asking.opened(house, withheld)["withheld"] == MADE_UP[0]


def test_a_model_that_makes_things_up_is_stopped(house: House, settings: Any) -> None:
    row = answered(house, settings, "".join(MADE_UP) + " And so he goes on without an end." * 40, "balanced")
    assert set(states(row)) == {Support.EXTRACT}
    withheld = "".join(asking.opened(house, leaf)["withheld"] for leaf in leaves(house, "answer.withheld", row.pk))
    assert MADE_UP[0] in withheld
    assert withheld.count("goes on") < 10


def test_a_mark_that_does_not_hold_is_moved_to_the_passage_that_does(house: House, settings: Any) -> None:
    laptops = "Laptops are renewed every 4 years for whoever spends working days abroad."
    shelf = asking.shelf(house, asking.RULE, laptops)
    model = asking.speak(settings, ["?"])
    asking.answered(house.bob, collections=[shelf])
    prompt = model.requests[0].messages[0].content
    right, wrong = (1, 2) if prompt.index("Twenty working") < prompt.index("Laptops") else (2, 1)
    for mark, support in ((right, Support.SUPPORTED), (wrong, Support.MOVED)):
        asking.speak(settings, [f"Twenty working days a year may be spent abroad [{mark}]."])
        row = asking.answered(house.bob, collections=[shelf])
        (segment,) = row.segments.all()
        assert (segment.text, segment.support) == (TRUE, support)
        assert "Twenty" in segment.citations[0]["quote"]
        (leaf,) = leaves(house, "answer.segment", row.pk)
        assert asking.opened(house, leaf)["written"].endswith(f"[{mark}].")


def test_the_api_and_the_stream_say_what_each_sentence_stands_on(house: House, settings: Any) -> None:
    from django.test import Client

    row = answered(house, settings, f"{MADE_UP[0]}{TRUE}", "balanced")
    client = Client(headers={"authorization": f"Bearer {house.key('bob')}"})
    told = client.get(f"/api/v1/answers/{row.pk}").json()
    assert [one["support"] for one in told["segments"]] == ["unsupported", "supported"]
    assert [b'"support": "unsupported"' in one[b"m"] for _, one in asking.streamed(row.pk)] == [True, False]
