"""A person by what was typed of them, and times as a form sends them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from governance import people
from governance.errors import InvalidInput
from governance.scope import Scope
from governance.sentence import sentence

LOOKED_AT = 3


def person(scope: Scope, typed: str) -> uuid.UUID:
    """By their whole name or address, or a part that is nobody else's. Raises InvalidInput."""
    who = typed.strip()[:254]
    found = people.matching(scope, who, LOOKED_AT) if who else []
    exact = [one for one in found if who.casefold() in {one.email.casefold(), one.name.casefold()}]
    chosen = exact if len(exact) == 1 else found
    if not chosen:
        raise InvalidInput(sentence("Nobody here is called “%(who)s”. Try the e-mail address.", who=who))
    if len(chosen) > 1:
        raise InvalidInput(sentence("Several people match “%(who)s”. Give the e-mail address.", who=who))
    return chosen[0].pk


def interaction(typed: str) -> uuid.UUID:
    """Raises InvalidInput."""
    try:
        return uuid.UUID(typed.strip())
    except ValueError:
        raise InvalidInput("That is not the number of an answer: it stands in the address of its page.") from None


def day(typed: str) -> datetime:
    """Its beginning, in UTC. Raises InvalidInput."""
    try:
        return datetime.strptime(typed.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidInput("A day is written like 2026-03-31.") from None
