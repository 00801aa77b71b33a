"""A model asked about a text: its yes is a finding, its no is told, and whatever else comes of it is a text not checked."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import Any

import pytest

from governance.errors import InvalidInput, Unavailable
from governance.policy import detectors, engine, fixtures
from governance.policy.detectors import judge
from governance.policy.detectors.judge import Opinion
from governance.policy.engine import Verdict
from governance.policy.replay import comparing
from governance.policy.rules import ANYWHERE, Action, Fixture, Place, Policy, Rule, Stage, Stamp
from governance.policy.streaming import Gate

QUESTION = "Is this about salaries?"
RULE = Rule(
    "pay", frozenset(Stage), "judge", Action.BLOCK, 0.6, "Not about pay.", {"question": QUESTION, "type": "pay"}
)
FORM_OF_A_RULE: dict[str, Any] = {
    "name": "pay",
    "is_enabled": "on",
    "action": "block",
    "threshold": "0.6",
    "stages": ["input"],
    "message": "Not about pay.",
    "option-question": QUESTION,
    "option-timeout_s": "5",
    "fixture": ["My salary?", "When is noon?"],
    "expect": ["acts", "leaves"],
}
LONG = "The canteen opens at noon. " * 300  # two stretches


class Model:
    """Says yes to what holds "salary"; remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.tenants: list[uuid.UUID | None] = []
        self.fault: Exception | None = None

    def __call__(self, question: str, text: str, within_s: float, tenant: uuid.UUID | None) -> Opinion:
        self.shown.append((question, text))
        self.tenants.append(tenant)
        assert within_s > 0
        if self.fault:
            raise self.fault
        return Opinion("small-model", "salary" in text.lower())


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    made = Model()
    monkeypatch.setitem(judge._registered, "judge", made)
    return made


def told(verdict: Verdict) -> list[tuple[Action, float, str, str]]:
    return [(one.action, one.score, one.model, one.error) for one in verdict.decisions]


def test_yes_is_a_finding_for_the_whole_text_and_no_is_told(model: Model) -> None:
    verdict = engine.evaluate([RULE], Stage.INPUT, "Whose salary is highest?")
    assert (verdict.action, told(verdict)) == (Action.BLOCK, [(Action.BLOCK, 1.0, "small-model", "")])
    assert verdict.decisions[0].spans == ((0, 24, "pay"),)
    assert verdict.decisions[0].as_json()["model"] == "small-model"
    verdict = engine.evaluate([RULE], Stage.INPUT, "When does the canteen open?")
    assert (verdict.action, told(verdict)) == (Action.ALLOW, [(Action.ALLOW, 0.0, "small-model", "")])
    assert (verdict.text, verdict.message) == ("When does the canteen open?", "")
    assert verdict.decisions[0].latency_ms > 0
    assert [question for question, _ in model.shown] == [QUESTION] * 2


@pytest.mark.parametrize("fault", [TimeoutError(), Unavailable("away"), ValueError("not a yes")])
def test_a_judge_that_does_not_answer_is_a_verdict(model: Model, fault: Exception) -> None:
    model.fault = fault
    for stage, action in ((Stage.INPUT, Action.FLAG), (Stage.OUTPUT, Action.BLOCK)):
        verdict = engine.evaluate([RULE], stage, "When does the canteen open?")
        assert told(verdict) == [(action, 1.0, "", f"{type(fault).__name__} in detector judge")]
    strict = replace(RULE, on_failure=Action.BLOCK)
    assert engine.evaluate([strict], Stage.INPUT, "When?").action is Action.BLOCK


def test_without_a_judge_nothing_passes_for_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_registered", {})
    assert told(engine.evaluate([RULE], Stage.OUTPUT, "At noon.")) == [
        (Action.BLOCK, 1.0, "", "LookupError in detector judge")
    ]


def test_a_judge_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*_: object) -> Opinion:
        while True:
            time.sleep(0.01)

    monkeypatch.setitem(judge._registered, "judge", hangs)
    monkeypatch.setattr(engine, "PATIENCE_S", 0.1)
    assert "TookTooLong" in engine.evaluate([RULE], Stage.INPUT, "When?").decisions[0].error


def test_a_long_text_is_shown_in_stretches_and_one_too_long_is_not_checked(model: Model) -> None:
    text = LONG + "Her salary is high."
    verdict = engine.evaluate([RULE], Stage.PASSAGE, text)
    assert "".join(shown for _, shown in model.shown) == text
    assert all(len(shown) <= judge.STRETCH for _, shown in model.shown)
    ((start, end, _),) = verdict.decisions[0].spans
    assert "salary" in text[start:end]
    assert start > 0
    model.shown.clear()
    verdict = engine.evaluate([RULE], Stage.PASSAGE, LONG * 5)
    assert verdict.decisions[0].error == "TooLong in detector judge"
    assert model.shown == []


def test_it_is_shown_a_text_as_it_is_read_and_once(model: Model) -> None:
    text = "Whose sa\u200bl\u0430ry is highest?"
    verdict = engine.evaluate([RULE], Stage.INPUT, text)
    assert model.shown == [(QUESTION, "Whose salary is highest?")]
    assert verdict.decisions[0].spans == ((0, len(text), "pay"),)


def test_a_stream_waits_for_the_whole_text_and_is_asked_once(model: Model) -> None:
    rules = [RULE, Rule("word", frozenset(Stage), "pattern", Action.REDACT, 0.5, "Cut.", {"words": ["noon"]})]
    gate = Gate(rules)
    fed = [piece for _ in range(40) for piece in gate.feed("The canteen opens at noon. ")]
    assert (fed, model.shown) == ([], [])
    pieces = gate.finish()
    assert "noon" not in "".join(piece.text for piece in pieces)
    assert len(model.shown) == 1
    cleared = [one for piece in pieces for one in piece.verdict.decisions if one.detector == "judge"]
    assert [(one.action, one.model) for one in cleared] == [(Action.ALLOW, "small-model")]
    gate = Gate(rules)
    assert gate.feed("Her salary is high. And the canteen opens at noon.") == []
    (piece,) = gate.finish()
    assert (piece.text, piece.verdict.action, gate.blocked is not None) == ("", Action.BLOCK, True)


def test_fixtures_run_against_it(model: Model) -> None:
    texts = (Fixture("My salary?", Action.BLOCK), Fixture("When is noon?", Action.ALLOW))
    assert fixtures.run([replace(RULE, fixtures=texts)]).passes
    wrong = (Fixture("My salary?", Action.BLOCK), Fixture("Your salary?", Action.ALLOW))
    assert not fixtures.run([replace(RULE, fixtures=wrong)]).passes
    model.fault = TimeoutError()
    flags = replace(RULE, action=Action.FLAG, fixtures=(Fixture("My salary?", Action.FLAG),))
    assert not fixtures.run([flags]).passes  # it would be flagged, for the wrong reason


def test_it_is_told_whose_text_it_is(model: Model) -> None:
    whose = Place(tenant=uuid.uuid4())
    policy = Policy(Stamp(1, "a"), (RULE,))
    engine.check(policy, Stage.INPUT, "When is noon?", whose.of(collections=None, labels=None))
    comparing.judged([policy], Stage.INPUT, "When is noon?", whose)
    fixtures.run([replace(RULE, fixtures=(Fixture("My salary?", Action.BLOCK),))], tenant=whose.tenant)
    gate = Gate(policy.rules, place=whose)
    gate.feed("At noon.")
    gate.finish()
    assert model.tenants == [whose.tenant] * 4
    engine.check(policy, Stage.INPUT, "When is noon?")
    assert model.tenants[4:] == [None]


def test_a_replay_counts_what_it_finds_and_not_what_it_clears(model: Model) -> None:
    without, with_it = Policy(Stamp(1, "a"), ()), Policy(Stamp(2, "b"), (RULE,))
    for text, change in (("The canteen?", comparing.Change.UNCHANGED), ("My salary?", comparing.Change.NEWLY_BLOCKED)):
        before, after = comparing.judged([without, with_it], Stage.INPUT, text, ANYWHERE)
        assert comparing.compare(before, after).change is change


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({}, "options.question"),
        ({"question": "  "}, "options.question"),
        ({"question": "Is it? " * 50}, "options.question"),
        ({"question": ["Is it?"]}, "options.question"),
        ({"question": "Is it?", "timeout_s": 0}, "options.timeout_s"),
        ({"question": "Is it?", "timeout_s": 26}, "options.timeout_s"),
        ({"question": "Is it?", "timeout_s": True}, "options.timeout_s"),
        ({"question": "Is it?", "timeout_s": 2.5}, "options.timeout_s"),
        ({"question": "Is it?", "type": "a b"}, "options.type"),
    ],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        detectors.get("judge").check(options)
    assert refused.value.param == where
