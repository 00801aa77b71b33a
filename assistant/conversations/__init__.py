"""Conversations, and asking: what a person starts. The answering itself is assistant.answering."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from assistant import line, models, tasks
from assistant.answering import asking, lease, reasons, steps, stops, turns
from assistant.conversations import admission, assistants, branches, titles
from assistant.conversations.assistants import SetUp
from assistant.conversations.brought import Brought, Judged, judge
from assistant.showing import notices
from assistant.streams import stream
from governance import access, quotas, stopwatch, tenants
from governance.actions import Action
from governance.audit import events, health
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.models import Tenant
from governance.policy import enforcement, engine, versions
from governance.policy.engine import Verdict
from governance.policy.rules import Action as PolicyAction
from governance.policy.rules import Stage
from governance.scope import Scope
from governance.sentence import sentence
from inference import runners
from inference.runners.base import Sampler
from ingestion import understanding

log = logging.getLogger(__name__)

LONGEST_QUESTION = 8000  # characters; the window is checked in tokens once the prompt is built
# Clients that keep their conversations themselves: here each of their questions stands alone.
KEEPERS = {"openai", "mcp", "evaluation"}
NOTHING = Brought()


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
    after: uuid.UUID | None = None,
    reason: str = "",
    without: Collection[str] = (),
    model: str = "",
    is_rung: bool = True,
    assistant: uuid.UUID | None = None,
    answer_id: uuid.UUID | None = None,
) -> models.Answer:
    """Accept a question: its row, its record and its policy verdict commit together, then the doorbell rings.

    The input is checked here and not by the worker, so that an original which policy redacts or blocks never stands in
    a row: it is in the encrypted record alone. With `replaces` it is an earlier turn asked again, beside it: see
    `branches`; `after` is the last turn that whoever asks has before them, where they say it. `reason` is why it is asked,
    where policy wants to know; `without` names parts of the understanding to leave out; `model` is a further model to be
    answered by, `assistant` one that an admin composed: a conversation goes on with its own; who answers by themselves
    leave it unrung, and for the time of a lease no worker takes it; `answer_id` is the id it gets. Raises InvalidInput,
    ReasonRequired, NotFound (a collection, a conversation, a turn or an assistant), Conflict (another turn is shown last by
    now), Busy.
    """
    access.require(scope, Action.ASK)
    question, reason = _checked(text), reasons.checked(reason)
    replaced = answer_of(scope, replaces) if replaces else None
    conversation = replaced.conversation_id if replaced else conversation
    chosen = assistants.set_up(scope, assistant, conversation, collections, model, brought)
    wanted, model, brought, off = chosen.collections, chosen.model, chosen.brought, understanding.switched_off(without)
    with scope.transaction():
        tenant, policy = _ground(scope, wanted, is_model_only), versions.in_force(scope)
    _check_model(model)
    place = asking.of_question(scope, policy, wanted, chosen.assistant, is_model_only=is_model_only)
    with stopwatch.running() as judging:
        judged = judge(policy, brought, place)
        verdict = judged.blocked or engine.check(policy, Stage.INPUT, question, place)
        times = {steps.Step.INPUT_POLICY: round(judging.whole * 1000)}
    reasons.require(scope, question, reason, verdict, judged, client)
    with admission.turned_away(scope, client, question), events.together(scope):
        answer = models.Answer(
            pk=answer_id or uuid.uuid4(),
            tenant_id=scope.tenant,
            person_id=scope.person,
            collections=sorted(wanted),
            client=client,
            key=scope.key,
            is_model_only=is_model_only,
            max_tokens=max_tokens,
            sampler=sampler or {},
            understanding={"off": off} if off else {},
            model=model,
            capsule={"policy": policy.stamp.as_json()},
            times=times,
            lease_until=None if is_rung else timezone.now() + lease.LEASE,
        )
        admission.admit(scope, tenant, answer, conversation, replaced, is_blocked=verdict.action is PolicyAction.BLOCK)
        facts = _facts(answer, chosen, conversation, len(question)) | ({"has_reason": True} if reason else {})
        given = {"sampler": sampler, "reason": reason}
        payload = {"text": question} | brought.to_record() | {name: one for name, one in given.items() if one}
        events.record(scope, Event.PROMPT_RECEIVED, interaction=answer.pk, facts=facts, payload=payload)
        if not judged.note(scope, answer.pk):
            enforcement.note(scope, verdict, interaction=answer.pk, stage=Stage.INPUT)
        _take(answer, verdict, judged)
        answer.conversation = _conversation(scope, conversation, answer, chosen.assistant, replaced)
        if conversation is not None:
            branches.place(answer, replaced, after)
        answer.save(force_insert=True)
        if replaced is not None:
            branches.take_the_place(scope, replaced, answer)
        if answer.status == models.Status.BLOCKED:
            facts = {"status": answer.status, "stage": "input"}
            events.record(scope, Event.ANSWER_FINISHED, interaction=answer.pk, facts=facts)
        elif is_rung:
            transaction.on_commit(lambda: ring(scope.tenant, answer.pk))
    line.taken_up()
    return answer


def _facts(answer: models.Answer, chosen: SetUp, conversation: uuid.UUID | None, characters: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"client": answer.client, "collections": answer.collections, "characters": characters}
    facts |= {"without": answer.understanding["off"]} if answer.understanding else {}
    facts |= {"conversation": conversation} if conversation else {}
    facts |= {"model": answer.model} if answer.model else {}
    return facts | ({"assistant": chosen.assistant} if chosen.assistant else {})


def _ground(scope: Scope, wanted: frozenset[uuid.UUID], is_model_only: bool) -> Tenant:
    """The tenant, once nothing stands against asking it this."""
    tenant = tenants.current(scope)
    health.require(scope, tenant)
    if is_model_only and not tenant.allows_model_only:
        raise InvalidInput("This organisation does not allow answers without documents. Ask about the documents.")
    for refused in sorted(wanted - access.visible(scope, Action.COLLECTION_READ, wanted) if wanted else ()):
        access.require(scope, Action.COLLECTION_READ, refused)  # raises with the decision, which goes on the record
    return tenant


def ring(tenant: uuid.UUID, answer: uuid.UUID) -> None:
    """The doorbell: one ring for each answer that may be taken. Whoever hears it takes the one whose turn it is, and each is
    taken once as many were heard. Where the broker is down the sweep rings later: the row is there.
    """
    try:
        tasks.answer.apply_async(retry=False)
    except Exception as fault:  # noqa: BLE001  kombu, redis and socket faults have no common base
        log.warning("the broker did not take answer %s of tenant %s: %s", answer, tenant, fault)


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


def _take(answer: models.Answer, verdict: Verdict, judged: Judged) -> None:
    if verdict.action is PolicyAction.BLOCK:
        answer.status, answer.finished_at = models.Status.BLOCKED, timezone.now()
        answer.question, answer.notice = titles.WITHHELD, verdict.message
    else:
        answer.question, answer.brought = verdict.text, judged.passed().to_keep()


def _check_model(model: str) -> None:
    if model and model not in runners.further_chats():
        raise InvalidInput(
            sentence("There is no model named “%(model)s” to be answered by.", model=model), param="model"
        )


def _conversation(
    scope: Scope,
    wanted: uuid.UUID | None,
    answer: models.Answer,
    assistant: uuid.UUID | None,
    replaced: models.Answer | None,
) -> models.Conversation:
    title = titles.of(answer.question)
    if wanted is not None:
        found = get(scope, wanted)
        if answer.status != models.Status.BLOCKED and titles.is_to_follow(found.title, replaced):
            found.title = title
        # Holds it, too: of two questions at once one stands after the other.
        found.save(update_fields=["title", "updated_at"])
        return found
    return models.Conversation.objects.create(
        tenant_id=scope.tenant,
        person_id=scope.person,
        title=title,
        is_listed=answer.client not in KEEPERS,
        assistant=assistant,
    )


def begin(scope: Scope, title: str, assistant: uuid.UUID | None = None) -> models.Conversation:
    """One in which nothing was asked yet, to attach a file to. Raises InvalidInput, NotFound (the assistant)."""
    access.require(scope, Action.ASK)
    title = " ".join(title.replace("\x00", "").split())[: titles.LONGEST]
    if not title:
        raise InvalidInput("A conversation needs a title.")
    chosen = assistants.get(scope, assistant).pk if assistant else None
    with scope.transaction():
        mine = {"tenant_id": scope.tenant, "person_id": scope.person}
        made = models.Conversation.objects.create(**mine, title=title, assistant=chosen)
        events.record(scope, Event.CONVERSATION_BEGUN, resource=("conversation", made.pk), payload={"title": title})
    return made


def take_back(scope: Scope, made: models.Conversation) -> None:
    """One that was begun for nothing."""
    with scope.transaction():
        models.Conversation.objects.filter(pk=made.pk, person=scope.person).delete()
        events.record(scope, Event.CONVERSATION_DELETED, resource=("conversation", made.pk), facts={"fields": []})


def show(scope: Scope, answer: uuid.UUID) -> models.Answer:
    """Go back to a line that is kept: the one through this answer. Raises NotFound."""
    found = answer_of(scope, answer)
    get(scope, found.conversation_id)
    branches.choose(scope, found)
    return found


def get(scope: Scope, conversation: uuid.UUID) -> models.Conversation:
    """One's own. Raises NotFound, and Forbidden for a key that may not ask."""
    access.require(scope, Action.ASK)
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
    """How many of the organisation's questions will be taken before this one, as things stand; 0 once it runs."""
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
            turns.ring_next(scope, answer)
            quotas.settle(scope, answer, 0)
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
