"""A set is asked of collections with a person's rights; the run is kept, goes on where it broke off, and is compared."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from assistant import answering, conversations
from assistant.evaluation import asking as evaluated
from assistant.evaluation import figures, reports, rows, searching
from assistant.evaluation.questions import Fact, Question
from assistant.evaluation.rows import Answered
from assistant.models import Conversation, Status
from governance.errors import QuotaSpent
from governance.policy.rules import Action, Stage
from inference import prompts
from ingestion import catalog, glossary
from tests.assistant import asking
from tests.cast import House
from tests.governance import policies
from tests.ingestion import bells

ABROAD = "Twenty working days a year may be spent abroad."
SET: list[dict[str, Any]] = [
    {"id": "abroad", "question": asking.QUESTION, "documents": ["abroad.txt"], "facts": ["twenty"], "kind": "plain"},
    {"id": "trains", "question": "Which class are trains booked in?", "documents": ["trains.txt"], "kind": "plain"},
    {"id": "zebras", "question": asking.OFF_TOPIC, "unanswerable": True, "kind": "off topic"},
]


@pytest.fixture
def shelf(house: House) -> str:
    made = catalog.create(house.ada, "Rules").pk
    bells.ingested(house, made, ABROAD, "abroad.txt")
    bells.ingested(house, made, "Trains are booked in second class.", "trains.txt")
    return "Rules"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(map(json.dumps, SET)), encoding="utf-8")
    return path


def evaluate(house: House, *arguments: str, who: str = "ada") -> str:
    out = io.StringIO()
    call_command("evaluate", "--tenant", house.slug, "--user", house.email(who), *arguments, stdout=out)
    return out.getvalue()


def test_what_is_found_is_ranked_by_each_way_and_measured(house: House, shelf: str, written: Path) -> None:
    run = written.with_suffix(".run")
    told = evaluate(house, str(written), "--collection", shelf, "--run", str(run))
    kept = {row.id: row for row in rows.load(run).rows}
    assert kept["abroad"].ranked["both"][0] == kept["abroad"].ranked["words"][0] == "abroad.txt"
    assert kept["trains"].ranked["both"][0] == "trains.txt"
    assert (kept["abroad"].suffices, kept["zebras"].suffices) == (True, False)
    assert kept["zebras"].answered is None
    by_key = {one.key: one.mean for one in figures.of(list(kept.values()))}
    assert (by_key["both.ndcg10"].value, by_key["both.ndcg10"].number) == (1.0, 2)
    assert by_key["evidence.refusals"].value == 1.0
    assert "off topic: 1 questions" in told


def test_answers_are_asked_as_ever_and_measured(house: House, shelf: str, written: Path, settings: Any) -> None:
    asking.speak(settings, [ABROAD, "Trains are booked in second class. Bears are blue."])
    run = written.with_suffix(".run")
    with asking.unrung():
        evaluate(house, str(written), "--run", str(run), "--answers", "--report", str(run.with_suffix(".html")))
    kept = {row.id: row.answered for row in rows.load(run).rows}
    abroad, trains, zebras = kept["abroad"], kept["trains"], kept["zebras"]
    assert abroad is not None
    assert trains is not None
    assert zebras is not None
    assert (abroad.status, abroad.met, abroad.cited) == (Status.ANSWERED, (True,), ("abroad.txt",))
    assert trains.unsupported == 1
    assert zebras.status == Status.REFUSED
    by_key = {one.key: one.mean.value for one in figures.of(rows.load(run).rows)}
    assert (by_key["facts"], by_key["citations.first"], by_key["refusals"], by_key["refusals.false"]) == (1, 1, 1, 0)
    with house.ada.transaction():
        assert not Conversation.objects.filter(is_listed=True).exists()
    page = run.with_suffix(".html").read_text("utf-8")
    assert "facts present" in page
    assert "Evaluation: 3 questions" in page


def test_it_is_asked_with_the_persons_rights(house: House, shelf: str, written: Path) -> None:
    run = written.with_suffix(".run")
    evaluate(house, str(written), "--run", str(run), who="charlie")
    assert all(not names for row in rows.load(run).rows for names in row.ranked.values())
    with pytest.raises(CommandError, match="no collection Rules"):
        evaluate(house, str(written), "--run", str(run), "--collection", shelf, who="charlie")


def test_a_run_that_broke_off_goes_on_and_asks_nothing_twice(house: House, shelf: str, written: Path) -> None:
    run = written.with_suffix(".run")
    evaluate(house, str(written), "--run", str(run), "--collection", shelf)
    whole = run.read_text("utf-8").splitlines(keepends=True)
    run.write_text("".join(whole[:2]) + whole[2][:-9], encoding="utf-8")  # killed in the middle of its second row
    with mock.patch.object(searching, "searched", wraps=searching.searched) as searched:
        evaluate(house, str(written), "--run", str(run), "--collection", shelf)
    assert [call.args[1].id for call in searched.call_args_list] == ["trains", "zebras"]
    assert [row.id for row in rows.load(run).rows] == ["abroad", "trains", "zebras"]


def test_a_run_made_otherwise_is_not_gone_on_with(house: House, shelf: str, written: Path) -> None:
    run = written.with_suffix(".run")
    evaluate(house, str(written), "--run", str(run))
    before = run.read_bytes()
    with pytest.raises(CommandError, match="other collections, person"):
        evaluate(house, str(written), "--run", str(run), who="bob")
    assert run.read_bytes() == before


def test_a_question_that_is_not_taken_has_failed_and_the_run_goes_on(
    house: House, shelf: str, written: Path, settings: Any
) -> None:
    asking.speak(settings, ["Trains are booked in second class."])
    policies.add(house, policies.words("abroad", Stage.INPUT, Action.REQUIRE_REASON, "abroad"))
    endless = {"id": "endless", "question": "Which class? " * 700, "documents": ["trains.txt"], "facts": ["a", "b"]}
    written.write_text("\n".join(map(json.dumps, [SET[0], endless, SET[1]])), encoding="utf-8")
    run = written.with_suffix(".run")
    with asking.unrung():
        evaluate(house, str(written), "--run", str(run), "--answers")
    kept = {row.id: row.answered for row in rows.load(run).rows if row.answered}
    assert kept["abroad"] == Answered(Status.FAILED, met=(False,), fault="reason_required")
    assert kept["endless"] == Answered(Status.FAILED, met=(False, False), fault="invalid_input")
    assert kept["trains"].status == Status.ANSWERED
    with mock.patch.object(conversations, "ask") as ask:
        evaluate(house, str(written), "--run", str(run), "--answers")
    assert ask.call_count == 0


def test_a_run_is_not_gone_on_with_by_another_prompt_length_or_strictness(
    house: House, shelf: str, written: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.speak(settings, [ABROAD] * 3)
    run = written.with_suffix(".run")
    with asking.unrung():
        evaluate(house, str(written), "--run", str(run), "--answers")
    kept = run.read_bytes()
    monkeypatch.setattr(prompts, "DEFAULT", "answer-0")
    settings.SENT_CHARACTERS = 700
    (there,) = catalog.listed(house.ada)
    catalog.change(house.ada, there.pk, strictness="strict")
    with pytest.raises(CommandError, match="other prompt, sent_characters, strictness"):
        evaluate(house, str(written), "--run", str(run), "--answers")
    assert run.read_bytes() == kept


def test_a_set_with_a_mark_before_it_and_a_run_that_holds_nothing_yet_are_taken(
    house: House, shelf: str, written: Path
) -> None:
    written.write_text(written.read_text("utf-8"), encoding="utf-8-sig")
    run, page = written.with_suffix(".run"), written.with_name("pages") / "of today" / "report.html"
    run.touch()
    evaluate(house, str(written), "--run", str(run), "--report", str(page))
    assert [row.id for row in rows.load(run).rows] == ["abroad", "trains", "zebras"]
    assert "Evaluation: 3 questions" in page.read_text("utf-8")


def test_what_cannot_be_written_is_said_before_anything_is_asked(house: House, shelf: str, written: Path) -> None:
    run = written.with_suffix(".run")
    with (
        mock.patch.object(searching, "searched", wraps=searching.searched) as searched,
        pytest.raises(CommandError, match="cannot be written"),
    ):
        evaluate(house, str(written), "--run", str(run), "--report", str(written / "report.html"))
    assert searched.call_count == 0
    with pytest.raises(CommandError, match="gone is no run"):
        evaluate(house, str(written), "--run", str(run), "--against", str(written.with_name("gone")))
    assert not run.exists()


def test_what_cannot_be_written_in_the_end_is_said_and_the_run_is_kept(house: House, shelf: str, written: Path) -> None:
    run, page = written.with_suffix(".run"), written.with_name("report.html")
    page.symlink_to("/gone/report.html")  # what shows itself only once it is written
    with pytest.raises(CommandError, match=r"report\.html cannot be written: No such file"):
        evaluate(house, str(written), "--run", str(run), "--report", str(page))
    assert len(rows.load(run).rows) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tenant", "nobody-here"], "no tenant nobody-here"),
        (["--user", "nobody@nowhere.example"], "nobody with the e-mail"),
        (["--run", "/dev/null/run"], "is no run"),
    ],
)
def test_what_is_not_there_is_named(house: House, written: Path, arguments: list[str], said: str) -> None:
    base = [str(written)] if "--run" not in arguments else []
    run = [] if "--run" in arguments else ["--run", str(written.with_suffix(".run"))]
    with pytest.raises(CommandError, match=said):
        evaluate(house, *base, *run, *arguments)


def test_changes_are_paired_and_say_whether_they_are_chance() -> None:
    def run(place: int, amount: int = 40) -> list[rows.Row]:
        ranked = ["other"] * place + ["right"]
        return [rows.Row(str(n), "", "", True, ("right",), {"both": tuple(ranked)}, search_ms=n) for n in range(amount)]

    change = {one.key: one for one in figures.changes(run(3), run(0, 50))}
    assert change["both.mrr"].verdict == "better"
    assert (change["both.mrr"].before.value, change["both.mrr"].gain.number) == (0.25, 40)
    assert {one.key: one.verdict for one in figures.changes(run(0), run(3))}["both.ndcg10"] == "worse"
    assert change["search_ms"].verdict == "within chance"
    page = reports.page(rows.Run({"set": "s"}, tuple(run(0))), rows.Run({}, tuple(run(3))))
    assert "better" in page


def test_a_question_in_other_words_is_not_compared_with_what_it_was(house: House, shelf: str, written: Path) -> None:
    before, after, old = (written.with_suffix(end) for end in (".before", ".after", ".old"))
    evaluate(house, str(written), "--run", str(before))
    reworded = [{**SET[0], "question": "How long abroad?"}, *SET[1:]]
    written.write_text("\n".join(map(json.dumps, reworded)), encoding="utf-8")
    evaluate(house, str(written), "--run", str(after))
    compared = {one.key: one.gain.number for one in figures.changes(rows.load(before).rows, rows.load(after).rows)}
    assert (compared["both.ndcg10"], compared["search_ms"]) == (1, 2)
    lines = [json.loads(line) for line in before.read_text("utf-8").splitlines()]
    for line in lines:
        line.pop("asked", None)  # as a run from before it was kept
    old.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    compared = {one.key: one.gain.number for one in figures.changes(rows.load(old).rows, rows.load(after).rows)}
    assert compared["search_ms"] == 3


def test_figures_are_told_by_language_where_there_are_several() -> None:
    def run(*languages: str) -> rows.Run:
        ranked = {"both": ("right",)}
        return rows.Run({}, tuple(rows.Row(str(n), "", of, True, ("right",), ranked) for n, of in enumerate(languages)))

    assert [(name, len(of)) for name, of in rows.parts(run("de", "en", "", "de").rows)] == [
        ("in no language named", 1),
        ("in de", 2),
        ("in en", 1),
    ]
    assert rows.parts(run("de", "de").rows) == []
    assert "<h2>in de: 2 questions</h2>" in reports.page(run("de", "en", "de"))


@pytest.mark.parametrize(
    ("risen", "verdict"), [(0, "within chance"), (4, "within chance"), (5, "within chance"), (6, "better")]
)
@pytest.mark.parametrize("same", [0, 46])
def test_fewer_than_six_questions_that_differ_tell_no_difference(risen: int, same: int, verdict: str) -> None:
    def run(place: int) -> list[rows.Row]:
        ranked = {n: ["other"] * (place if n < risen else 0) + ["right"] for n in range(risen + same + 1)}
        return [rows.Row(str(n), "", "", True, ("right",), {"both": tuple(ranked[n])}) for n in ranked]

    forth = {one.key: one.verdict for one in figures.changes(run(7), run(0))}
    back = {one.key: one.verdict for one in figures.changes(run(0), run(7))}
    assert (forth["both.mrr"], forth["both.hit5"]) == (verdict, verdict)
    assert (back["both.mrr"], back["both.hit5"]) == ((verdict.replace("better", "worse"),) * 2)


def test_the_search_that_is_measured_is_the_one_that_answers_are_written_from(house: House, shelf: str) -> None:
    question = Question("pto", "Is PTO possible in a zelkova?", frozenset({"trains.txt"}))
    assert searching.searched(house.ada, question, []).ranked["words"] == ()
    glossary.add(house.ada, "zelkova", ["second class"])
    assert searching.searched(house.ada, question, []).ranked["words"] == ("trains.txt",)


def test_a_short_form_that_the_glossary_explains_is_not_missed(house: House, shelf: str) -> None:
    asked = Question("2t", "Which class are 2TR booked in?", frozenset({"trains.txt"}))
    assert not searching.searched(house.ada, asked, []).suffices
    glossary.add(house.ada, "2TR", ["trains"])
    assert searching.searched(house.ada, asked, []).suffices


def test_a_name_that_is_not_meant_is_not_missed(house: House, shelf: str) -> None:
    asked = "How many working days a year may be spent abroad, not FM40?"
    assert searching.searched(house.ada, Question("abroad", asked, frozenset({"abroad.txt"})), []).suffices


def test_who_has_spent_what_they_may_is_told_and_does_not_knock_on(house: House, shelf: str) -> None:
    question = Question("abroad", asking.QUESTION, frozenset({"abroad.txt"}), (Fact(("twenty",)),))
    spent = QuotaSpent("Spent until midnight.", wait_s=3_600.0)
    with (
        mock.patch.object(conversations, "ask", side_effect=spent) as ask,
        pytest.raises(QuotaSpent),
    ):
        evaluated.answered(house.ada, question, [])
    assert ask.call_count == 1


def test_an_answer_that_does_not_come_is_said(house: House, shelf: str, settings: Any) -> None:
    question = Question("abroad", asking.QUESTION, frozenset({"abroad.txt"}), (Fact(("twenty",)),))
    with (
        asking.unrung(),
        mock.patch.object(answering, "answer"),
        mock.patch.object(evaluated, "_PATIENCE_S", 0.0),
        pytest.raises(evaluated.NoAnswer, match="abroad is queued"),
    ):
        evaluated.answered(house.ada, question, [])
