"""Questions that policy lets pass only for a reason: the person is asked for it, and what they say is on the record."""

from __future__ import annotations

import uuid

from assistant.conversations.brought import Judged
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.policy import enforcement
from governance.policy.engine import Verdict
from governance.policy.rules import Action, Stage
from governance.scope import Scope
from governance.sentence import sentence

LONGEST = 500


class ReasonRequired(InvalidInput):
    """The same question, sent again with a reason, goes on. `message` is the rule's own."""

    code = "reason_required"
    param = "reason"


def checked(reason: str) -> str:
    """Raises InvalidInput."""
    reason = " ".join(reason.replace("\x00", "").split())
    if len(reason) > LONGEST:
        raise InvalidInput(sentence("A reason has at most %(most)s characters.", most=LONGEST), param="reason")
    return reason


def require(scope: Scope, question: str, reason: str, verdict: Verdict, judged: Judged, client: str) -> None:
    """Raise ReasonRequired where policy wants a reason and there is none: the question is on the record then, and
    nowhere else. One that is blocked needs none.
    """
    verdicts = [*judged.verdicts.values(), verdict]
    strongest = max(verdicts, key=lambda one: one.action)
    if reason or strongest.action is not Action.REQUIRE_REASON:
        return
    attempt = uuid.uuid4()
    with scope.transaction():
        facts = {"client": client, "characters": len(question)}
        payload = {"text": question} | judged.brought.to_record()
        events.record(scope, Event.REASON_ASKED, interaction=attempt, facts=facts, payload=payload)
        judged.note(scope, attempt)
        enforcement.note(scope, verdict, interaction=attempt, stage=Stage.INPUT)
    raise ReasonRequired(strongest.message)
