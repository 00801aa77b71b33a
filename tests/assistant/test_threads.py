"""One's conversations: listed, found by their words, pinned, deleted and brought back; questions that are asked again."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from assistant import answering, conversations, models
from assistant.answering import delivery, lease
from assistant.conversations import branches, threads
from assistant.models import Status
from governance import quotas, tenants
from governance.errors import Busy, InvalidInput, NotFound, QuotaSpent
from governance.scope import Scope
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance.database import as_superuser, leaves

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def turn(scope: Scope, question: str, *said: str, conversation: uuid.UUID | None = None) -> models.Answer:
    """A question that was answered so, without anybody at work on it."""
    mine = {"tenant_id": scope.tenant, "person_id": scope.person}
    with scope.transaction():
        place = conversation or models.Conversation.objects.create(**mine, title=question[:80]).pk
        row = models.Answer(
            **mine, conversation_id=place, question=question, status=Status.ANSWERED, finished_at=timezone.now()
        )
        branches.place(row, None)
        row.save(force_insert=True)
        for ordinal, text in enumerate(said):
            models.Segment.objects.create(**mine, answer=row, ordinal=ordinal, text=text, citations=[])
    return row


def titles(scope: Scope) -> list[str]:
    listed = threads.listed(scope)
    return [one.title for one in (*listed.pinned, *listed.others)]


def found(scope: Scope, words: str) -> list[str]:
    return [match.conversation.title for match in threads.search(scope, words)]


def test_pinned_conversations_come_first_and_then_the_newest(house: House) -> None:
    first = turn(house.bob, "First")
    turn(house.bob, "Second")
    threads.pin(house.bob, first.conversation_id, is_pinned=True)
    assert titles(house.bob) == ["First", "Second"]
    threads.pin(house.bob, first.conversation_id, is_pinned=False)
    assert titles(house.bob) == ["Second", "First"]
    told = [leaf["facts"]["is_pinned"] for leaf in leaves(house, "conversation.pinned")]
    assert told == [True, False]


def test_a_long_list_goes_on_where_the_page_ended(house: House) -> None:
    for number in range(threads.A_PAGE + 3):
        turn(house.bob, f"Question {number}")
    page = threads.listed(house.bob)
    rest = threads.listed(house.bob, page.before)
    assert len(page.others) == threads.A_PAGE
    assert [one.title for one in rest.others] == ["Question 2", "Question 1", "Question 0"]
    assert rest.before is None


def test_words_are_found_in_titles_questions_and_answers_in_any_order_and_within_longer_ones(house: House) -> None:
    turn(house.bob, "What is the Nachtzulage?", "It is 25 %. ", "It is paid from 22:00 on.")
    turn(house.bob, "How do I travel?", "By train.")
    assert found(house.bob, "zulage") == ["What is the Nachtzulage?"]
    assert found(house.bob, "paid NACHT") == ["What is the Nachtzulage?"]
    assert found(house.bob, "train nachtzulage") == []
    assert found(house.bob, "25 %") == ["What is the Nachtzulage?"]
    assert found(house.bob, "_") == []
    assert found(house.bob, "   ") == []


def test_a_match_shows_the_place_with_its_words_marked_and_leads_to_the_turn(house: House) -> None:
    row = turn(house.bob, "What about leave?", "Thirty days. ", "Carry over five days until March.")
    (match,) = threads.search(house.bob, "carry march")
    assert match.answer == row.pk
    assert [text for text, is_hit in match.parts if is_hit] == ["Carry", "March"]


def test_nobody_finds_anothers_conversation_nor_a_deleted_one_nor_what_was_asked_again(
    house: House, neighbour: House
) -> None:
    row = turn(house.bob, "The zephyrquartz is where?", "In room seven.")
    for other in (house.charlie, house.ada, house.olga, neighbour.bob):
        assert found(other, "zephyrquartz") == []
    with house.bob.transaction():
        models.Answer.objects.filter(pk=row.pk).update(superseded_at=timezone.now())
    assert found(house.bob, "seven") == []
    threads.delete(house.bob, row.conversation_id)
    assert found(house.bob, "zephyrquartz") == []


def test_the_door_answers_for_the_one_who_asks_alone(house: House) -> None:
    turn(house.bob, "Zephyrquartz")
    with house.charlie.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.conversations_with(ARRAY['%%'], 50)")
        assert cursor.fetchall() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.conversations_with(ARRAY['%%'], 50)")
        assert cursor.fetchall() == []


def test_what_was_deleted_is_out_of_sight_and_comes_back_whole(house: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    threads.delete(house.bob, row.conversation_id)
    assert titles(house.bob) == []
    with pytest.raises(NotFound):
        conversations.get(house.bob, row.conversation_id)
    threads.restore(house.bob, row.conversation_id)
    threads.restore(house.bob, row.conversation_id)
    assert titles(house.bob) == ["Mine"]
    assert [one.question for one in threads.turns(house.bob, row.conversation_id).answers] == ["Mine"]
    assert len(leaves(house, "conversation.deleted")) == len(leaves(house, "conversation.restored")) == 1


def test_another_persons_conversation_is_neither_renamed_nor_pinned_deleted_or_restored(house: House) -> None:
    row = turn(house.bob, "Mine")
    for change in (
        lambda: threads.rename(house.charlie, row.conversation_id, "Theirs"),
        lambda: threads.pin(house.charlie, row.conversation_id, is_pinned=True),
        lambda: threads.delete(house.charlie, row.conversation_id),
        lambda: threads.restore(house.charlie, row.conversation_id),
        lambda: threads.deleted(house.charlie, row.conversation_id),
    ):
        with pytest.raises(NotFound):
            change()
    assert titles(house.bob) == ["Mine"]


def test_a_title_is_one_line_of_words(house: House) -> None:
    row = turn(house.bob, "Old")
    threads.rename(house.bob, row.conversation_id, "  New \n name\x00 ")
    assert titles(house.bob) == ["New name"]
    with pytest.raises(InvalidInput):
        threads.rename(house.bob, row.conversation_id, " \n ")


def test_a_long_conversation_is_read_from_its_end_and_around_a_place(house: House) -> None:
    first = turn(house.bob, "0", "a")
    rows = [first] + [turn(house.bob, str(n), "a", conversation=first.conversation_id) for n in range(1, 75)]
    newest = threads.turns(house.bob, first.conversation_id)
    assert [one.question for one in newest.answers] == [str(n) for n in range(45, 75)]
    assert (newest.has_earlier, newest.has_later) == (True, False)
    before = threads.turns(house.bob, first.conversation_id, before=newest.answers[0].pk)
    assert [one.question for one in before.answers] == [str(n) for n in range(15, 45)]
    around = threads.turns(house.bob, first.conversation_id, at=rows[20].pk)
    assert [one.question for one in around.answers] == [str(n) for n in range(1, 31)]
    assert (around.has_earlier, around.has_later) == (True, True)
    late = threads.turns(house.bob, first.conversation_id, at=rows[70].pk)
    assert [one.question for one in late.answers] == [str(n) for n in range(45, 75)]
    assert not late.has_later


def test_a_question_asked_again_takes_the_place_of_its_turn_and_those_after_it(house: House, settings: Any) -> None:
    asking.shelf(house)
    model = asking.speak(settings, ["Twenty working days a year may be spent abroad."] * 4)
    first = asking.answered(house.bob)
    second = asking.answered(house.bob, conversation=first.conversation_id)
    third = asking.answered(house.bob, conversation=first.conversation_id)
    again = asking.answered(house.bob, replaces=second.pk)
    assert again.conversation_id == first.conversation_id
    shown = threads.turns(house.bob, first.conversation_id).answers
    assert [one.pk for one in shown] == [first.pk, again.pk]
    earlier = [one.content for one in model.requests[-1].messages if one.role == "user"]
    assert len(earlier) == 2  # the first turn, and this one
    (told,) = leaves(house, "answer.superseded")
    assert told["interaction"] == str(second.pk)
    assert told["facts"] == {"by": str(again.pk), "answers": [str(second.pk), str(third.pk)]}
    assert asking.said(asking.seen(house.bob, third.pk))  # kept


def test_what_is_still_written_from_there_on_is_stopped(house: House) -> None:
    asking.shelf(house)
    waiting = asking.ask(house.bob)
    again = asking.ask(house.bob, "And abroad?", replaces=waiting.pk)
    assert asking.seen(house.bob, waiting.pk).status == Status.CANCELLED
    answering.answer(house.tenant, waiting.pk)
    assert [one.pk for one in threads.turns(house.bob, again.conversation_id).answers] == [again.pk]


def test_where_the_new_question_is_refused_what_is_under_way_goes_on(house: House) -> None:
    waiting = asking.ask(house.bob)
    running = asking.ask(house.bob)
    assert lease.claim(house.tenant, running.pk)
    tenants.write(house.system, {"tokens_per_day": 1_024})
    for row in (waiting, running):
        with pytest.raises(QuotaSpent):
            asking.ask(house.bob, "And abroad?", replaces=row.pk, max_tokens=1_025)
    tenants.write(house.system, {"tokens_per_day": None, "answers_per_person_max": 1})
    with pytest.raises(Busy):
        asking.ask(house.bob, "And abroad?", replaces=running.pk)
    assert asking.seen(house.bob, waiting.pk).status == Status.QUEUED
    assert asking.seen(house.bob, running.pk).cancel_requested_at is None
    assert asking.reservation(house, waiting.pk).used is None
    assert leaves(house, "answer.cancelled") == []
    assert len(leaves(house, "prompt.refused")) == 3


def test_what_waits_leaves_its_place_and_its_tokens_to_the_question_in_its_place(house: House) -> None:
    tenants.write(house.system, {"tokens_per_day": 600, "answers_per_person_max": 1})
    waiting = asking.ask(house.bob)
    again = asking.ask(house.bob, "And abroad?", replaces=waiting.pk)
    assert asking.seen(house.bob, waiting.pk).status == Status.CANCELLED
    assert [asking.reservation(house, one.pk).used for one in (waiting, again)] == [0, None]


def test_what_runs_is_stopped_once_the_new_question_is_taken(house: House) -> None:
    tenants.write(house.system, {"answers_per_person_max": 1})  # which is the one that is stopped
    running = asking.ask(house.bob)
    assert lease.claim(house.tenant, running.pk)
    asking.ask(house.bob, "And abroad?", replaces=running.pk)
    assert asking.seen(house.bob, running.pk).cancel_requested_at
    assert asking.reservation(house, running.pk).used is None, "its worker says what it used"
    told = [leaf["action"] for leaf in leaves(house)]
    assert told.index("answer.cancelled") < told.index("answer.superseded")


def test_a_worker_that_comes_to_its_end_at_that_moment_and_the_new_question_wait_in_no_ring(house: House) -> None:
    running, bob = asking.ask(house.bob), house.bob
    held = lease.claim(house.tenant, running.pk)
    assert held

    def edit() -> uuid.UUID:
        try:
            return conversations.ask(bob, "And abroad?", replaces=running.pk, is_rung=False).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with bob.transaction():  # as `delivery.end` does it: first what it used, then its row
            quotas.settle(bob, running.pk, 10)
            asked = pool.submit(edit)
            with as_superuser() as database:
                while not asked.done() and not (database.execute(WAITING).fetchone() or (0,))[0]:
                    time.sleep(0.02)
            delivery.finish(bob, running.pk, held.token, Status.ANSWERED)
        assert asking.seen(bob, asked.result(60)).status == Status.QUEUED
    assert asking.seen(bob, running.pk).status == Status.ANSWERED


def test_a_turn_is_asked_again_by_its_own_person_alone(house: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    with pytest.raises(NotFound):
        asking.ask(house.charlie, "Mine now", replaces=row.pk)
    asking.ask(house.bob, "Again", replaces=row.pk)
    asking.ask(house.bob, "And again", replaces=row.pk)
    assert [one.question for one in threads.turns(house.bob, row.conversation_id).answers] == ["And again"]


def test_where_a_question_is_not_accepted_the_old_turns_stay(house: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    with pytest.raises(InvalidInput):
        asking.ask(house.bob, "   ", replaces=row.pk)
    assert [one.pk for one in threads.turns(house.bob, row.conversation_id).answers] == [row.pk]


def test_a_conversation_opens_with_the_receipt_of_an_answer_that_was_found(house: House) -> None:
    asking.shelf(house)
    row = asking.answered(house.bob)
    page = portal.signed_in(house, "bob").get(f"/c/{row.conversation_id}")
    assert page.status_code == 200
    assert row.receipt["kept"]
    assert f"{row.capsule['usage']['prompt_tokens']} read" in page.content.decode()
