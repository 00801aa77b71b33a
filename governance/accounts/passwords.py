"""Rules for passwords after NIST SP 800-63B: long enough, not a common one, not one's own address; no rules of composition."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from governance import models
from governance.accounts import sessions
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.scope import Scope
from governance.sentence import sentence

LONGEST = 1000


def check(password: str, person: models.Person | None = None) -> None:
    """Raises InvalidInput, saying what is amiss."""
    if len(password) > LONGEST:
        raise InvalidInput(sentence("A password has at most %(most)s characters.", most=LONGEST))
    try:
        validate_password(password, person)
    except ValidationError as refused:
        why = " ".join(refused.messages)
        raise InvalidInput(why) from None


def change(scope: Scope, before: str, after: str) -> models.Person:
    """One's own; all other sessions end. The row as it is now. Raises InvalidInput."""
    with scope.transaction():
        person = models.Person.objects.select_for_update().get(pk=scope.person)
        if not person.has_usable_password() or not person.check_password(before):
            raise InvalidInput("That is not your password.", param="password")
        check(after, person)
        person.set_password(after)
        person.save(update_fields=["password"])
        events.record(scope, Event.PASSWORD_CHANGED, resource=("person", person.pk))
        sessions.end_others(scope)
    return person
