"""The library of prompts: texts to ask with, one's own and those that colleagues share with everybody.

A text has places in braces, such as {customer}, which whoever asks fills in. It is sent as any question is, through the same
policy: nothing in the library is trusted more than what somebody types.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, Q, QuerySet, When

from assistant import models
from assistant.conversations import LONGEST_QUESTION
from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.sentence import sentence

KIND = "saved_prompt"
NAME_LONGEST = 80
MOST = 200  # a person
LISTED = 2 * MOST
_PLACE = re.compile(r"\{([^{}\n]{1,60})\}")


def listed(scope: Scope, words: str = "", most: int = LISTED) -> list[models.SavedPrompt]:
    """One's own first, then those that are shared, each by name: `most` of them. Raises Forbidden."""
    access.require(scope, Action.ASK)
    with scope.transaction():
        rows = _seen(scope)
        if words:
            rows = rows.filter(Q(name__icontains=words) | Q(text__icontains=words))
        is_mine = Case(When(person=scope.person, then=True), default=False)
        return list(rows.order_by(is_mine.desc(), "name", "created_at")[:most])


def get(scope: Scope, prompt: uuid.UUID) -> models.SavedPrompt:
    """Raises NotFound."""
    access.require(scope, Action.ASK)
    with scope.transaction():
        found = _seen(scope).filter(pk=prompt).first()
    if found is None:
        raise access.unseen(Action.ASK, KIND, prompt, "There is no such prompt.")
    return found


def create(scope: Scope, name: str, text: str, *, is_shared: bool = False) -> models.SavedPrompt:
    """Raises InvalidInput, and Conflict for a name that one has already."""
    access.require(scope, Action.ASK)
    row = models.SavedPrompt(
        tenant_id=scope.tenant, person_id=scope.person, name=_name(name), text=_text(text), is_shared=is_shared
    )
    try:
        with scope.transaction(), transaction.atomic():
            if models.SavedPrompt.objects.filter(person=scope.person).count() >= MOST:
                raise Conflict(sentence("You have %(most)s prompts, which is the limit. Delete some first.", most=MOST))
            row.save(force_insert=True)
            _record(scope, Event.SAVED_PROMPT_CREATED, row, after=_told(row))
    except IntegrityError:
        raise _taken(row.name) from None
    return row


def change(scope: Scope, prompt: uuid.UUID, name: str, text: str, *, is_shared: bool) -> models.SavedPrompt:
    """One's own. Raises NotFound, InvalidInput, Conflict."""
    row = get(scope, prompt)
    if row.person_id != scope.person:
        raise access.unseen(Action.ASK, KIND, prompt, "There is no such prompt of yours.")
    before = _told(row)
    row.name, row.text, row.is_shared = _name(name), _text(text), is_shared
    try:
        with scope.transaction(), transaction.atomic():
            row.save(update_fields=["name", "text", "is_shared", "updated_at"])
            _record(scope, Event.SAVED_PROMPT_CHANGED, row, before=before, after=_told(row))
    except IntegrityError:
        raise _taken(row.name) from None
    return row


def delete(scope: Scope, prompt: uuid.UUID) -> None:
    """One's own, and what is shared by an admin too. Raises NotFound."""
    row = get(scope, prompt)
    if not may_delete(scope, row):
        raise access.unseen(Action.ASK, KIND, prompt, "There is no such prompt of yours.")
    with scope.transaction():
        models.SavedPrompt.objects.filter(pk=prompt).delete()
        _record(scope, Event.SAVED_PROMPT_DELETED, row, before=_told(row))


def may_delete(scope: Scope, row: models.SavedPrompt) -> bool:
    is_theirs = row.person_id == scope.person
    return is_theirs or (row.is_shared and access.decide(scope, Action.TENANT_MANAGE).allowed)


def places(text: str) -> list[str]:
    """What is to be filled in, in the order in which it comes, each once."""
    return list(dict.fromkeys(found.strip() for found in _PLACE.findall(text) if found.strip()))


def _seen(scope: Scope) -> QuerySet[models.SavedPrompt]:
    rows = models.SavedPrompt.objects.filter(Q(person=scope.person) | Q(is_shared=True))
    return rows.select_related("person")


def _taken(name: str) -> Conflict:
    return Conflict(sentence("You have a prompt named “%(name)s” already. Choose another name.", name=name))


def _name(given: str) -> str:
    name = " ".join(given.replace("\x00", "").split())
    if not name or len(name) > NAME_LONGEST:
        raise InvalidInput(sentence("A prompt's name has 1 to %(most)s characters.", most=NAME_LONGEST), param="name")
    return name


def _text(given: str) -> str:
    text = given.replace("\x00", "").strip()
    if not text or len(text) > LONGEST_QUESTION:
        raise InvalidInput(sentence("A prompt has 1 to %(most)s characters.", most=LONGEST_QUESTION), param="text")
    return text


def _told(row: models.SavedPrompt) -> dict[str, Any]:
    return {"name": row.name, "text": row.text, "is_shared": row.is_shared}


def _record(scope: Scope, event: Event, row: models.SavedPrompt, **payload: Any) -> None:
    facts = {"is_shared": row.is_shared, "characters": len(row.text), "person": row.person_id}
    events.record(scope, event, resource=(KIND, row.pk), facts=facts, payload=payload)
