"""Conversations, and asking: what a person starts. The answering itself is assistant.answering."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from assistant import models, notices, reasons, stops, stream, tasks
from assistant.brought import Brought, Judged, judge
from governance import access, tenants
from governance.actions import Action
from governance.audit import events, health
from governance.audit.vocabulary import Event
from governance.errors import Busy, Conflict, InvalidInput
from governance.policy import enforcement, engine, versions
from governance.policy.engine import Verdict
from governance.policy.rules import Action as PolicyAction
from governance.policy.rules import Stage
from governance.scope import Scope
from governance.sentence import sentence
from inference.runners.base import Sampler

log = logging.getLogger(__name__)

LONGEST_QUESTION = 8000  # characters; the window is checked in tokens once the prompt is built
TITLE = 80
KEEPERS = {"openai"}  # clients that keep their conversations themselves: here each of their questions stands alone
NOTHING = Brought()
SECONDS_AN_ANSWER = 15.0  # what a waiting person is told, until there is a measured figure


def ask(
    scope: Scope,
    text: str,
    *,
    conversation: uuid.UUID | None = None,
    collections: Sequence[uuid.UUID] = (),
    client: str = "portal",
    is_model_only: bool = False,
    max_tokens: int = 512,
    brought: Brought = NOTHING,
    sampler: Sampler | None = None,
    replaces: uuid.UUID | None = None,
    reason: str = "",
) -> models.Answer:
    """Accept a question: its row, its record and its policy verdict commit together, then the doorbell rings.

    The input is checked here and not by the worker, so that an original which policy redacts or blocks never stands in
    a row: it is in the encrypted record alone. With `replaces` it is an earlier turn asked again: that turn and all after
    it are kept, and neither shown nor told to the model any longer. `reason` is why it is asked, where policy wants to
    know. Raises InvalidInput, ReasonRequired, NotFound (a collection, a conversation or a turn), Conflict (that turn was
    asked again before), Busy.
    """
    access.require(scope, Action.ASK)
    question, reason = _checked(text), reasons.checked(reason)
    tenant = tenants.current(scope)
    health.require(scope, tenant)
    if is_model_only and not tenant.allows_model_only:
        raise InvalidInput("This organisation does not allow answers without documents. Ask about the documents.")
    wanted = frozenset(collections)
    for refused in sorted(wanted - access.visible(scope, Action.COLLECTION_READ, wanted)):
        access.require(scope, Action.COLLECTION_READ, refused)  # raises with the decision, which goes on the record
    policy, place = versions.in_force(scope), enforcement.place(scope, _asked_of(wanted, is_model_only))
    judged = judge(policy, brought, place)
    verdict = judged.blocked or engine.check(policy, Stage.INPUT, question, place)
    reasons.require(scope, question, reason, verdict, judged, client)
    if replaces is not None:
        conversation = _stop_from(scope, replaces)
    with _turned_away(scope, client, question), scope.transaction():
        _admit(scope, tenant)
        answer = models.Answer(
            tenant_id=scope.tenant,
            person_id=scope.person,
            collections=sorted(wanted),
            client=client,
            key=scope.key,
            is_model_only=is_model_only,
            max_tokens=max_tokens,
            sampler=sampler or {},
            capsule={"policy": policy.stamp.as_json()},
        )
        facts = {
            "client": client,
            "collections": sorted(wanted),
            "characters": len(question),
        }
        facts |= {"has_reason": True} if reason else {}
        facts |= {"conversation": conversation} if conversation else {}
        payload = {"text": question} | brought.to_record() | ({"sampler": sampler} if sampler else {})
        payload |= {"reason": reason} if reason else {}
        events.record(scope, Event.PROMPT_RECEIVED, interaction=answer.pk, facts=facts, payload=payload)
        if not judged.note(scope, answer.pk):
            enforcement.note(scope, verdict, interaction=answer.pk, stage=Stage.INPUT)
        _take(answer, verdict, judged)
        answer.conversation = _conversation(scope, conversation, answer.question, client)
        answer.save(force_insert=True)
        if replaces is not None:
            _supersede(scope, replaces, answer)
        if answer.status == models.Status.BLOCKED:
            facts = {"status": answer.status, "stage": "input"}
            events.record(scope, Event.ANSWER_FINISHED, interaction=answer.pk, facts=facts)
        else:
            transaction.on_commit(lambda: ring(scope.tenant, answer.pk))
    return answer


def _asked_of(wanted: frozenset[uuid.UUID], is_model_only: bool) -> frozenset[uuid.UUID] | None:
    """The collections a question is about: none of them without documents, and any of them where none is named."""
    return frozenset() if is_model_only else wanted or None


def ring(tenant: uuid.UUID, answer: uuid.UUID) -> None:
    """The doorbell. Where the broker is down the sweep rings later: the row is there."""
    try:
        tasks.answer.apply_async((str(tenant), str(answer)), retry=False)
    except Exception as fault:  # noqa: BLE001  kombu, redis and socket faults have no common base
        log.warning("the broker did not take answer %s: %s", answer, fault)


@contextmanager
def _turned_away(scope: Scope, client: str, question: str) -> Iterator[None]:
    """Over a bound nothing is taken, and that is recorded after a rollback. The words are not: they went nowhere."""
    try:
        yield
    except Busy as refusal:
        facts = {"client": client, "code": refusal.code, "position": refusal.position, "characters": len(question)}
        events.record(scope, Event.PROMPT_REFUSED, facts=facts)
        raise


def _checked(text: str) -> str:
    question = text.replace("\x00", "").strip()
    if not question:
        raise InvalidInput("Write a question.")
    if len(question) > LONGEST_QUESTION:
        raise InvalidInput(
            sentence(
                "A question has at most %(most)s characters; this one has %(has)s.",
                most=LONGEST_QUESTION,
                has=len(question),
            )
        )
    return question


def _admit(scope: Scope, tenant: object) -> None:
    """Counted under a lock, so that two questions at once cannot both take the last place."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [str(scope.tenant)])
        cursor.execute("SELECT waiting, running, mine FROM chancery.open_answers()")
        waiting, running, mine = cursor.fetchone()
    wait_s = SECONDS_AN_ANSWER * (waiting + 1)
    if mine >= tenant.answers_per_person_max:  # type: ignore[attr-defined]
        raise Busy(
            sentence("You have %(mine)s answers under way; wait for one, or stop it.", mine=mine),
            position=mine,
            wait_s=SECONDS_AN_ANSWER,
        )
    if waiting >= tenant.answers_waiting_max:  # type: ignore[attr-defined]
        raise Busy(
            sentence("%(waiting)s questions wait already. Try again in a while.", waiting=waiting),
            position=waiting + running,
            wait_s=wait_s,
        )


def _take(answer: models.Answer, verdict: Verdict, judged: Judged) -> None:
    if verdict.action is PolicyAction.BLOCK:
        answer.status, answer.finished_at = models.Status.BLOCKED, timezone.now()
        answer.question, answer.notice = "[withheld by policy]", verdict.message
    else:
        answer.question, answer.brought = verdict.text, judged.passed().to_keep()


def _stop_from(scope: Scope, replaces: uuid.UUID) -> uuid.UUID:
    """Its conversation; what is still being written from there on is stopped, for nobody will see it."""
    replaced = answer_of(scope, replaces)
    if replaced.superseded_at:
        raise Conflict("This question was asked again already. Go on from there.")
    with scope.transaction():
        open_ones = list(_from(replaced).exclude(status__in=models.FINAL).values_list("pk", flat=True))
    for one in open_ones:
        cancel(scope, one)
    return get(scope, replaced.conversation_id).pk


def _supersede(scope: Scope, replaces: uuid.UUID, answer: models.Answer) -> None:
    replaced = models.Answer.objects.select_for_update().get(pk=replaces)
    if replaced.superseded_at:  # by another window, a moment ago
        raise Conflict("This question was asked again already. Go on from there.")
    rows = _from(replaced).exclude(pk=answer.pk)
    gone = list(rows.order_by("created_at").values_list("pk", flat=True))
    rows.update(superseded_at=timezone.now())
    facts = {"by": answer.pk, "answers": gone}
    events.record(scope, Event.ANSWER_SUPERSEDED, interaction=replaces, facts=facts)


def _from(answer: models.Answer) -> QuerySet[models.Answer]:
    """This turn and those after it, as far as they are shown."""
    later = models.Answer.objects.filter(conversation=answer.conversation_id, created_at__gte=answer.created_at)
    return later.filter(superseded_at=None, person=answer.person_id)


def _conversation(scope: Scope, wanted: uuid.UUID | None, question: str, client: str) -> models.Conversation:
    if wanted is not None:
        found = get(scope, wanted)
        found.save(update_fields=["updated_at"])
        return found
    title = question if len(question) <= TITLE else question[: TITLE - 1].rsplit(" ", 1)[0] + "…"
    return models.Conversation.objects.create(
        tenant_id=scope.tenant, person_id=scope.person, title=title, is_listed=client not in KEEPERS
    )


def get(scope: Scope, conversation: uuid.UUID) -> models.Conversation:
    with scope.transaction():
        found = models.Conversation.objects.filter(pk=conversation, person=scope.person, deleted_at=None).first()
    if found is None:
        raise access.unseen(Action.ASK, "conversation", conversation, "There is no such conversation.")
    return found


def answer_of(scope: Scope, answer: uuid.UUID) -> models.Answer:
    """One's own. A key that may not ask may not read what was answered either: raises Forbidden or NotFound."""
    access.require(scope, Action.ASK)
    with scope.transaction():
        rows = models.Answer.objects.filter(pk=answer, person=scope.person)
        found = rows.prefetch_related(models.ordered_segments()).first()
    if found is None:
        raise access.unseen(Action.ASK, "answer", answer, "There is no such answer.")
    return found


def ahead_of(scope: Scope, answer: models.Answer) -> int:
    """How many of the organisation's questions wait before this one; 0 once it runs."""
    if answer.status != models.Status.QUEUED:
        return 0
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT chancery.answers_ahead(%s)", [answer.pk])
        return int(cursor.fetchone()[0])


def cancel(scope: Scope, answer: uuid.UUID) -> models.Answer:
    """Stop is explicit, and may be said twice. A queued answer ends at once, a running one at its next step."""
    found = answer_of(scope, answer)
    with scope.transaction():
        changed = models.Answer.objects.filter(pk=answer, cancel_requested_at=None).exclude(status__in=models.FINAL)
        if changed.update(cancel_requested_at=timezone.now()):
            events.record(scope, Event.ANSWER_CANCELLED, interaction=answer)
        waiting = models.Answer.objects.filter(pk=answer, status=models.Status.QUEUED)
        if waiting.update(status=models.Status.CANCELLED, finished_at=timezone.now(), notice=notices.STOPPED):
            facts = {"status": models.Status.CANCELLED}
            events.record(scope, Event.ANSWER_FINISHED, interaction=answer, facts=facts)
        transaction.on_commit(lambda: stops.ring(answer))
        transaction.on_commit(lambda: stream.wake(answer))
    found.refresh_from_db_in(scope)
    return found


def give_feedback(scope: Scope, answer: uuid.UUID, value: int, reason: str = "") -> None:
    if value not in {-1, 0, 1}:
        raise InvalidInput("Feedback is 1, 0 or -1.")
    answer_of(scope, answer)
    with scope.transaction():
        models.Answer.objects.filter(pk=answer).update(feedback=value, feedback_reason=reason[:500])
        payload = {"reason": reason[:500]} if reason else None
        events.record(scope, Event.FEEDBACK_GIVEN, interaction=answer, facts={"value": value}, payload=payload)
