"""The front's own stores of a person: conversations with all that hangs on them, live streams, sessions and counters.

Conversations end by a period of retention too, where the tenant has set one.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from assistant import models, sign_in
from assistant.conversations import attachments
from assistant.sso import pending
from assistant.streams import stream
from governance.audit.lifecycle import holds, retention, stores
from governance.audit.lifecycle.classes import Class
from governance.errors import Unavailable
from governance.models import PolicyDecision
from governance.policy.rules import Stage
from governance.scope import Scope
from ingestion.leaving import kept

log = logging.getLogger(__name__)

SAID = [str(stage) for stage in Stage if stage is not Stage.UPLOAD]  # a document is the organisation's


def register() -> None:
    stores.register("sessions", sessions)
    stores.register("streams", streams)
    stores.register("conversations", conversations)
    retention.register(Class.CONVERSATIONS, Conversations())
    kept.register("question sets", set_questions)
    kept.register("runs of question sets", set_runs)


def set_questions(collection: uuid.UUID) -> QuerySet[Any]:
    return models.SetQuestion.objects.filter(collection=collection)


def set_runs(collection: uuid.UUID) -> QuerySet[Any]:
    return models.SetRun.objects.filter(collection=collection)


class Conversations(retention.Rows):
    """Those that nobody has asked in since; a hold on anything of a person keeps all of theirs."""

    def old(self, scope: Scope, before: datetime) -> tuple[int, int]:
        rows = models.Conversation.objects.filter(updated_at__lt=before)
        counted = dict(rows.order_by().values_list("person").annotate(amount=Count("pk")))
        held = sum(amount for person, amount in counted.items() if holds.on(person))
        return sum(counted.values()) - held, held

    def let_go(self, scope: Scope, before: datetime, most: int) -> int:
        rows = models.Conversation.objects.filter(updated_at__lt=before)
        held = [person for person in rows.order_by().values_list("person", flat=True).distinct() if holds.on(person)]
        going = rows.exclude(person__in=held).order_by("updated_at")[:most].values_list("pk", flat=True)
        conversations = list(going)
        answers = list(models.Answer.objects.filter(conversation__in=conversations).values_list("pk", flat=True))
        PolicyDecision.objects.filter(interaction__in=answers).delete()
        models.Share.objects.filter(conversation__in=conversations).delete()
        attachments.end(scope, conversations)
        models.Segment.objects.filter(answer__in=answers).delete()
        models.Answer.objects.filter(pk__in=answers).delete()
        return models.Conversation.objects.filter(pk__in=conversations).delete()[0]


def conversations(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    """Questions, answers with their feedback, sources and receipts, titles, shares, prompts, and the ledger's verdicts."""
    answers = list(models.Answer.objects.filter(person=person).values_list("pk", flat=True))
    theirs = Q(interaction__in=answers) | Q(person=person, stage__in=SAID)
    mine = list(models.Conversation.objects.filter(person=person).values_list("pk", flat=True))
    shares = models.Share.objects.filter(Q(person=person) | Q(reader=person))
    return {
        "attachments": attachments.end(scope, mine),
        "shares": shares.delete()[0],
        "prompts": models.SavedPrompt.objects.filter(person=person).delete()[0],
        "named requests": models.IdempotentRequest.objects.filter(person=person).delete()[0],
        "verdicts": PolicyDecision.objects.filter(theirs).delete()[0],
        "segments": models.Segment.objects.filter(person=person).delete()[0],
        "answers": models.Answer.objects.filter(person=person).delete()[0],
        "conversations": models.Conversation.objects.filter(person=person).delete()[0],
    }


def streams(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    """Before the rows go, which name the streams; and once more after: a segment may leave a moment behind its commit."""
    answers = list(models.Answer.objects.filter(person=person).values_list("pk", flat=True))
    transaction.on_commit(lambda: _forget_late(answers))
    return {"streams": stream.forget(answers)}


def sessions(scope: Scope, person: uuid.UUID) -> Mapping[str, int]:
    """Every session is looked into: whose it is stands inside."""
    theirs = [session.pk for session in Session.objects.iterator() if _is_theirs(session, str(person))]
    sign_in.forget_tries(scope.tenant, person)
    return {"sessions": Session.objects.filter(pk__in=theirs).delete()[0]}


def _is_theirs(session: Session, person: str) -> bool:
    kept = session.get_decoded()
    return person in {kept.get("_auth_user_id"), (kept.get(pending.PLACE) or {}).get("person")}


def _forget_late(answers: Sequence[uuid.UUID]) -> None:
    with contextlib.suppress(Unavailable):  # they end by themselves within the hour
        stream.forget(answers)
