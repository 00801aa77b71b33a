"""The question set of a collection: whose it is, what is taken in, and how a run goes on, ends and begins by itself."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from assistant import answering, conversations
from assistant.evaluation import runs, sets, work
from assistant.models import RunState, SetQuestion, SetRun, Status
from governance import grants
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound, QuotaSpent
from governance.roles import Level
from inference.runners.scripted import ScriptedChat
from ingestion import catalog
from ingestion.documents import document_names, restrictions
from ingestion.models import Version
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells

ABROAD = "Twenty working days a year may be spent abroad."
SET: list[dict[str, Any]] = [
    {"id": "abroad", "question": asking.QUESTION, "documents": ["abroad.txt"], "facts": ["twenty"], "kind": "plain"},
    {"id": "zebras", "question": asking.OFF_TOPIC, "unanswerable": True, "kind": "off topic"},
]


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Rules").pk
    bells.ingested(house, made, ABROAD, "abroad.txt")
    return made


@pytest.fixture
def model(settings: Any) -> ScriptedChat:
    return asking.speak(settings)


def asked(house: House, row: SetRun, most: int = 20) -> SetRun:
    """As the sweep rings for it, again and again."""
    for _ in range(most):
        with house.system.transaction():
            SetRun.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        work.stretch(house.tenant, row.pk)
        row = runs.get(house.ada, row.collection_id, row.pk)
        if row.state != RunState.RUNNING:
            return row
        if row.answer:
            answering.answer(house.tenant, row.answer)
    raise AssertionError(f"{row.done} of {row.total} questions after {most} stretches")


def test_a_set_is_written_and_comes_back_as_it_was(house: House, shelf: uuid.UUID) -> None:
    sets.replace(house.ada, shelf, SET)
    assert sets.lines(house.ada, shelf) == SET
    sets.put(house.ada, shelf, json.dumps(SET[0] | {"facts": ["20", ["twenty", "zwanzig"]]}) + "\n\n")
    assert sets.lines(house.ada, shelf)[0]["facts"] == ["20", ["twenty", "zwanzig"]]
    assert sets.add(house.ada, shelf, {"question": "Who pays?", "documents": ["abroad.txt"]}).key == "1"
    facts = [leaf["facts"] for leaf in leaves(house, "questions.changed")]
    assert facts == [{"written": 2, "dropped": 0}, {"written": 1, "dropped": 1}, {"written": 1, "dropped": 0}]


def test_what_is_handed_out_is_taken_in_whatever_signs_it_holds(house: House, shelf: uuid.UUID) -> None:
    told = [{"id": "odd", "question": "One\u2028two\x85three?", "facts": ["a\u2029b"]}]
    text = "\n".join(json.dumps(one, ensure_ascii=False) for one in told)
    assert sets.put(house.ada, shelf, text) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "it is no JSON"),
        ('{"id": "a", "question": "Who?"}', "names documents or facts"),
        ('{"id": "a", "question": "Who?", "facts": [{"pattern": "("}]}', "Line 1"),
        (json.dumps({"id": "a" * 101, "question": "Who?", "facts": ["I"]}), "at most 100 characters"),
        (json.dumps({"id": "a", "question": "Who? " * 9000, "facts": ["I"]}), "too long"),
    ],
)
def test_what_is_no_question_is_named_and_nothing_of_the_file_is_taken(
    house: House, shelf: uuid.UUID, line: str, said: str
) -> None:
    sets.replace(house.ada, shelf, SET)
    with pytest.raises(InvalidInput, match=said):
        sets.put(house.ada, shelf, line)
    assert sets.lines(house.ada, shelf) == SET


def test_it_is_for_who_manages_the_collection_and_may_read_it(house: House, shelf: uuid.UUID) -> None:
    sets.replace(house.ada, shelf, SET)
    row = runs.start(house.ada, shelf)
    grants.give(house.ada, shelf, grants.Holder(person=house.ids["bob"]), Level.CONTRIBUTE)
    for stranger in (house.bob, house.charlie):
        for deed in (sets.lines, runs.history, runs.start):
            with pytest.raises(Exception, match=r"may not do this|may see"):
                deed(stranger, shelf)
        with stranger.transaction():
            assert not SetRun.objects.filter(pk=row.pk).exists()
    with pytest.raises(NotFound):
        runs.get(house.ada, catalog.create(house.ada, "Other").pk, row.pk)


def test_a_run_without_answers_measures_the_search_alone(house: House, shelf: uuid.UUID) -> None:
    sets.replace(house.ada, shelf, SET)
    row = asked(house, runs.start(house.ada, shelf))
    assert (row.state, row.done, row.answer) == (RunState.DONE, 2, None)
    assert row.figures["both.recall5"][0] == 1.0
    assert "facts" not in row.figures
    (ended,) = leaves(house, "evaluation.ended")
    assert ended["facts"] == {"run": str(row.pk), "state": "done", "questions": 2, "of": 2}


def test_a_run_with_answers_waits_for_each_and_is_compared(house: House, shelf: uuid.UUID, model: ScriptedChat) -> None:
    sets.replace(house.ada, shelf, SET)
    row = asked(house, runs.start(house.ada, shelf, answers=True))
    told = {one.id: one.answered for one in runs.read(house.ada, row).rows}
    assert {key: (one.status, one.met) for key, one in told.items() if one} == {
        "abroad": (Status.ANSWERED, (True,)),
        "zebras": (Status.REFUSED, ()),
    }
    again = asked(house, runs.start(house.ada, shelf, answers=True))
    assert runs.before(house.ada, again) == row
    page = portal.signed_in(house, "ada").get(f"/collections/{shelf}/evaluations/{again.pk}").content.decode()
    assert "Before is" in page
    assert "Within chance" in page


def test_a_question_that_failed_meets_none_of_its_facts(house: House, shelf: uuid.UUID, model: ScriptedChat) -> None:
    sets.replace(house.ada, shelf, SET)
    with mock.patch.object(conversations, "ask", side_effect=Forbidden("Say why.")):
        row = asked(house, runs.start(house.ada, shelf, answers=True))
    told = {one.id: one.answered for one in runs.read(house.ada, row).rows}
    assert {key: (one.status, one.met) for key, one in told.items() if one} == {
        "abroad": (Status.FAILED, (False,)),
        "zebras": (Status.FAILED, ()),
    }
    assert row.figures["facts"][0] == 0.0


def test_only_questions_in_the_same_words_are_compared(house: House, shelf: uuid.UUID) -> None:
    ada = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    sets.replace(house.ada, shelf, SET)
    asked(house, runs.start(house.ada, shelf))
    sets.replace(house.ada, shelf, [SET[0] | {"question": "How long may one be abroad?"}, SET[1]])
    row = asked(house, runs.start(house.ada, shelf))
    at = f"collections/{shelf}/evaluations/{row.pk}"
    changed = {one["figure"] for one in ada.get(f"/api/v1/{at}").json()["changes"]}
    assert "evidence.refusals" in changed  # of the zebras
    assert "both.hit5" not in changed  # of what is asked in other words
    (then,) = [one for one in runs.changes(house.ada, runs.history(house.ada, shelf)[1], row) if one.key == "search_ms"]
    assert then.gain.number == 1
    page = portal.signed_in(house, "ada").get(f"/{at}").content.decode()
    assert page.count("Within chance") == 2  # beside a figure, and where it is explained


def test_a_run_waits_for_a_quota_as_long_as_it_says_and_not_for_days(
    house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    sets.replace(house.ada, shelf, SET)
    row = runs.start(house.ada, shelf, answers=True)
    for wait_s, waits in ((60.0, timedelta(seconds=60)), (1_000_000.0, work.LONGEST_PAUSE)):
        with mock.patch.object(conversations, "ask", side_effect=QuotaSpent("Spent.", wait_s=wait_s)):
            before = timezone.now()
            work.stretch(house.tenant, row.pk)
        with house.system.transaction():
            until = SetRun.objects.get(pk=row.pk).lease_until
            SetRun.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert until is not None
        assert waits <= until - before < waits + timedelta(seconds=30)


def test_only_one_run_goes_on_at_once_and_it_can_be_stopped(house: House, shelf: uuid.UUID) -> None:
    with pytest.raises(InvalidInput, match="no question"):
        runs.start(house.ada, shelf)
    sets.replace(house.ada, shelf, SET)
    row = runs.start(house.ada, shelf)
    with pytest.raises(Conflict, match="asked already"):
        runs.start(house.ada, shelf)
    assert runs.stop(house.ada, shelf, row.pk).state == RunState.STOPPED
    work.stretch(house.tenant, row.pk)
    assert runs.get(house.ada, shelf, row.pk).done == 0
    assert runs.start(house.ada, shelf).state == RunState.RUNNING


def test_a_worker_that_dies_leaves_a_run_that_another_takes_up_where_it_was(
    house: House, shelf: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets.replace(house.ada, shelf, SET)
    row = runs.start(house.ada, shelf)
    monkeypatch.setattr(work, "STRETCH_S", 0.0)
    claimed = work.RUNS.take(house.tenant, row.pk)
    assert claimed is not None
    assert work._step(claimed)
    assert (house.tenant, row.pk) not in work.due()  # while its lease runs nobody else is rung for it
    assert work.RUNS.take(house.tenant, row.pk) is None
    monkeypatch.setattr(work, "STRETCH_S", 9.0)
    row = asked(house, row)
    assert [one.id for one in runs.read(house.ada, row).rows] == ["abroad", "zebras"]


def test_who_may_no_longer_manage_the_collection_ends_their_run(house: House, shelf: uuid.UUID) -> None:
    grants.give(house.ada, shelf, grants.Holder(person=house.ids["bob"]), Level.MANAGE)
    sets.replace(house.bob, shelf, SET)
    row = runs.start(house.bob, shelf)
    (held,) = [one for one in grants.listed(house.ada, shelf) if one.person_id == house.ids["bob"]]
    grants.withdraw(house.ada, shelf, held.pk)
    row = asked(house, row)
    assert (row.state, row.done) == (RunState.FAILED, 0)
    assert "no longer" in row.error


def test_a_change_has_the_set_asked_again_once_it_has_come_to_rest(house: House, shelf: uuid.UUID) -> None:
    sets.replace(house.ada, shelf, SET)
    first = asked(house, runs.start(house.ada, shelf))

    def rest(ago: timedelta) -> list[SetRun]:
        long_ago = timezone.now() - ago
        with house.system.transaction():
            SetRun.objects.filter(pk=first.pk).update(looked_at=long_ago - timedelta(minutes=5))
            Version.objects.filter(collection=shelf).update(ended_at=long_ago)
            SetQuestion.objects.filter(collection=shelf).update(created_at=long_ago)
        work.begin_due()
        return runs.history(house.ada, shelf)

    assert len(rest(timedelta(minutes=3))) == 1  # it was only made ready anew: what is read is the same
    bells.ingested(house, shelf, "Trains are booked in second class.", "trains.txt")
    assert len(rest(timedelta(minutes=1))) == 1
    again, _ = rest(timedelta(minutes=3))
    assert (again.is_automatic, again.has_answers, again.started_by) == (True, False, house.ids["ada"])


def test_a_file_of_the_portal_is_taken_in_and_handed_out(house: House, shelf: uuid.UUID) -> None:
    ada = portal.signed_in(house, "ada")
    at = f"/collections/{shelf}/questions"
    assert "No question yet" in ada.get(at).content.decode()
    written = "\n".join(map(json.dumps, SET)).encode()
    ada.post(f"{at}/import", {"file": SimpleUploadedFile("set.jsonl", b"\xef\xbb\xbf" + written)})
    assert [json.loads(line) for line in ada.get(f"{at}.jsonl").content.decode().splitlines()] == SET
    ada.post(f"{at}/add", {"question": "Who pays?", "facts": "the employer\n\nat once", "documents": ""})
    assert sets.lines(house.ada, shelf)[0] == {"id": "1", "question": "Who pays?", "facts": ["the employer", "at once"]}
    for sent, said in ((b"\xff\xfe", "not UTF-8"), (b"{", "it is no JSON")):
        response = ada.post(f"{at}/import", {"file": SimpleUploadedFile("set.jsonl", sent)}, follow=True)
        assert said in response.content.decode()
    ada.post(f"{at}/{sets.listed(house.ada, shelf)[0].pk}/delete")
    assert sets.lines(house.ada, shelf) == SET


def test_by_the_api(house: House, shelf: uuid.UUID) -> None:
    ada = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    at = f"/api/v1/collections/{shelf}"
    put = ada.put(f"{at}/questions", {"questions": SET}, content_type="application/json")
    assert put.json() == {"questions": SET}
    assert ada.get(f"{at}/questions").json() == {"questions": SET, "next": None}
    begun = ada.post(f"{at}/evaluations", {}, content_type="application/json")
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    asked(house, runs.get(house.ada, shelf, uuid.UUID(begun.json()["id"])))
    told = ada.get(f"{at}/evaluations/{begun.json()['id']}").json()
    assert (told["state"], told["figures"]["both.ndcg10"]["mean"], told["changes"]) == ("done", 1.0, [])
    assert [row["id"] for row in told["rows"]] == ["abroad", "zebras"]
    assert ada.put(f"{at}/questions", {"questions": [{}]}, content_type="application/json").status_code == 400


def test_what_is_kept_from_a_manager_is_in_no_set_and_no_run_of_theirs(house: House, shelf: uuid.UUID) -> None:
    """A document that is restricted later: what was asked about it, and what came of that, is for who may read it."""
    other = bells.ingested(house, shelf, "The works council meets on Tuesdays.", "council.txt")
    lines = [
        *SET,
        {"id": "council", "question": "When does it meet?", "documents": ["council.txt"], "facts": ["Tuesday"]},
    ]
    sets.replace(house.ada, shelf, lines)
    row = asked(house, runs.start(house.ada, shelf))
    grants.give(house.ada, shelf, grants.Holder(person=house.ids["bob"]), Level.MANAGE)
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["ada"])])
    assert [one["id"] for one in sets.lines(house.ada, shelf)] == ["abroad", "council", "zebras"]
    assert [one["id"] for one in sets.lines(house.bob, shelf)] == ["abroad", "zebras"]
    assert list(runs.questions(house.bob, row)) == ["abroad", "zebras"]
    came = runs.read(house.bob, row).rows
    assert [one.id for one in came] == ["abroad", "zebras"]
    assert "council.txt" not in repr(came)
    assert "council.txt" in repr(runs.read(house.ada, row).rows)
    bob = portal.signed_in(house, "bob")
    for place in ("questions", "questions.jsonl", f"evaluations/{row.pk}"):
        page = bob.get(f"/collections/{shelf}/{place}")
        assert page.status_code == 200
        assert b"council" not in page.content
    sets.replace(house.bob, shelf, lines[:1])
    with pytest.raises(InvalidInput):
        sets.add(house.bob, shelf, lines[2])
    assert [one["id"] for one in sets.lines(house.ada, shelf)] == ["abroad", "council"]  # not theirs to take away


def test_what_is_kept_from_a_manager_is_kept_under_its_former_name_too(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, "The works council meets on Tuesdays.", "council.txt")
    about = {"id": "council", "question": "When does it meet?", "documents": ["council.txt"], "facts": ["Tuesday"]}
    sets.replace(house.ada, shelf, [*SET, about])
    row = asked(house, runs.start(house.ada, shelf))
    grants.give(house.ada, shelf, grants.Holder(person=house.ids["bob"]), Level.MANAGE)
    restrictions.restrict(house.ada, other.pk, [grants.Holder(person=house.ids["ada"])])
    with house.ada.transaction():
        document_names.change(house.ada, other.pk, "minutes.txt", "", {})
    assert [one["id"] for one in sets.lines(house.bob, shelf)] == ["abroad", "zebras"]
    assert list(runs.questions(house.bob, row)) == ["abroad", "zebras"]
    came = runs.read(house.bob, row).rows
    assert [one.id for one in came] == ["abroad", "zebras"]
    assert "council.txt" not in repr(came)
    assert [one["id"] for one in sets.lines(house.ada, shelf)] == ["abroad", "council", "zebras"]
