"""Between the right password and a session: a second factor, where there is one, or setting one up, where it is demanded.

Until then nobody is signed in. The browser's session says whose password it was, for ten minutes.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import HttpRequest

from assistant import sign_in
from assistant.sign_in import from_here, tries
from governance import people
from governance.accounts import factors, passkeys, recovery, totp
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotSignedIn
from governance.scope import Scope
from governance.sentence import phrase

PLACE = "sign_in_second"
SECONDS = 600
TRIES, TRIES_WITHIN_S = 5, 300
OVER = phrase("This took too long. Sign in again.")


class Step(StrEnum):
    DONE = "done"
    SECOND = "second"  # give the second factor
    ENROL = "enrol"  # set one up


@dataclass(frozen=True)
class Waiting:
    """Whose password was right. `scope` is the system's: nobody is signed in."""

    scope: Scope
    person: uuid.UUID
    step: Step
    onward: str


def next_step(scope: Scope, person: uuid.UUID) -> Step:
    """What is missing after the right password."""
    if factors.of(scope, person).is_any:
        return Step.SECOND
    return Step.ENROL if factors.is_demanded(people.scope_in(scope.tenant, person)) else Step.DONE


def keep(request: HttpRequest, scope: Scope, person: uuid.UUID, step: Step, onward: str) -> None:
    request.session.cycle_key()
    request.session[PLACE] = {
        "tenant": str(scope.tenant),
        "person": str(person),
        "step": step,
        "onward": onward,
        "at": time.time(),
    }


def waiting(request: HttpRequest, step: Step) -> Waiting:
    """Raises NotSignedIn where no password was given, or too long ago."""
    kept = request.session.get(PLACE)
    if not kept or kept["step"] != step or time.time() - kept["at"] > SECONDS:
        raise NotSignedIn(OVER)
    request_id: str = request.request_id  # type: ignore[attr-defined]
    scope = Scope.system(uuid.UUID(kept["tenant"]), request_id)
    return Waiting(scope, uuid.UUID(kept["person"]), step, kept["onward"])


def theirs(held: Waiting) -> Scope:
    """The person's own scope, to set a factor up with. Raises NotFound where they were switched off since."""
    return people.scope_in(held.scope.tenant, held.person, held.scope.request_id)


def give_code(request: HttpRequest, code: str) -> Waiting:
    """A code of the app, or a recovery code. Raises NotSignedIn, Busy."""
    held = waiting(request, Step.SECOND)
    _brake(held)
    given = checked(held.scope, held.person, code)
    if not given:
        raise _refused(request, held, "wrong second factor", totp.WRONG)
    return finish(request, held, given)


def give_passkey(request: HttpRequest, site: passkeys.Site, state: Any, answer: Any) -> Waiting:
    """Raises NotSignedIn, Busy."""
    held = waiting(request, Step.SECOND)
    _brake(held)
    try:
        passkeys.prove(held.scope, site, state, answer, held.person)
    except InvalidInput as wrong:
        raise _refused(request, held, "wrong passkey", wrong.message) from None
    return finish(request, held, "passkey")


def finish(request: HttpRequest, held: Waiting, given: str) -> Waiting:
    """The session begins. Raises NotSignedIn."""
    request.session.pop(PLACE, None)
    sign_in.complete(request, held.scope, held.person, given)
    tries.forget(key(held.person))
    return held


def checked(scope: Scope, person: uuid.UUID, code: str) -> str:
    """Which kind of code it is of theirs: totp or recovery; empty for none."""
    plain = "".join(code.split())
    if plain.isdecimal():
        return "totp" if totp.check(scope, person, plain) else ""
    return "recovery" if plain and recovery.use(scope, person, plain) else ""


def key(person: uuid.UUID) -> str:
    return f"second-factor:{person}"


def _brake(held: Waiting) -> None:
    if waits := tries.wait_s(key(held.person), TRIES, TRIES_WITHIN_S):
        facts = {"reason": "too many tries"}
        events.record(held.scope, Event.SIGN_IN_REFUSED, facts=facts, subject=held.person)
        raise tries.busy(waits)


def _refused(request: HttpRequest, held: Waiting, reason: str, message: str) -> NotSignedIn:
    from_here.count(request)
    events.record(held.scope, Event.SIGN_IN_REFUSED, facts={"reason": reason}, subject=held.person)
    return NotSignedIn(message)
