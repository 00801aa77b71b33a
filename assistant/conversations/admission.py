"""How many questions are taken at once: over a bound nothing is accepted, and whoever asked is told where they stand."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

from assistant import conversations, models
from assistant.conversations import branches, waits
from governance import quotas
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, QuotaSpent
from governance.models import Tenant
from governance.quotas import alerts
from governance.scope import Scope
from governance.sentence import sentence


@contextmanager
def turned_away(scope: Scope, client: str, question: str) -> Iterator[None]:
    """Over a bound nothing is taken, and that is recorded after a rollback. The words are not: they went nowhere."""
    try:
        yield
    except Busy as refusal:
        facts = {"client": client, "code": refusal.code, "position": refusal.position, "characters": len(question)}
        if isinstance(refusal, QuotaSpent):
            facts |= {"quota": {name: refusal.quota[name] for name in ("of", "measure", "per")}}
        events.record(scope, Event.PROMPT_REFUSED, facts=facts)
        if isinstance(refusal, QuotaSpent):
            alerts.refused(scope, refusal)
        raise


def admit(
    scope: Scope,
    tenant: Tenant,
    answer: models.Answer,
    conversation: uuid.UUID | None,
    replaced: models.Answer | None,
    *,
    is_blocked: bool,
) -> None:
    """Counted under a lock, so that two questions at once cannot both take the last place. What the answer may write is set
    aside, where a model is to be asked for it: nobody waits for an answer that is refused in the end.

    Of what is asked again, what is still being written from there on is stopped: nobody waits for that any more. What waits is
    stopped first, and leaves its place and what was set aside for it; what runs last, since its worker too takes the sums of the
    quotas before the answer. Where the new question is refused, all of it goes on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [str(scope.tenant)])
    if conversation is not None:
        # Before its answers, as `branches.choose` does, and before the sums of the quotas, which a stop takes after an answer.
        models.Conversation.objects.select_for_update(no_key=True).filter(pk=conversation, person=scope.person).first()
    if replaced is not None:
        _stop(scope, branches.waiting(replaced))
    _require_a_place(scope, tenant, len(branches.under_way(replaced)) if replaced is not None else 0)
    if not is_blocked:
        model = answer.model or quotas.USUAL
        quotas.reserve(scope, answer.pk, answer.max_tokens, seconds=quotas.CLAIM_S, model=model, is_asked=False)
    if replaced is not None:
        _stop(scope, branches.under_way(replaced))


def _stop(scope: Scope, answers: Iterable[uuid.UUID]) -> None:
    for one in answers:
        conversations.cancel(scope, one)


def _require_a_place(scope: Scope, tenant: Tenant, freed: int) -> None:
    """`freed` of the person's own run, and are stopped where the question is taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT waiting, running, mine FROM chancery.open_answers()")
        waiting, running, mine = cursor.fetchone()
    if mine - freed >= tenant.answers_per_person_max:
        raise Busy(
            sentence("You have %(mine)s answers under way; wait for one, or stop it.", mine=mine),
            position=mine,
            wait_s=waits.an_answer_s(scope),
        )
    if waiting >= tenant.answers_waiting_max:
        raise Busy(
            sentence("%(waiting)s questions wait already. Try again in a while.", waiting=waiting),
            position=waiting + running,
            wait_s=waits.until_begun_s(scope, waiting),
        )
