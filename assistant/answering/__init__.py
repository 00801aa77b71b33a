"""One question, start to finish. Read this page to know what Chancery does.

    claim · passages (as this person) · policy on each passage · evidence · prompt · reserve · stream
    · policy, citations, record, then delivery of each segment · settle · finish

Audit before answer: whatever is not recorded is not delivered, and where the record cannot be written the answer stops.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import DatabaseError, connection

from assistant import gaps, models
from assistant.answering import (
    asking,
    awaiting,
    counting,
    delivery,
    evidence,
    history,
    ingredients,
    lease,
    outcomes,
    prompting,
    retrieval,
    sharing,
    standing,
    steps,
    turns,
)
from assistant.answering.awaiting import due as due
from assistant.answering.evidence import Decision
from assistant.answering.history import History
from assistant.answering.holding import UNSUPPORTED, Holding
from assistant.answering.outcomes import BROKEN_OFF, FILTERED, Outcome
from assistant.answering.retrieval import NOTHING, LookedUp
from assistant.answering.steps import Step
from assistant.conversations import attachments
from assistant.models import Status
from assistant.showing import notices
from governance import people, quotas, stopwatch, tenants
from governance.audit import events, health
from governance.errors import Busy, ChanceryError, InvalidInput, NotFound, RecordUnavailable, Unavailable
from governance.policy import enforcement, versions
from governance.policy.rules import Place, Policy
from governance.policy.streaming import Gate
from governance.scope import Scope
from inference import prompts, runners
from inference.runners.base import Away, ChatRequest, RunnerState, Truncated
from inference.runners.speech import Speech

log = logging.getLogger(__name__)

PASSAGES = 5


def answer(tenant: uuid.UUID, answer_id: uuid.UUID) -> None:
    """Answer this question past the line, or see that there is nothing to do. May be called twice, and by two at once."""
    if (held := lease.claim(tenant, answer_id)) is not None:
        _attend(held)


def answer_next() -> None:
    """Answer the question whose turn it is, in whichever tenant, or see that there is none."""
    if (held := lease.take()) is not None:
        _attend(held)


def _attend(held: lease.Claim) -> None:
    try:
        _answer(held)
    except lease.LeaseLost:
        log.info("answer %s went on elsewhere", held.answer)
    except RecordUnavailable as fault:
        # Nothing can be written, so nothing is said; the lease runs out and the sweep tries again.
        log.error("answer %s stopped: %s", held.answer, fault.message)
        lease.hold_up(held, notices.HELD_UP)
        raise
    finally:
        turns.ring_for_room(held.scope, held.answer)
        connection.close()


def _answer(held: lease.Claim) -> None:
    if held.delivered:
        delivery.give_up(held, Status.INTERRUPTED, notices.BROKE_OFF)
        return
    if held.attempt > lease.ATTEMPTS:
        delivery.give_up(held, Status.FAILED, notices.FAILED_THRICE)
        return
    try:
        # The person's rights as they are now, not as they were when the question was asked.
        scope, row = people.scope_in(held.scope.tenant, held.person, key=held.row.key), held.row
    except NotFound as fault:  # the person or the key that asked is no longer there
        delivery.give_up(held, Status.REFUSED, fault.message)
        return
    sender = delivery.Delivery(scope, held.answer, held.token)
    with lease.Watch(held) as watch, stopwatch.running() as laps:
        outcome = _guarded(scope, row, sender, watch)
        times = steps.told(row, laps, outcome.line_ms)
    if watch.is_lost:
        raise lease.LeaseLost
    if again := outcome.again:
        if lease.put_back(held, outcome.notice, again.in_s, is_counted=again.is_counted):
            return
        outcome = Outcome(Status.CANCELLED, notices.STOPPED)
    fields = {"fault": outcome.fault, "times": times} | outcome.fields
    fields |= {"capsule": outcome.capsule | outcome.kept} if outcome.capsule else {}
    facts = {"tokens": sender.used.tokens, "times": times} | _told(outcome) | outcome.facts
    delivery.end(sender, outcome.status, outcome.notice, facts=facts, **fields)


def _guarded(scope: Scope, row: models.Answer, sender: delivery.Delivery, watch: lease.Watch) -> Outcome:
    """Every fault that may happen becomes a named end; only the record's own stops everything."""
    try:
        return _compose(scope, row, sender, watch)
    except RecordUnavailable:
        raise
    except Truncated as fault:
        log.error("answer %s: %s", row.pk, fault.message)
        return Outcome(outcomes.cut_off(sender), notices.CUT_SHORT, fault=fault.code)
    except Unavailable as fault:
        return outcomes.away(row, sender, fault)
    except Busy as fault:
        return outcomes.busy(row, sender, fault)
    except InvalidInput as fault:
        # The window's bound: it says itself what is over, and nothing has been delivered.
        return Outcome(Status.FAILED, fault.message, fault=fault.code)
    except ChanceryError as fault:
        return Outcome(Status.REFUSED if not sender.sent else Status.INTERRUPTED, fault.message)
    except DatabaseError as fault:
        return outcomes.not_kept(row, sender, fault)


@dataclass(frozen=True)
class _Ground:
    """What an answer begins with: `among` is what is searched for it, `cache` says with whom a prompt's reading is shared, and
    `place` for whom and by which assistant it is answered.
    """

    policy: Policy
    among: Sequence[uuid.UUID]
    cache: str
    permissions: str
    past: History
    place: Place


@stopwatch.step(Step.PREPARING)
def _begin(scope: Scope, row: models.Answer) -> _Ground:
    with scope.transaction():
        health.require(scope, tenants.current(scope))
        among = () if row.is_model_only else attachments.searched(scope, row)
        policy, cache = versions.in_force(scope), sharing.key(scope, among, is_model_only=row.is_model_only)
        permissions = ingredients.permissions(scope, None if row.is_model_only else among)
        place = asking.place(scope, row)
    return _Ground(policy, among, cache, permissions, history.of(scope, row), place)


def _compose(scope: Scope, row: models.Answer, sender: delivery.Delivery, watch: lease.Watch) -> Outcome:
    if awaiting.was_put_back(row):
        _probed(row)  # before all of it is searched again
    ground = _begin(scope, row)
    if row.is_model_only:
        sender.label = ground.past.label
        return _write(scope, row, sender, watch, ground)
    found = retrieval.look_up(scope, row, ground.policy, ground.among, PASSAGES, ground.past, ground.place)
    sender.label = found.label
    if not found.evidence.suffices:
        notice = evidence.refusal(found.receipt, found.evidence.unnamed)
        return Outcome(Status.REFUSED, notice, fields=gaps.of(row, found.receipt, found.passages))
    sender.passages = found.passages
    return _write(scope, row, sender, watch, ground, found)


def _probed(row: models.Answer) -> RunnerState:
    """What its model's server says of itself. Raises Away."""
    state = runners.chat(row.model).probe()
    if state.is_away:
        raise Away(state.detail)
    return state


def _write(
    scope: Scope,
    row: models.Answer,
    sender: delivery.Delivery,
    watch: lease.Watch,
    ground: _Ground,
    found: LookedUp = NOTHING,
) -> Outcome:
    runner = runners.chat(row.model)
    with stopwatch.step(Step.PROMPT):
        state = _probed(row)
        built = prompting.build(row, sender.passages, state, found, ground.past.turns)
    sender.passages, prompt = built.shown, built.prompt
    policy, place = ground.policy, asking.of_answer(ground.place, sender.passages, ground.past.label)
    sender.policy, sender.place = policy, place
    gate = Gate(policy.applying(place), stamp=policy.stamp, place=place)
    share, longest = f"{scope.tenant}/{scope.person}", prompting.longest(row, state)
    request = ChatRequest(messages=prompt.messages, max_tokens=longest, share=share, cache=ground.cache, **row.sampler)
    holding = Holding(sender, lambda: prompting.instead(built, found), found.evidence.strictness)
    model = row.model or quotas.USUAL
    is_timed = quotas.reserve(scope, row.pk, longest, prompt.tokens, seconds=quotas.CLAIM_S, model=model)
    with runner.stream(request) as handle:
        watch.attach(handle.cancel, quotas.CLAIM_S if is_timed else None)
        connection.close()  # reading the prompt takes seconds: somebody else may have the connection meanwhile
        speech = Speech(handle, request.stop, prompt.tokens, standing.heard(row.pk, watch))
        with sender.counting(speech):
            _speak(holding, gate, speech)
    is_whole = not (gate.blocked or watch.is_cancelled or watch.is_lost or watch.is_late or speech.finish in BROKEN_OFF)
    _withhold(scope, row, holding, gate, is_whole=is_whole)
    said = holding.end() if is_whole else ""
    end, notice = _end(sender, gate, watch, request, speech)
    adds = end is Status.ANSWERED and not said and speech.finish == "stop" and prompting.adds(row, state)
    if adds:
        holding.add(functools.partial(prompting.left_out, found))
    if end is Status.ANSWERED:
        notice = said or notice or (notices.WEAK if found.evidence.decision is Decision.WARN else "")
    shown = [str(passage.chunk_id) for passage in sender.passages]
    facts = {"shown": shown, "history": ground.past.as_facts()}
    capsule = _capsule(scope, prompt, request, state, speech) | {"policy": policy.stamp.as_json(), "sent": built.sent}
    capsule["usage"] |= counting.of(runner, built, found, speech.usage.prompt_tokens)
    made = ingredients.of(prompt, built.shown, ground.permissions)
    made |= {"written": ingredients.digest(speech.written)}
    fields = {"summary": ground.past.summary, "ingredients": made}
    # Not among what is recorded: the question stands on the record where it was asked, and is found there.
    kept = {"ingredients": made | {"quotes": found.quotes_by | {"adds": adds}}}
    code = FILTERED if notice == notices.FILTERED else ""
    return Outcome(end, notice, code, capsule, facts, fields, kept, speech.line_ms)


def _withhold(scope: Scope, row: models.Answer, holding: Holding, gate: Gate, *, is_whole: bool) -> None:
    """What was written and may not leave, or was not let go when it stopped."""
    held = gate.held if is_whole else holding.held + gate.held
    if not held and not gate.blocked:
        return
    with events.together(scope):
        if gate.blocked:
            enforcement.note(scope, gate.blocked, interaction=row.pk)
        holding.sender.withhold(held, "policy" if gate.blocked else UNSUPPORTED if is_whole else "stopped")


def _end(
    sender: delivery.Delivery, gate: Gate, watch: lease.Watch, request: ChatRequest, speech: Speech
) -> tuple[Status, str]:
    if gate.blocked:
        return Status.BLOCKED, gate.blocked.message
    if watch.is_cancelled:
        return Status.CANCELLED, notices.STOPPED
    if watch.is_late:
        return outcomes.cut_off(sender), notices.TIME_USED
    if speech.finish in BROKEN_OFF:
        return outcomes.broken_off(sender, speech.finish)
    if speech.finish == "length" and not sender.sent and not speech.written.strip():
        told = "answer %s: the model's %s tokens went into thinking (%s pieces came) and it wrote nothing: see docs/engines.md"
        log.warning(told, sender.answer, request.max_tokens, speech.thoughts)
        return Status.FAILED, notices.THOUGHT_ALONE
    if not sender.sent and not request.stop:  # a stop sequence that is met at once leaves nothing, as it was asked to
        return Status.FAILED, notices.NOTHING_WRITTEN
    return Status.ANSWERED, notices.LENGTH_REACHED if speech.finish == "length" else ""


def _speak(holding: Holding, gate: Gate, speech: Speech) -> None:
    """What was written and could not be checked before the model went away is recorded as such."""
    try:
        for text, is_last in steps.timed(speech):
            if not holding.let_through(gate, text, is_last=is_last):
                return
    except (RecordUnavailable, DatabaseError, lease.LeaseLost):
        raise
    except Exception:
        holding.sender.withhold(holding.held + gate.held, "broke off")
        raise


def _capsule(
    scope: Scope, prompt: prompts.Prompt, request: ChatRequest, state: RunnerState, speech: Speech
) -> dict[str, Any]:
    """Enough to say why it said that, and to run it again."""
    sampler: dict[str, Any] = {
        "temperature": request.temperature,
        "seed": request.seed,
        "max_tokens": request.max_tokens,
    }
    sampler |= {"stop": list(request.stop)} if request.stop else {}
    sampler |= {"beside": state.beside} if state.beside else {}
    counted = "engine" if speech.is_counted_by_engine else "prompt and pieces"
    beside: dict[str, Any] = {"lane": speech.lane} if speech.lane else {}
    beside |= {"left_out": list(speech.left_out)} if speech.left_out else {}
    return beside | {
        "prompt": prompt.version,
        "model": {"name": state.model, "sha256": state.sha256, "engine": state.engine, "build": state.build},
        "sampler": {name: value for name, value in sampler.items() if name not in speech.left_out},
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
