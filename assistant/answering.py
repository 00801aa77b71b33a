"""One question, start to finish. Read this page to know what Chancery does.

    claim · reserve · passages (as this person) · policy on each passage · evidence · prompt · stream
    · policy, citations, record, then delivery of each segment · settle · finish

Audit before answer: whatever is not recorded is not delivered, and where the record cannot be written the answer stops.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import DatabaseError, connection

from assistant import delivery, evidence, lease, models, notices, retrieval
from assistant.brought import Brought
from assistant.models import Status
from governance import keys, people, quotas, tenants
from governance.audit import health
from governance.errors import Busy, ChanceryError, InvalidInput, NotFound, RecordUnavailable, Unavailable
from governance.policy import enforcement, residence, versions
from governance.policy.rules import Policy
from governance.policy.streaming import Gate
from governance.scope import Scope
from inference import prompts, runners
from inference.runners.base import ChatRequest, RunnerState
from inference.runners.speech import Speech
from ingestion import documents
from ingestion.models import Classification

log = logging.getLogger(__name__)

PASSAGES = 5
HISTORY = 4  # earlier turns that the model is shown
BROUGHT = 16  # of the turns that a client brought; the window decides how many of them stay
WINDOW = 4096  # where a server does not tell its own
MARGIN = 64  # tokens a server's own template may add


@dataclass(frozen=True)
class Outcome:
    status: Status
    notice: str = ""
    used: int = 0
    fault: str = ""  # the code of the error that it failed by
    capsule: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # what else the record says of it in clear


class _Clock:
    """How long the question waited for a worker, and then for the model's first words, both in milliseconds."""

    def __init__(self, row: models.Answer) -> None:
        self.queue_ms = round((row.started_at - row.created_at).total_seconds() * 1000) if row.started_at else None
        self.began = time.monotonic()
        self.model_ms: int | None = None

    def hear(self) -> None:
        if self.model_ms is None:
            self.model_ms = round((time.monotonic() - self.began) * 1000)

    def told(self) -> dict[str, int | None]:
        return {"queue_ms": self.queue_ms, "model_ms": self.model_ms}


def answer(tenant: uuid.UUID, answer_id: uuid.UUID) -> None:
    """Answer one question, or see that there is nothing to do. May be called twice, and by two at once."""
    held = lease.claim(tenant, answer_id)
    if held is None:
        return
    try:
        _answer(held)
    except lease.LeaseLost:
        log.info("answer %s went on elsewhere", answer_id)
    except RecordUnavailable as fault:
        # Nothing can be written, so nothing is said; the lease runs out and the sweep tries again.
        log.error("answer %s stopped: %s", answer_id, fault.message)
        lease.hold_up(held, notices.HELD_UP)
        raise
    finally:
        connection.close()


def due() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, answer) of what waits too long or was left by a worker that died."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM chancery.due_answers(100)")
        return [(tenant, answer_id) for tenant, answer_id in cursor.fetchall()]


def _answer(held: lease.Claim) -> None:
    if held.delivered:
        delivery.finish(held.scope, held.answer, held.token, Status.INTERRUPTED, notices.BROKE_OFF)
        return
    if held.attempt > lease.ATTEMPTS:
        delivery.finish(held.scope, held.answer, held.token, Status.FAILED, notices.FAILED_THRICE)
        return
    try:
        scope, row = _reopen(held)
    except NotFound as fault:  # the person or the key that asked is no longer there
        delivery.finish(held.scope, held.answer, held.token, Status.REFUSED, fault.message)
        return
    sender = delivery.Delivery(scope, held.answer, held.token)
    with lease.Watch(held) as watch:
        outcome = _guarded(scope, row, sender, watch)
    if watch.is_lost:
        raise lease.LeaseLost
    quotas.settle(scope, row.pk, outcome.used)
    fields = {"fault": outcome.fault} | ({"capsule": outcome.capsule} if outcome.capsule else {})
    facts = {"tokens": outcome.used} | _told(outcome) | outcome.facts
    delivery.finish(scope, row.pk, held.token, outcome.status, outcome.notice, facts=facts, **fields)


def _reopen(held: lease.Claim) -> tuple[Scope, models.Answer]:
    """The person's rights as they are now, not as they were when the question was asked."""
    scope = people.scope_in(held.scope.tenant, held.person)
    with scope.transaction():
        row = models.Answer.objects.get(pk=held.answer)
    return (keys.narrow(scope, row.key) if row.key else scope), row


def _guarded(scope: Scope, row: models.Answer, sender: delivery.Delivery, watch: lease.Watch) -> Outcome:
    """Every fault that may happen becomes a named end; only the record's own stops everything."""
    try:
        return _compose(scope, row, sender, watch)
    except RecordUnavailable:
        raise
    except Unavailable as fault:
        if sender.sent:
            return Outcome(Status.INTERRUPTED, notices.MODEL_WENT_AWAY)
        log.warning("answer %s: %s", row.pk, fault.message)
        return Outcome(Status.FAILED, notices.MODEL_AWAY, fault=fault.code)
    except (Busy, InvalidInput) as fault:
        # The quota's bound, the worker's, or the window's: each says itself what is over, and nothing has been delivered.
        return Outcome(Status.FAILED, fault.message, fault=fault.code)
    except ChanceryError as fault:
        return Outcome(Status.REFUSED if not sender.sent else Status.INTERRUPTED, fault.message)
    except DatabaseError as fault:
        raise RecordUnavailable("The database does not answer.") from fault


def _compose(scope: Scope, row: models.Answer, sender: delivery.Delivery, watch: lease.Watch) -> Outcome:
    health.require(scope, tenants.current(scope))
    quotas.reserve(scope, row.pk, row.max_tokens)
    policy = versions.in_force(scope)
    if row.is_model_only:
        return _write(scope, row, sender, watch, policy)
    looked_up = retrieval.look_up(scope, row, policy, PASSAGES)
    if not looked_up.evidence.suffices:
        return Outcome(Status.REFUSED, evidence.refusal(looked_up.receipt, looked_up.evidence.unnamed))
    sender.passages = looked_up.passages
    return _write(scope, row, sender, watch, policy)


def _write(scope: Scope, row: models.Answer, sender: delivery.Delivery, watch: lease.Watch, policy: Policy) -> Outcome:
    runner = runners.chat()
    state = runner.probe()
    prompt = _prompt(scope, row, sender.passages, state)
    sender.passages = [sender.passages[excerpt.marker - 1] for excerpt in prompt.excerpts]  # what the model was shown
    place = enforcement.place(scope, {passage.collection_id for passage in sender.passages})
    gate = Gate(policy.applying(place), stamp=policy.stamp, place=place)
    share, longest = f"{scope.tenant}/{scope.person}", _longest(row, state)
    request = ChatRequest(messages=prompt.messages, max_tokens=longest, share=share, **row.sampler)
    clock = _Clock(row)
    with runner.stream(request) as handle:
        watch.attach(handle.cancel)
        connection.close()  # reading the prompt takes seconds: somebody else may have the connection meanwhile
        speech = Speech(handle, request.stop, prompt.tokens)
        _speak(sender, gate, speech, clock)
    with scope.transaction():
        if gate.blocked:
            enforcement.note(scope, gate.blocked, interaction=row.pk)
        sender.withhold(gate.held, "policy" if gate.blocked else "stopped")
    end, notice = _end(sender, gate, watch, request, speech.finish)
    used = speech.usage.prompt_tokens + speech.usage.completion_tokens
    shown = [str(passage.chunk_id) for passage in sender.passages]
    facts = {"shown": shown, "wait": clock.told()}
    capsule = _capsule(scope, prompt, request, state, speech) | {"policy": policy.stamp.as_json()}
    return Outcome(end, notice, used, capsule=capsule, facts=facts)


def _end(
    sender: delivery.Delivery, gate: Gate, watch: lease.Watch, request: ChatRequest, finish: str
) -> tuple[Status, str]:
    if gate.blocked:
        return Status.BLOCKED, gate.blocked.message
    if watch.is_cancelled:
        return Status.CANCELLED, notices.STOPPED
    if not sender.sent and not request.stop:  # a stop sequence that is met at once leaves nothing, as it was asked to
        return Status.FAILED, notices.NOTHING_WRITTEN
    return Status.ANSWERED, notices.LENGTH_REACHED if finish == "length" else ""


def _speak(sender: delivery.Delivery, gate: Gate, speech: Speech, clock: _Clock) -> None:
    """What was written and could not be checked before the model went away is recorded as such."""
    try:
        for text, is_last in speech:
            clock.hear()
            if not _deliver(sender, gate, text, is_last=is_last):
                return
    except (RecordUnavailable, DatabaseError, lease.LeaseLost):
        raise
    except Exception:
        sender.withhold(gate.held, "broke off")
        raise


def _deliver(sender: delivery.Delivery, gate: Gate, text: str, *, is_last: bool) -> bool:
    """False once policy has blocked the answer."""
    pieces = gate.feed(text) + (gate.finish() if is_last and not gate.blocked else [])
    for piece in pieces:
        if piece.text.strip():
            sender.send(piece)
    return gate.blocked is None


def _longest(row: models.Answer, state: RunnerState) -> int:
    """A client may ask for more than there is room for: the prompt keeps half of the window."""
    return min(row.max_tokens, (state.context_window or WINDOW) // 2)


def _prompt(scope: Scope, row: models.Answer, passages: Any, state: RunnerState) -> prompts.Prompt:
    brought = Brought.kept(row.brought)
    excerpts = [
        prompts.Excerpt(number, passage.document_name, " › ".join(passage.heading_path), passage.text)
        for number, passage in enumerate(passages, 1)
    ]
    build = evidence.template(row.is_model_only, brought.instruction)
    turns = brought.turns[-BROUGHT:] or _earlier(scope, row)
    budget = (state.context_window or WINDOW) - _longest(row, state) - MARGIN
    return prompts.fit(build, row.question, excerpts, turns, runners.chat().count_tokens, budget)


def _earlier(scope: Scope, row: models.Answer) -> list[prompts.Turn]:
    """Oldest first."""
    with scope.transaction():
        answered = models.Answer.objects.filter(conversation=row.conversation_id, status=Status.ANSWERED)
        recent = answered.filter(created_at__lt=row.created_at, superseded_at=None).order_by("-created_at")[:HISTORY]
        said = list(recent.prefetch_related(models.ordered_segments()))
        # What was said from a document that the person may no longer read is not said to the model again.
        readable = documents.readable(scope, {uuid.UUID(p["document"]) for one in said for p in one.passages})
        if not residence.may_go(Classification.RESTRICTED):
            readable -= documents.restricted(scope, readable)  # nor to a model that stands outside
        turns = [
            prompts.Turn(one.question, "".join(segment.text for segment in one.segments.all()))
            for one in said
            if {uuid.UUID(p["document"]) for p in one.passages} <= readable
        ]
    return turns[::-1]


def _capsule(
    scope: Scope, prompt: prompts.Prompt, request: ChatRequest, state: RunnerState, speech: Speech
) -> dict[str, Any]:
    """Enough to say why it said that, and to run it again."""
    sampler = {"temperature": request.temperature, "seed": request.seed, "max_tokens": request.max_tokens}
    counted = "engine" if speech.is_counted_by_engine else "prompt and pieces"
    return {
        "prompt": prompt.version,
        "model": {"name": state.model, "sha256": state.sha256, "engine": state.engine, "build": state.build},
        "sampler": sampler | ({"stop": list(request.stop)} if request.stop else {}),
        "access": {"roles": sorted(scope.roles), "groups": sorted(str(group) for group in scope.groups)},
        "finish": speech.finish,
        "usage": asdict(speech.usage) | {"counted_by": counted},
    }


def _told(outcome: Outcome) -> dict[str, Any]:
    """For the record's facts, which stand in clear: a stop sequence is the client's own text."""
    told = dict(outcome.capsule or {})
    if "stop" in told.get("sampler", {}):
        told["sampler"] = told["sampler"] | {"stop": len(told["sampler"]["stop"])}
    return told | ({"fault": outcome.fault} if outcome.fault else {})
