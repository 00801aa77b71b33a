"""What an answer leaves out of the passage that it stands on, quoted under it: of which models, and where not."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured

from assistant import models, replaying
from assistant.answering import holding, quotations
from assistant.configuration import env
from assistant.conversations.brought import Brought
from assistant.evaluation import asking as evaluating
from assistant.evaluation import questions
from assistant.models import Status, Support
from assistant.showing import notices
from governance.errors import Unavailable
from governance.policy.rules import Action, Stage
from inference import registry
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking, portal
from tests.assistant.test_trimming import passage
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves

SAID = "Twenty working days abroad."
RULE = (
    "Twenty working days a year may be spent abroad. Longer stays, and those in Norway, need the consent of the head."
)
ASKED = "Who consents to longer stays abroad, and to those in Norway?"
REST = "Longer stays, and those in Norway, need the consent of the head."
BESIDE = "A stay abroad is told to the pay office by whoever goes, two weeks before."


def answered(house: House, settings: Any, said: str = SAID, quotes: str = "always", **options: Any) -> models.Answer:
    settings.QUOTES = quotes
    if not options.get("collections"):
        options["collections"] = [asking.shelf(house, RULE, BESIDE, name=str(uuid.uuid4())[:8])]
    asking.speak(settings, lambda _: said)
    return asking.answered(house.bob, ASKED, **options)


def states(row: models.Answer) -> list[str]:
    return [segment.support for segment in row.segments.all()]


def test_what_it_leaves_out_of_the_cited_passage_stands_under_it_on_a_line_of_its_own(
    house: House, settings: Any
) -> None:
    row = answered(house, settings)
    assert (row.status, states(row)) == (Status.ANSWERED, [Support.SUPPORTED, Support.EXTRACT])
    assert row.notice in ("", notices.WEAK)
    said, quote = row.segments.all()
    assert asking.said(row) == f"{SAID}\n\n{REST}\n\n"
    assert [one["chunk_id"] for one in quote.citations] == [said.citations[0]["chunk_id"]]
    assert quote.citations[0]["quote"] == REST
    assert [leaf["facts"]["support"] for leaf in leaves(house, "answer.segment", row.pk)] == ["supported", "extract"]


@pytest.mark.parametrize(
    ("said", "is_added"),
    [(SAID, True), (RULE, False), ("Hello!", False), (" ".join([SAID] * 30), False)],
    ids=["short", "all of it", "nothing stated", "a text"],
)
def test_nothing_is_put_under_what_says_it_states_nothing_or_is_a_text(
    house: House, settings: Any, said: str, is_added: bool
) -> None:
    row = answered(house, settings, said)
    assert row.status == Status.ANSWERED
    assert (Support.EXTRACT in states(row)) is is_added
    assert asking.said(row).startswith(said)
    assert len(SAID) < len(RULE) < holding.LONG < len(" ".join([SAID] * 30))


def test_only_models_that_are_known_to_leave_out_much_are_added_to_unless_a_setting_says_so(
    house: House, settings: Any
) -> None:
    assert states(answered(house, settings, quotes="auto")) == [Support.SUPPORTED]
    assert states(answered(house, settings, quotes="never")) == [Support.SUPPORTED]
    small = registry.catalog()["qwen2.5-coder-1.5b-instruct"]
    state = replace(asking.speak(settings).probe(), sha256=small.sha256)
    with mock.patch.object(ScriptedChat, "probe", return_value=state):
        assert states(answered(house, settings, quotes="auto")) == [Support.SUPPORTED, Support.EXTRACT]
        assert states(answered(house, settings, quotes="never")) == [Support.SUPPORTED]


@pytest.mark.parametrize(
    "options",
    [
        {"client": "openai"},
        {"client": "mcp"},
        {"brought": Brought(instruction="Answer with the number alone.")},
    ],
    ids=["a program", "another assistant", "an instruction"],
)
def test_what_is_read_as_one_text_or_has_a_form_of_its_own_is_left_as_the_model_wrote_it(
    house: House, settings: Any, options: dict[str, Any]
) -> None:
    assert states(answered(house, settings, **options)) == [Support.SUPPORTED]


def test_an_answer_that_was_cut_at_its_length_is_not_added_to(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.end_by(monkeypatch, "length")
    assert states(answered(house, settings)) == [Support.SUPPORTED]


def test_an_embedder_that_is_away_by_then_costs_the_quote_and_not_the_answer(
    house: House, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch.object(quotations, "left_out", side_effect=Unavailable("The embedder does not answer.")):
        row = answered(house, settings)
    assert (row.status, states(row)) == (Status.ANSWERED, [Support.SUPPORTED])
    assert row.capsule["ingredients"]
    assert "nothing is quoted under it: The embedder does not answer." in caplog.text


def test_policy_holds_for_what_is_put_under_an_answer_and_says_that_it_was_a_quote(house: House, settings: Any) -> None:
    policies.add(house, policies.words("land", Stage.OUTPUT, Action.named("block"), "Norway"))
    row = answered(house, settings)
    assert (row.status, states(row)) == (Status.ANSWERED, [Support.SUPPORTED])
    assert "Norway" not in str(asking.streamed(row.pk)) + asking.said(row)
    decided = [leaf["facts"] for leaf in leaves(house, "policy.decided", row.pk)]
    assert [one["part"] for one in decided if one["action"] == "block"] == ["quote"]


def test_the_next_turn_is_told_what_was_quoted_only_where_it_stood_for_the_answer(house: House, settings: Any) -> None:
    shelf = asking.shelf(house, RULE)
    first = answered(house, settings, collections=[shelf])
    assert states(first)[-1] == Support.EXTRACT
    assert told_next(house, settings, first) == SAID
    bare = answered(house, settings, "Here is what I found: Thirty days.", collections=[shelf])
    assert bare.notice in (notices.QUOTED, notices.QUOTED_BESIDE)
    assert told_next(house, settings, bare) == asking.said(bare)
    assert RULE in asking.said(bare)


def told_next(house: House, settings: Any, row: models.Answer) -> str:
    model = asking.speak(settings, [SAID])
    asking.answered(house.bob, "And longer stays abroad?", conversation=row.conversation_id)
    return "".join(one.content for one in model.requests[-1].messages if one.role == "assistant")


def test_a_replay_adds_what_was_added_whatever_the_setting_says_by_now(house: House, settings: Any) -> None:
    shelf = asking.shelf(house, RULE)
    for then, now in (("always", "never"), ("never", "always")):
        row = answered(house, settings, quotes=then, collections=[shelf], sampler={"is_deterministic": True})
        assert (Support.EXTRACT in states(row)) is (then == "always")
        settings.QUOTES = now
        assert replaying.replay(house.bob, row.pk).is_identical


def test_an_evaluation_counts_it_as_no_statement_and_finds_its_facts(house: House, settings: Any) -> None:
    row = answered(house, settings)
    (question,) = questions.read(['{"id": "a", "question": "How long?", "facts": ["Norway"]}'])
    found = evaluating.read(house.bob, question, row.pk)
    assert (found.sentences, found.unsupported, found.quoted, found.met) == (1, 0, 0, (True,))
    instead = evaluating.read(house.bob, question, answered(house, settings, "Thirty days abroad.").pk)
    assert instead.sentences == instead.quoted > 0


def test_a_copy_an_export_and_the_own_data_tell_the_quote_from_the_answer(house: House, settings: Any) -> None:
    row = answered(house, settings)
    client = portal.signed_in(house, "bob")
    for address in (f"/a/{row.pk}/text", f"/a/{row.pk}/text?as=markdown"):
        assert f"{SAID[:-1]}. [1]\n\n> {REST} [1]\n" in client.get(address).text
    page = client.get(f"/c/{row.conversation_id}").content.decode()
    assert '<blockquote class="segment extract" data-ordinal="1"' in page


TABLE = "Rates:\n\n| Level | Rate |\n| --- | --- |\n" + "".join(
    f"| L{n} | {n * 9 + 4} pounds |\n" for n in range(1, 12)
)


def left_out(text: str, said: str, question: str = "What is the rate of L5?") -> list[str]:
    return [one.above + one.text for one in quotations.left_out(question, passage(text), said)]


def test_a_sentence_is_left_out_where_less_than_half_of_its_terms_were_said() -> None:
    text = "Stays in Norway need consent. Whoever goes tells the pay office two weeks before."
    assert left_out(text, "Twenty days.") == [text]
    assert left_out(text, "Stays need the consent of the head.") == [text.partition(". ")[2]]
    assert left_out("…", "Twenty days.") == []


def test_what_was_said_between_two_sentences_that_were_not_joins_them_where_it_is_short() -> None:
    text = "The manager decides. Stays in Norway need consent. The pay office is told."
    assert left_out(text, "Stays in Norway need it.") == [text]
    long = f"Stays in Norway need consent{' of Norway' * 20}."
    assert left_out(text.replace("Stays in Norway need consent.", long), "Stays in Norway need consent.") == [
        "The manager decides.",
        "The pay office is told.",
    ]


def test_of_a_table_only_the_row_that_was_asked_for_is_quoted_under_its_header() -> None:
    assert left_out(TABLE, "It is told by the pay office.")[-1] == "| Level | Rate |\n| --- | --- |\n| L5 | 49 pounds |"
    assert not any("|" in one for one in left_out(TABLE, "L5 is at 49 pounds."))


def test_what_is_far_from_the_question_beside_the_nearest_sentence_is_not_quoted() -> None:
    text = "Pay day is the 26th. The rate of L5 is 49 pounds. Dogs are welcome on Fridays."
    assert left_out(text, "It depends.") == ["The rate of L5 is 49 pounds."]
    assert left_out(text, "The rate of L5 is 49 pounds.") == []


def test_a_question_is_not_quoted_nor_what_stands_in_another_language_than_the_answer() -> None:
    text = "How long may I stay abroad? For twenty days, and in Norway for longer with the consent of the head."
    assert left_out(text, "It depends.") == [text.partition("? ")[2]]
    assert left_out(text, "Zwanzig Tage, und in Norwegen auch länger, wenn die Leitung das so will.") == []


def test_a_row_that_is_quoted_instead_of_an_answer_stands_under_its_header() -> None:
    told = quotations.instead("What is the rate of L9?", [passage(TABLE * 3)])
    assert all(
        one.above.startswith("| Level") for one in told if one.text.startswith("| L") and "Level" not in one.text
    )
    assert any("| L9 |" in one.text for one in told)


def test_a_setting_that_is_none_of_the_choices_is_refused_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANCERY_QUOTES", "Never")
    assert env.choice("CHANCERY_QUOTES", ["auto", "always", "never"]) == "never"
    monkeypatch.setenv("CHANCERY_QUOTES", "sometimes")
    with pytest.raises(ImproperlyConfigured, match=r"sometimes.*auto, always, never"):
        env.choice("CHANCERY_QUOTES", ["auto", "always", "never"])
    monkeypatch.delenv("CHANCERY_QUOTES")
    assert env.choice("CHANCERY_QUOTES", ["auto", "always", "never"]) == "auto"
