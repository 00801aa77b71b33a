"""Assistants that an admin composes: a name, what the model is told, where it looks, and the people who find it.

An assistant opens nothing: whoever asks it is answered from what they may read of its collections, under the same policy and on
the same record. What it is told is recorded with each question, as if whoever asks had said it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction

from assistant import models
from assistant.conversations.brought import Brought
from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.models import Group
from governance.scope import Scope
from governance.sentence import phrase, sentence
from inference import runners
from ingestion import catalog

KIND = "assistant"
NAME_LONGEST = 80
SUMMARY_LONGEST = 300
INSTRUCTION_LONGEST = 2000  # characters: each question is read with it
STARTERS_MOST = 6
STARTER_LONGEST = 300
MOST = 200  # a tenant
ORIGINS_MOST = 10
ORIGIN_LONGEST = 200
_ORIGIN = re.compile(r"(https://[a-z0-9.-]*[a-z0-9]|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?")
_GONE = phrase("There is no such assistant.")


@dataclass(frozen=True)
class Draft:
    """No `collections` are all that whoever asks may read; `model` is a further one by its name."""

    name: str
    summary: str = ""
    instruction: str = ""
    collections: Sequence[uuid.UUID] = ()
    model: str = ""
    starters: Sequence[str] = ()
    is_for_all: bool = False
    groups: Sequence[uuid.UUID] = ()
    is_on: bool = True
    origins: Sequence[str] = ()


@dataclass(frozen=True)
class SetUp:
    """How a question is asked: with which assistant, of which collections, by which model, and told what."""

    collections: frozenset[uuid.UUID]
    model: str
    brought: Brought
    assistant: uuid.UUID | None = None


def offered(scope: Scope) -> list[models.Composed]:
    """Those that this person finds, by name. Raises Forbidden."""
    access.require(scope, Action.ASK)
    with scope.transaction():
        return [row for row in models.Composed.objects.order_by("name")[:MOST] if _is_theirs(scope, row)]


def every(scope: Scope) -> list[models.Composed]:
    """All of the tenant's, those that are switched off too. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        return list(models.Composed.objects.order_by("name")[:MOST])


def known(scope: Scope) -> list[models.Composed]:
    """All of them by name, for who reads a rule of the policy that is for some. Raises Forbidden."""
    access.require(scope, Action.POLICY_SEE)
    with scope.as_system().transaction():
        return list(models.Composed.objects.order_by("name")[:MOST])


def get(scope: Scope, assistant: uuid.UUID) -> models.Composed:
    """One that this person finds. Raises NotFound."""
    access.require(scope, Action.ASK)
    with scope.transaction():
        found = models.Composed.objects.filter(pk=assistant).first()
        if found is None or not _is_theirs(scope, found):
            raise access.unseen(Action.ASK, KIND, assistant, _GONE)
    return found


def composed(scope: Scope, assistant: uuid.UUID) -> models.Composed:
    """To be changed. Raises Forbidden, NotFound."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        found = models.Composed.objects.filter(pk=assistant).first()
    if found is None:
        raise access.unseen(Action.TENANT_MANAGE, KIND, assistant, _GONE)
    return found


def compose(scope: Scope, draft: Draft) -> models.Composed:
    """Raises Forbidden, InvalidInput, and Conflict for a name that is taken."""
    access.require(scope, Action.TENANT_MANAGE)
    row = models.Composed(tenant_id=scope.tenant)
    _write(scope, row, draft)
    try:
        with scope.transaction(), transaction.atomic():
            if models.Composed.objects.count() >= MOST:
                raise Conflict(sentence("There are %(most)s assistants, which is the limit.", most=MOST))
            row.save(force_insert=True)
            _record(scope, Event.ASSISTANT_COMPOSED, row, after=_told(row))
    except IntegrityError:
        raise _taken(row.name) from None
    return row


def change(scope: Scope, assistant: uuid.UUID, draft: Draft) -> models.Composed:
    """From the next question on. Raises Forbidden, NotFound, InvalidInput, Conflict."""
    row = composed(scope, assistant)
    before = _told(row)
    _write(scope, row, draft)
    try:
        with scope.transaction(), transaction.atomic():
            row.save()
            _record(scope, Event.ASSISTANT_CHANGED, row, before=before, after=_told(row))
    except IntegrityError:
        raise _taken(row.name) from None
    return row


def delete(scope: Scope, assistant: uuid.UUID) -> None:
    """Conversations that were held with it stay, and take no further question. Raises Forbidden, NotFound."""
    row = composed(scope, assistant)
    with scope.transaction():
        models.Composed.objects.filter(pk=assistant).delete()
        _record(scope, Event.ASSISTANT_DELETED, row, before=_told(row))


def of(scope: Scope, conversation: models.Conversation) -> models.Composed | None:
    """That a conversation is held with, where it is one, and its person still finds it."""
    if conversation.assistant is None:
        return None
    with scope.transaction():
        found = models.Composed.objects.filter(pk=conversation.assistant).first()
        return found if found and _is_theirs(scope, found) else None


def looks_in(row: models.Composed, collection: uuid.UUID) -> bool:
    return not row.collections or collection in row.collections


def set_up(
    scope: Scope,
    wanted: uuid.UUID | None,
    conversation: uuid.UUID | None,
    collections: Iterable[uuid.UUID],
    model: str,
    brought: Brought,
) -> SetUp:
    """What a question is asked with. A conversation goes on with its own assistant. Raises NotFound, InvalidInput."""
    given = SetUp(frozenset(collections), model, brought)
    if conversation is not None:
        with scope.transaction():
            held = models.Conversation.objects.filter(pk=conversation, person=scope.person).first()
        if held is None or held.assistant is None:
            return given  # what is wrong with it is said where it is asked for
        row = of(scope, held)
        if row is None:
            raise InvalidInput("The assistant of this conversation is not there any more. Begin a new conversation.")
    elif wanted is not None:
        row = get(scope, wanted)
    else:
        return given
    told = f"{row.instruction}\n\n{brought.instruction}".strip()
    return SetUp(
        _among(scope, row, given.collections),
        model or (row.model if row.model in runners.further_chats() else ""),
        replace(brought, instruction=told),
        row.pk,
    )


def _among(scope: Scope, row: models.Composed, chosen: frozenset[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Of the assistant's collections those that this person may read, and of these the chosen ones."""
    if not row.collections:
        return chosen
    reads = frozenset(access.visible(scope, Action.COLLECTION_READ, row.collections))
    if not reads:
        raise InvalidInput("You may read nothing of what this assistant looks in. Ask an admin for access to it.")
    return (reads & chosen) or reads


def _is_theirs(scope: Scope, row: models.Composed) -> bool:
    """As the table's own rule says, but for admins, who see what is not for them where they compose."""
    return row.is_on and (row.is_for_all or not scope.groups.isdisjoint(row.groups))


def _write(scope: Scope, row: models.Composed, draft: Draft) -> None:
    row.name = _line(draft.name, NAME_LONGEST, "name")
    row.summary = _line(draft.summary, SUMMARY_LONGEST, "summary") if draft.summary.strip() else ""
    row.instruction = draft.instruction.replace("\x00", "").strip()
    if len(row.instruction) > INSTRUCTION_LONGEST:
        raise InvalidInput(
            sentence("What it is told has at most %(most)s characters.", most=INSTRUCTION_LONGEST), param="instruction"
        )
    starters = [_line(one, STARTER_LONGEST, "starters") for one in draft.starters if one.strip()]
    if len(starters) > STARTERS_MOST:
        raise InvalidInput(sentence("At most %(most)s questions to begin with.", most=STARTERS_MOST), param="starters")
    if draft.model and draft.model not in runners.further_chats():
        raise InvalidInput(
            sentence("There is no model named “%(model)s” to be answered by.", model=draft.model), param="model"
        )
    row.collections, row.groups = _collections(scope, draft.collections), _groups(scope, draft.groups)
    row.starters, row.model = list(dict.fromkeys(starters)), draft.model
    row.is_for_all, row.is_on, row.origins = draft.is_for_all, draft.is_on, _origins(draft.origins)


def _collections(scope: Scope, wanted: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    found = {row.pk for row in catalog.listed(scope)}
    if not found.issuperset(wanted):
        raise InvalidInput("There is no such collection.", param="collections")
    return sorted(set(wanted))


def _groups(scope: Scope, wanted: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    with scope.transaction():
        if Group.objects.filter(pk__in=wanted).count() != len(set(wanted)):
            raise InvalidInput("There is no such group.", param="groups")
    return sorted(set(wanted))


def _origins(given: Sequence[str]) -> list[str]:
    """As a browser sends them: https, a host, a port where it has one; plain http on the machine itself alone."""
    found = dict.fromkeys(one.strip().lower().rstrip("/") for one in given if one.strip())
    if len(found) > ORIGINS_MOST:
        raise InvalidInput(sentence("At most %(most)s addresses.", most=ORIGINS_MOST), param="origins")
    for one in found:
        if not _ORIGIN.fullmatch(one) or len(one) > ORIGIN_LONGEST:
            raise InvalidInput(
                sentence("“%(given)s” is no address of a site, such as https://intranet.example.", given=one[:100]),
                param="origins",
            )
    return list(found)


def _line(given: str, longest: int, param: str) -> str:
    line = " ".join(given.replace("\x00", "").split())
    if not line or len(line) > longest:
        raise InvalidInput(sentence("This has 1 to %(most)s characters.", most=longest), param=param)
    return line


def _taken(name: str) -> Conflict:
    return Conflict(sentence("There is an assistant called “%(name)s” already.", name=name))


def _told(row: models.Composed) -> dict[str, Any]:
    return {"name": row.name, "summary": row.summary, "instruction": row.instruction, "starters": row.starters}


def _record(scope: Scope, event: Event, row: models.Composed, **payload: Any) -> None:
    facts = {
        "collections": row.collections,
        "groups": row.groups,
        "is_for_all": row.is_for_all,
        "is_on": row.is_on,
        "model": row.model,
        "origins": row.origins,
    }
    events.record(scope, event, resource=(KIND, row.pk), facts=facts, payload=payload)
