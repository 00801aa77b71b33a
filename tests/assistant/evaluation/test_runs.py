"""A run goes on with what it was begun with: with the key, past a model that is away, and again after something was taken out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.utils import timezone

from assistant import answering
from assistant.evaluation import rows, runs, sets, work
from assistant.evaluation.rows import Answered
from assistant.models import Answer, RunState, SetQuestion, SetRun, Status
from governance import keys, quotas
from governance.errors import Forbidden, Unavailable
from governance.quotas import limits
from governance.quotas.limits import Draft, Subject
from governance.quotas.models import Measure, Per
from governance.scope import Scope
from inference.runners.base import ChatRequest
from inference.runners.scripted import ScriptedChat
from ingestion import catalog
from ingestion.documents import binned, removal
from ingestion.models import Version
from tests.assistant import asking
from tests.assistant.evaluation.test_sets import asked
from tests.cast import House
from tests.ingestion import bells

ABROAD = "Twenty working days a year may be spent abroad. "
SET: list[dict[str, Any]] = [
    {"id": "abroad", "question": asking.QUESTION, "documents": ["abroad.txt"], "facts": ["twenty"]},
    {"id": "trains", "question": "Which class are trains booked in?", "documents": ["trains.txt"], "facts": ["second"]},
]


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Rules").pk
    bells.ingested(house, made, ABROAD, "abroad.txt")
    bells.ingested(house, made, "Trains are booked in second class.", "trains.txt")
    sets.replace(house.ada, made, SET)
    return made


@pytest.fixture
def model(settings: Any) -> ScriptedChat:
    return asking.speak(settings)


def by_key(house: House, scopes: str) -> Scope:
    scope = keys.resolve(house.key("ada", scopes))
    assert scope is not None
    return scope


def answered(house: House, row: SetRun) -> dict[str, Answered]:
    return {one.id: one.answered for one in runs.read(house.ada, row).rows if one.answered}


def set_run(house: House, row: SetRun, **fields: Any) -> None:
    with house.system.transaction():
        SetRun.objects.filter(pk=row.pk).update(**fields)


def failed_once(house: House, row: SetRun) -> tuple[SetRun, timedelta]:
    """The run after one question of it was asked and answered, and for how long it rests then."""
    for _ in range(2):
        set_run(house, row, lease_until=timezone.now() - timedelta(seconds=1))
        before = timezone.now()
        work.stretch(house.tenant, row.pk)
        row = runs.get(house.ada, row.collection_id, row.pk)
        if row.answer:
            answering.answer(house.tenant, row.answer)
    assert row.lease_until is not None
    return row, row.lease_until - before


def test_a_key_that_may_not_ask_has_nothing_answered(house: House, shelf: uuid.UUID, model: ScriptedChat) -> None:
    key = Client(headers={"Authorization": f"Bearer {house.key('ada', 'read manage')}"})
    at = f"/api/v1/collections/{shelf}/evaluations"
    assert key.post(at, {"answers": True}, content_type="application/json").status_code == 403
    assert runs.history(house.ada, shelf) == []
    assert key.post(at, {}, content_type="application/json").status_code == 202
    (row,) = runs.history(house.ada, shelf)
    assert asked(house, row).state == RunState.DONE
    with pytest.raises(Forbidden):
        runs.start(by_key(house, "read manage"), shelf, answers=True)
    assert model.requests == []


def test_a_run_is_asked_with_its_key_and_ends_with_it(house: House, shelf: uuid.UUID, model: ScriptedChat) -> None:
    scope = by_key(house, "read manage ask")
    assert scope.key is not None
    row = runs.start(scope, shelf, answers=True)
    work.stretch(house.tenant, row.pk)
    with house.ada.transaction():
        assert [one.key for one in Answer.objects.all()] == [scope.key]
    keys.revoke(house.system, scope.key)
    row = asked(house, row)
    assert (row.state, row.done) == (RunState.FAILED, 0)
    assert "the key that began it has ended" in row.error


def test_a_key_that_lost_its_scope_asks_nothing_more(house: House, shelf: uuid.UUID, model: ScriptedChat) -> None:
    row = runs.start(house.ada, shelf, answers=True)
    set_run(house, row, key=by_key(house, "read manage").key)
    assert asked(house, row).state == RunState.FAILED
    assert model.requests == []


def goes_away(_: ChatRequest) -> Iterator[str]:
    yield f"{ABROAD}Longer "
    raise Unavailable("broke off")


def is_away(_: ChatRequest) -> str:
    raise Unavailable("connection refused")


@pytest.mark.parametrize("says", [is_away, goes_away])
def test_a_model_that_is_away_is_waited_for(
    house: House, shelf: uuid.UUID, settings: Any, says: Callable[[ChatRequest], str | Iterator[str]]
) -> None:
    asking.speak(settings, says)
    row = runs.start(house.ada, shelf, answers=True)
    for tries, pause in ((1, work.PAUSE), (2, 2 * work.PAUSE)):
        row, rests = failed_once(house, row)
        assert (row.done, row.answer, row.tries) == (0, None, tries)
        assert pause <= rests < pause + timedelta(seconds=2)
    asking.speak(settings)
    row = asked(house, row)
    assert (row.state, row.tries) == (RunState.DONE, 0)
    assert {one.status for one in answered(house, row).values()} == {Status.ANSWERED}
    assert row.figures["facts"][0] == 1.0


def test_a_quota_that_runs_out_is_waited_for(house: House, shelf: uuid.UUID, model: ScriptedChat) -> None:
    def limit(tokens: int) -> None:
        limits.write(house.ada, Draft(Subject(is_each=True), Measure.TOKENS, Per.DAY, Decimal(tokens)))

    limit(1_000)
    before = uuid.uuid4()
    quotas.reserve(house.ada, before, 480)
    quotas.settle(
        house.ada, before, 480
    )  # 520 are left: 512 are set aside as it is asked, and more once its prompt is known
    row = runs.start(house.ada, shelf, answers=True)
    row, rests = failed_once(house, row)
    assert (row.done, row.tries, model.requests) == (0, 1, [])
    assert work.LONGEST_PAUSE <= rests < work.LONGEST_PAUSE + timedelta(seconds=2)
    limit(100_000)
    row = asked(house, row)
    assert {one.status for one in answered(house, row).values()} == {Status.ANSWERED}


def test_a_model_that_stays_away_does_not_keep_a_run_for_ever(house: House, shelf: uuid.UUID, settings: Any) -> None:
    asking.speak(settings, is_away)
    row = asked(house, runs.start(house.ada, shelf, answers=True), 2 * (len(SET) * work.TRIES + 1))
    assert row.state == RunState.DONE
    told = answered(house, row)
    assert {one.fault for one in told.values()} == {"unavailable"}
    assert {one.met for one in told.values()} == {(False,)}
    with house.ada.transaction():
        assert Answer.objects.count() == len(SET) * work.TRIES


def test_from_the_command_line_it_ends_the_run_and_costs_no_question(
    house: House, shelf: uuid.UUID, settings: Any, tmp_path: Path
) -> None:
    written, run = tmp_path / "set.jsonl", tmp_path / "run.jsonl"
    written.write_text("\n".join(map(json.dumps, SET)), encoding="utf-8")
    who = ["--tenant", house.slug, "--user", house.email("ada"), "--run", str(run), "--answers"]
    asking.speak(settings, [ABROAD, Unavailable("connection refused")])
    with (
        asking.unrung(),
        pytest.raises(CommandError, match="trains could not be answered: unavailable"),
    ):
        call_command("evaluate", str(written), *who)
    assert [one.id for one in rows.load(run).rows] == ["abroad"]
    asking.speak(settings)
    with asking.unrung():
        call_command("evaluate", str(written), *who)
    assert [(one.id, one.answered.status) for one in rows.load(run).rows if one.answered] == [
        ("abroad", Status.ANSWERED),
        ("trains", Status.ANSWERED),
    ]


@pytest.mark.parametrize("taken", ["a document", "a question"])
def test_what_was_taken_out_for_good_has_the_set_asked_again(house: House, shelf: uuid.UUID, taken: str) -> None:
    first = asked(house, runs.start(house.ada, shelf))
    long_ago = timezone.now() - timedelta(days=1)
    with house.system.transaction():
        SetRun.objects.filter(pk=first.pk).update(changed_at=None, looked_at=long_ago + timedelta(hours=1))
        Version.objects.filter(collection=shelf).update(ended_at=long_ago)
        SetQuestion.objects.filter(collection=shelf).update(created_at=long_ago)
    work.begin_due()
    assert runs.history(house.ada, shelf) == [first]
    if taken == "a document":
        binned.keep_for(house.ada, 0)
        with house.system.transaction():
            gone = Version.objects.filter(collection=shelf).latest("created_at").document_id
        removal.delete(house.ada, gone)
    else:
        sets.drop(house.ada, shelf, sets.listed(house.ada, shelf)[0].pk)
    work.begin_due()
    assert runs.history(house.ada, shelf) == [first]  # it has not come to rest
    set_run(house, first, changed_at=F("changed_at") - timedelta(minutes=3))
    work.begin_due()
    again, _ = runs.history(house.ada, shelf)
    assert again.is_automatic


@pytest.mark.parametrize("has_ended", [False, True])
def test_a_set_is_asked_again_with_the_key_that_began_it_and_not_without(
    house: House, shelf: uuid.UUID, has_ended: bool
) -> None:
    scope = by_key(house, "read manage")
    assert scope.key is not None
    first = asked(house, runs.start(scope, shelf))
    sets.drop(house.ada, shelf, sets.listed(house.ada, shelf)[0].pk)
    now = timezone.now()
    with house.system.transaction():
        Version.objects.filter(collection=shelf).update(ended_at=now - timedelta(days=1))
        SetQuestion.objects.filter(collection=shelf).update(created_at=now - timedelta(days=1))
    set_run(house, first, changed_at=now - timedelta(minutes=3), looked_at=now - timedelta(hours=1))
    if has_ended:
        keys.revoke(house.system, scope.key)
    assert work.begin_due() == int(not has_ended)
    again = runs.history(house.ada, shelf)[0]
    assert (again.pk == first.pk) is has_ended
    assert (again.started_by, again.key) == (house.ids["ada"], scope.key)
    if not has_ended:
        assert asked(house, again).state == RunState.DONE
