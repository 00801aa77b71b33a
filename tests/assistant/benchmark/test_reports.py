"""What a trial's document and its page say; and that those committed as examples are of the commands' present shape."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from assistant.benchmark import costs, reports, results
from assistant.benchmark.costs import Cost, Terms
from assistant.benchmark.trials import Timed, Trial
from assistant.evaluation.rows import Answered, Row
from assistant.models import Status
from governance.errors import InvalidInput

HOUSE, OUTSIDE = "<b>small", "big at api.example"


def row(name: str, *, right: bool, seconds: float = 6.0, read: int = 400, written: int = 50) -> Row:
    answered = Answered(
        Status.ANSWERED, "Yes.", (right,), ("a.txt",), prompt_tokens=read, tokens=written, whole_ms=int(seconds * 1000)
    )
    return Row(name, "plain", "en", is_answerable=True, relevant=("a.txt",), answered=answered)


def timed(model: str, number: int, reads: float) -> Timed:
    size = 2**30 if model == HOUSE else None
    return Timed(
        model, number, reads, 20.0, 1.5, 2.0, size, size, size, "scripted", "1", (0.5, 1.5), "2026-01-01 10:00"
    )


def trial() -> Trial:
    models = [
        {"name": HOUSE, "is_in_house": True, "served_by": "the model worker", "bytes": 5, "quantisation": "Q4_K_M"},
        {"name": OUTSIDE, "is_in_house": False, "served_by": "api.example"},
    ]
    made = {
        "models": models,
        "questions": 40,
        "kept_from": {HOUSE: [], OUTSIDE: ["Pay"]},
        "collections": [{"name": "Pay", "classification": "restricted"}, {"name": "All", "classification": "internal"}],
        "machine": {"cores": 2, "processor": "one", "instructions": ["avx2"]},
        "engine_features": "AVX2 = 1",
    }
    rows = {
        HOUSE: tuple(row(str(n), right=n % 2 == 0) for n in range(40)),
        OUTSIDE: tuple(row(str(n), right=True, seconds=2.0) for n in range(40)),
    }
    reads = {HOUSE: (100.0, 40.0, 80.0), OUTSIDE: (200.0, 100.0, 240.0)}
    return Trial(made, tuple(timed(name, n, value) for name, of in reads.items() for n, value in enumerate(of)), rows)


def test_speeds_are_compared_in_the_same_round_and_answers_by_question() -> None:
    told = results.of(trial(), Terms())
    speed = {one["name"]: {speed["key"]: speed for speed in one["speeds"]} for one in told["models"]}
    assert (speed[HOUSE]["reads"]["median"], speed[HOUSE]["reads"]["ratio"]) == (80.0, None)
    # 200/100, 100/40 and 240/80: not 200 ÷ 80
    assert (speed[OUTSIDE]["reads"]["median"], speed[OUTSIDE]["reads"]["ratio"]) == (200.0, 2.5)
    changes = {one["key"]: one for one in told["beside"][0]["changes"]}
    assert (changes["facts"]["verdict"], changes["facts"]["gain"]["value"]) == ("better", 0.5)
    assert changes["whole_ms"]["verdict"] == "better"  # less is more
    assert told["measured"]["load"] == [0.5, 1.5]


def test_the_page_says_it_all_and_loads_nothing() -> None:
    terms = Terms(asks=20_000, machine=80.0, currency="EUR", prices={"big": (1.0, 4.0), "dear": (10.0, 40.0)})
    told = results.of(trial(), terms)
    html = reports.page(told)
    assert reports.page(json.loads(results.written(told))) == html
    for banned in ("<script", " style=", "src=", "href=", "url(", "<b>small"):
        assert banned not in html, banned
    assert re.search(r"default-src &#x27;none&#x27;|default-src 'none'", html)
    text = " ".join(_Text.of(html).split())
    for said in (
        "80.00 EUR 33.3 hours of answering in 176: 1 machine",
        "12000.00 EUR 400 tokens read and 50 written a question",
        "120000.00 EUR",
        "the excerpts that it is answered from",
        "To api.example, for big at api.example",
        "Pay restricted big at api.example",
        "AVX2 = 1",
        "0.50 0.35 to 0.65, n 40",
    ):
        assert said in text, said


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    @classmethod
    def of(cls, html: str) -> str:
        parser = cls()
        parser.feed(html)
        return " ".join(parser.found)


def test_a_trial_that_is_not_finished_says_so() -> None:
    whole = trial()
    part = Trial(whole.made, whole.timed, {**whole.rows, OUTSIDE: whole.rows[OUTSIDE][:7]})
    said = "each model was asked at least 7 so far"
    assert said in " ".join(reports.page(results.of(part, Terms())).split())
    assert "not finished" not in reports.page(results.of(whole, Terms()))


def test_a_month_costs_what_its_questions_do() -> None:
    rows = [row("a", right=True, seconds=10.0), row("b", right=True, seconds=2.0, read=0, written=0)]
    assert costs.by_machine(rows, Terms(asks=6000, machine=100.0, hours=5.0)) == Cost(
        200.0, "10.0 hours of answering in 5: 2 machines"
    )
    assert costs.by_machine(rows, Terms(asks=6000)).amount is None
    assert costs.by_machine(rows, Terms()).why == "say --asks-a-month"
    # a question that no model was asked counts, and takes nothing
    assert costs.by_token(rows, (2.0, 4.0), Terms(asks=1000)) == Cost(
        500.0, "200 tokens read and 25 written a question"
    )
    assert "say --price and --asks-a-month" in costs.by_token(rows, None, Terms()).why
    assert Terms(prices={"big": (1.0, 2.0)}).price(OUTSIDE) == (1.0, 2.0)
    assert costs.price("0,0.5") == (0.0, 0.5)
    for wrong in ("", "1", "1,2,3", "x,1", "nan,1", "-1,1", "inf,1"):
        with pytest.raises(InvalidInput, match="no price"):
            costs.price(wrong)
