"""A question set says what it means, or which of its lines does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation import questions
from assistant.evaluation.questions import Fact, Question
from governance.errors import InvalidInput


def lines(*told: dict[str, Any]) -> list[str]:
    return [json.dumps(one) for one in told]


def test_a_question_is_read_with_its_documents_and_facts() -> None:
    (one,) = questions.read(
        [
            "",
            *lines({"id": "a", "question": " How long? ", "documents": ["x.md"], "facts": ["20 days", ["a", "b"]]}),
            " ",
        ]
    )
    assert (one.id, one.question, set(one.documents), one.is_answerable) == ("a", "How long?", {"x.md"}, True)
    assert one.facts == (Fact(("20 days",)), Fact(("a", "b")))


@pytest.mark.parametrize(
    ("fact", "answer", "is_in"),
    [
        (Fact(("20 Working Days",)), "At most 20\nworking  days.", True),
        (Fact(("20 days",)), "At most 120 days", False),
        (Fact(("1.5",)), "Wait 1.55 or 11.5 hours", False),
        (Fact(("1.5",)), "Wait 1.5.", True),
        (Fact(("Urlaub",)), "Die Urlaubstage", True),  # what is put together holds its parts
        (Fact(("10:00", "10 a.m.")), "From 10 A.M. on", True),
        (Fact(("10:00", "10 a.m.")), "From ten on", False),
        (Fact(pattern=r"\b20\b"), "At most 120 days", False),
        (Fact(pattern=r"TWENTY|\b20\b"), "twenty", True),
    ],
)
def test_a_fact_is_in_an_answer_whatever_its_case_and_spaces(fact: Fact, answer: str, *, is_in: bool) -> None:
    assert fact.is_in(answer) is is_in


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("{", "no JSON"),
        ("[1]", "it is no object: write {"),
        ("null", "it is no object: write {"),
        ("[" * 100_000, "Line 2"),
        (json.dumps({"id": "b", "documents": ["x"]}), "question is missing"),
        (json.dumps({"id": "b", "question": "x"}), "names documents or facts"),
        (json.dumps({"id": "b", "question": " ", "documents": ["x"]}), "must say something"),
        (json.dumps({"id": "b", "question": "x", "unanswerable": True, "facts": ["y"]}), "neither documents nor facts"),
        (json.dumps({"id": "b", "question": "x", "facts": [{"pattern": "("}]}), "Line 2"),
        (json.dumps({"id": "b", "question": "x", "facts": [7]}), "a fact is"),
        (json.dumps({"id": "b", "question": "x", "facts": "20 days"}), "facts must be a list"),
        (json.dumps({"id": "b", "question": "x", "documents": "x.md"}), "documents must be a list"),
        (json.dumps({"id": "b", "question": "x", "facts": [" "]}), "a fact must say something"),
        (json.dumps({"id": "b", "question": "x", "facts": [["y", ""]]}), "a fact must say something"),
        (json.dumps({"id": "b", "question": "x", "facts": [{"pattern": " "}]}), "a fact is"),
        (json.dumps({"id": "b", "question": "x", "answer": "y", "facts": ["y"]}), "answer is not known"),
        (json.dumps({"id": "a", "question": "x", "facts": ["y"]}), "a is there twice"),
        (json.dumps({"id": " a ", "question": "x", "facts": ["y"]}), "a is there twice"),
        (json.dumps({"id": None, "question": "x", "facts": ["y"]}), "id is missing"),
        (json.dumps({"id": "b", "question": None, "facts": ["y"]}), "question is missing"),
        (json.dumps({"id": 7, "question": "x", "facts": ["y"]}), "id must be a text: put it in quotes"),
        (json.dumps({"id": "b", "question": ["x"], "facts": ["y"]}), "question must be a text"),
        (json.dumps({"id": "b", "question": "x", "documents": [7]}), "each of documents must be a text"),
        (json.dumps({"id": "b", "question": "x", "facts": ["y"], "kind": 7}), "kind must be a text"),
        (json.dumps({"id": "b", "question": "x", "facts": ["y"], "language": ["en"]}), "language must be a text"),
        (json.dumps({"id": "b", "question": "x", "facts": [{"pattern": None}]}), "pattern must be a text"),
        (json.dumps({"id": "b", "question": "x", "unanswerable": "false"}), "true or false, without quotes"),
        (json.dumps({"id": "b", "question": "x", "unanswerable": 1}), "true or false, without quotes"),
        (json.dumps({"id": "b", "question": "x", "facts": ["y\x00"]}), "take it out"),
        (json.dumps({"id": "b", "question": "x", "facts": [{"pattern": "y\x00"}]}), "take it out"),
        (json.dumps({"id": "b", "question": "x", "facts": [["y", "\ud800"]]}), "take it out"),
        (json.dumps({"id": "b", "question": "x", "facts": ["y"], "\ud800": 1}), "take it out"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(told: str, why: str) -> None:
    with pytest.raises(InvalidInput, match="Line 2") as fault:
        questions.read([*lines({"id": "a", "question": "x", "facts": ["y"]}), told])
    assert why in fault.value.message


def test_a_set_without_questions_is_none() -> None:
    with pytest.raises(InvalidInput, match="no question"):
        questions.read(["", "  "])


def test_what_is_null_is_not_there() -> None:
    told: dict[str, Any] = {"id": "a", "question": "x", "documents": None, "facts": ["y"], "unanswerable": None}
    assert questions.read(lines(told | {"kind": None, "language": None})) == [
        Question("a", "x", facts=(Fact(("y",)),), is_answerable=True, kind="", language="")
    ]


def test_an_id_is_kept_without_the_spaces_around_it() -> None:
    assert [one.id for one in questions.read(lines({"id": " a ", "question": "x", "facts": ["y"]}))] == ["a"]


def test_a_file_may_begin_with_the_mark_that_editors_put_there(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(lines({"id": "a", "question": "x", "facts": ["y"]})), encoding="utf-8-sig")
    assert [one.id for one in questions.load(path)] == ["a"]
