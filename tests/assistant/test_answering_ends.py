"""What an answer ends as when something goes wrong: always a named state, a sentence for the person, and one event."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from assistant import answering, conversations, models
from assistant.answering import lease, prompting
from assistant.models import Status
from assistant.showing import wording
from governance import keys, quotas, tenants
from governance.errors import Busy, QuotaSpent, Unavailable
from governance.models import Person
from inference.runners.base import ChatRequest
from tests.assistant import asking
from tests.cast import House
from tests.governance.database import as_superuser, leaves

SENTENCE = "Twenty working days a year may be spent abroad. "
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def shelf(house: House) -> uuid.UUID:
    return asking.shelf(house)


def test_stopped_before_anyone_began_it_ends_at_once_and_is_never_begun(house: House, settings: Any) -> None:
    model = asking.speak(settings, [])
    asked = asking.ask(house.bob)
    for _ in range(2):
        stopped = conversations.cancel(house.bob, asked.pk)
        assert (stopped.status, stopped.notice) == (Status.CANCELLED, "You stopped it.")
    answering.answer(house.tenant, asked.pk)
    assert model.requests == []
    assert asking.record(house, asked.pk)[-2:] == ["answer.cancelled", "answer.finished"]
    assert asking.end(house, asked.pk)["status"] == "cancelled"


def test_stopped_while_it_is_written_it_keeps_what_was_delivered(house: House, settings: Any) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        yield SENTENCE
        yield "Longer "  # what follows shows the gate that the sentence is whole
        conversations.cancel(house.bob, asked.pk)
        yield from until_hung_up()

    asking.speak(settings, speech)
    asked = asking.ask(house.bob)
    answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert (row.status, row.notice) == (Status.CANCELLED, "You stopped it.")
    assert asking.said(row) == SENTENCE
    assert asking.record(house, asked.pk)[-5:] == [
        "policy.decided output",
        "answer.segment",
        "answer.cancelled",
        "answer.withheld",
        "answer.finished",
    ]
    assert asking.end(house, asked.pk)["segments"] == 1


def until_hung_up() -> Iterator[str]:
    """Blanks, which deliver nothing, until the watch cuts the line."""
    patience = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        patience.wait(0.01)
        yield " "
    raise AssertionError("nobody hung up")


def test_a_model_that_is_down_fails_the_answer_with_a_sentence(house: House, settings: Any) -> None:
    asking.speak(settings, [Unavailable("connection refused at 127.0.0.1:9")])
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (Status.FAILED, "")
    assert row.notice == "The model does not answer at the moment. Try again in a minute."
    assert asking.end(house, row.pk)["status"] == "failed"
    assert asking.reservation(house, row.pk).used == 0


def test_a_model_that_goes_down_in_the_middle_interrupts_it_and_the_part_is_kept(house: House, settings: Any) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        yield f"{SENTENCE}Longer "
        raise Unavailable("broke off")

    asking.speak(settings, speech)
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (Status.INTERRUPTED, SENTENCE)
    assert "What was delivered is kept; ask again" in row.notice
    assert asking.recorded_texts(house, row.pk) == [SENTENCE]
    assert asking.end(house, row.pk)["segments"] == 1
    kept = asking.reservation(house, row.pk)
    assert kept.used is not None
    assert 0 < kept.used < kept.reserved


@pytest.mark.parametrize(
    ("left", "status"),
    [
        ({"attempts": 1}, Status.INTERRUPTED),  # with a segment that was delivered
        ({"attempts": lease.ATTEMPTS}, Status.FAILED),
    ],
)
def test_what_a_dead_worker_set_aside_is_settled_as_its_answer_ends(
    house: House, settings: Any, left: dict[str, int], status: Status
) -> None:
    asking.speak(settings)
    asked = asking.ask(house.bob)
    claimed = lease.claim(house.tenant, asked.pk)
    assert claimed is not None
    quotas.reserve(house.bob, asked.pk, 512)
    if status == Status.INTERRUPTED:
        with house.system.transaction():
            models.Segment.objects.create(
                tenant_id=house.tenant, person_id=house.ids["bob"], answer_id=asked.pk, ordinal=0, text=SENTENCE
            )
    assert asking.reservation(house, asked.pk).used is None
    asking.expire(house, asked.pk, **left)
    answering.answer(house.tenant, asked.pk)
    assert asking.seen(house.bob, asked.pk).status == status
    assert asking.reservation(house, asked.pk).used == 512


def test_a_model_over_its_bound_is_told_in_our_words_with_the_wait_and_the_vendors_are_logged(
    house: House, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    vendors = "Rate limit reached in organization org-house on tokens per min."
    asking.speak(settings, [Busy(vendors, wait_s=20), Busy("no reason given")])
    row = asking.answered(house.bob)
    told = "The model has too much to do at the moment. Try again in 20 seconds."
    assert (row.status, row.fault, row.notice) == (Status.FAILED, "busy", told)
    assert row.capsule == {"wait_s": 20}
    assert vendors in caplog.text
    with translation.override("de"):
        assert wording.translated(row.notice).endswith("Versuchen Sie es in 20 Sekunden erneut.")
    assert asking.answered(house.bob).notice.endswith("Try again in a few seconds.")


def test_a_model_over_its_bound_in_mid_answer_interrupts_it(house: House, settings: Any) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        yield f"{SENTENCE}Longer "
        raise Busy("Rate limit reached in organization org-house.", wait_s=20)

    asking.speak(settings, speech)
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (Status.INTERRUPTED, SENTENCE)
    assert "What was delivered is kept" in row.notice


def test_a_tenant_that_has_used_its_tokens_is_told_and_no_model_is_asked(house: House, settings: Any) -> None:
    change_tenant(house, tokens_per_day=100)
    model = asking.speak(settings, [])
    with pytest.raises(
        QuotaSpent, match="The limit of 100 tokens a day for your organisation is used up; 100 are left"
    ):
        asking.ask(house.bob, max_tokens=101)
    assert (leaves(house, "prompt.received"), len(leaves(house, "prompt.refused"))) == ([], 1)
    assert model.requests == []


def test_over_a_bound_a_question_is_refused_with_its_place_before_anything_is_accepted(house: House) -> None:
    change_tenant(house, answers_per_person_max=1)
    asking.ask(house.bob)
    before = len(leaves(house, "prompt.received"))
    with pytest.raises(Busy) as mine:
        asking.ask(house.bob)
    assert (mine.value.position, mine.value.wait_s > 0) == (1, True)
    change_tenant(house, answers_waiting_max=1)
    with pytest.raises(Busy) as everyones:
        asking.ask(house.charlie)
    assert everyones.value.position == 1
    assert len(leaves(house, "prompt.received")) == before
    with house.system.transaction():
        assert models.Answer.objects.count() == 1


def change_tenant(house: House, **fields: int) -> None:
    with as_superuser() as database:
        for name, value in fields.items():
            database.execute(f"UPDATE tenant SET {name} = %s WHERE id = %s", [value, house.tenant])
    assert [getattr(tenants.current(house.system), name) for name in fields] == list(fields.values())


def test_a_question_that_does_not_fit_the_window_is_never_cut_but_refused_with_the_limit(
    house: House, settings: Any
) -> None:
    model = asking.speak(settings, [], window=512)
    row = asking.answered(house.bob, " ".join([asking.QUESTION] * 60), max_tokens=100)
    assert row.status == Status.FAILED
    assert "The question is too long" in row.notice
    assert f"the limit is {512 - 100 - prompting.MARGIN}" in row.notice
    assert model.requests == []


def test_a_fault_nobody_foresaw_is_tried_three_times_and_then_said(house: House, settings: Any) -> None:
    model = asking.speak(settings, [ValueError("unforeseen"), ValueError("unforeseen"), ValueError("unforeseen")])
    asked = asking.ask(house.bob)
    for attempt in range(1, lease.ATTEMPTS + 1):
        with pytest.raises(ValueError, match="unforeseen"):
            answering.answer(house.tenant, asked.pk)
        assert (asking.seen(house.bob, asked.pk).status, len(model.requests)) == (Status.RUNNING, attempt)
        asking.expire(house, asked.pk)
    answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert row.status == Status.FAILED
    assert row.notice.startswith("The answer failed three times.")
    assert len(model.requests) == lease.ATTEMPTS
    assert asking.end(house, asked.pk)["status"] == "failed"


def test_words_that_the_database_does_not_keep_are_tried_once(house: House, settings: Any) -> None:
    model = asking.speak(settings, [f"{SENTENCE}\x00 So it is."])
    asked = asking.ask(house.bob)
    answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert (row.status, len(model.requests)) == (Status.INTERRUPTED, 1)
    assert asking.said(row) == SENTENCE


def test_what_another_attempt_had_delivered_is_kept_and_nothing_is_written_again(house: House, settings: Any) -> None:
    def dies(_: ChatRequest) -> Iterator[str]:
        yield f"{SENTENCE}Longer "
        raise ValueError("as a killed worker would leave it")

    model = asking.speak(settings, dies)
    asked = asking.ask(house.bob)
    with pytest.raises(ValueError, match="killed"):
        answering.answer(house.tenant, asked.pk)
    asking.expire(house, asked.pk)
    answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert (row.status, asking.said(row), len(model.requests)) == (Status.INTERRUPTED, SENTENCE, 1)
    assert "What was delivered is kept" in row.notice


def test_a_revoked_key_ends_what_it_asked_and_says_why(house: House, settings: Any) -> None:
    model = asking.speak(settings, [])
    scope = keys.resolve(house.key("bob"))
    assert scope is not None
    assert scope.key is not None
    asked = asking.ask(scope)
    keys.revoke(house.system, scope.key)
    answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert (row.status, row.notice) == (Status.REFUSED, "The key that asked has been revoked, or has expired.")
    assert model.requests == []
    assert asking.end(house, asked.pk)["status"] == "refused"


def test_who_has_been_switched_off_is_answered_nothing_more(house: House, settings: Any) -> None:
    model = asking.speak(settings, [])
    asked = asking.ask(house.bob)
    with house.system.transaction():
        Person.objects.filter(pk=house.ids["bob"]).update(is_active=False)
    answering.answer(house.tenant, asked.pk)
    with house.system.transaction():
        assert models.Answer.objects.get(pk=asked.pk).status == Status.REFUSED
    assert model.requests == []
    assert asking.end(house, asked.pk)["status"] == "refused"


def test_a_model_that_writes_nothing_has_not_answered(house: House, settings: Any) -> None:
    asking.speak(settings, [" \n "])
    row = asking.answered(house.bob)
    assert row.status == Status.FAILED
    assert row.notice


def test_a_cut_at_the_greatest_length_is_said(house: House, settings: Any) -> None:
    asking.speak(settings, [SENTENCE * 3])
    row = asking.answered(house.bob, max_tokens=12)
    assert (row.status, row.notice) == (Status.ANSWERED, "The answer reached its greatest length.")
    assert row.capsule["finish"] == "length"


@pytest.mark.parametrize("finish", ["content_filter", "insufficient_system_resource"])
@pytest.mark.parametrize(("says", "status"), [(SENTENCE, Status.INTERRUPTED), ("", Status.FAILED)])
def test_an_end_that_is_none_of_the_models_own_leaves_no_whole_answer(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch, finish: str, says: str, status: Status
) -> None:
    asking.end_by(monkeypatch, finish)
    asking.speak(settings, [says])
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (status, says)
    is_filtered = finish == "content_filter"
    assert row.notice.startswith("A filter of the model server" if is_filtered else "The answer broke off.")
    assert row.fault == (finish if is_filtered else "")
    with translation.override("de"):
        assert wording.translated(row.notice) != row.notice
    assert asking.end(house, row.pk)["finish"] == finish
