"""One's conversations as they are listed, named, pinned, deleted and brought back, found by words, and read page by page."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from assistant import conversations, models
from assistant.conversations import attachments, branches
from governance import access, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.pages import Part
from governance.scope import Scope

A_PAGE = 60
PINNED_MOST = 100
TURNS = 30
LATER = 10  # turns after the one that is looked for
FOUND_MOST = 50
WORDS_MOST = 8
AROUND = 70  # characters before and after the words that were looked for
_SIGNS, _ESCAPED = re.compile(r"([%_\\])"), r"\\\1"  # what a pattern of LIKE reads as its own


@dataclass(frozen=True)
class Listed:
    """`pinned` stand on the first page alone; `before` leads to the next page."""

    pinned: list[models.Conversation]
    others: list[models.Conversation]
    before: datetime | None


@dataclass(frozen=True)
class Match:
    """`parts` are the place where the words stand, in order: (text, is it one of the words); none for a title's match."""

    conversation: models.Conversation
    answer: uuid.UUID | None
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Turns:
    """Oldest first, each with its segments in order."""

    answers: list[models.Answer]
    has_earlier: bool
    has_later: bool = False


def listed(scope: Scope, before: datetime | None = None) -> Listed:
    """Raises Forbidden for a key that may not ask, as all that reads or changes a conversation does."""
    access.require(scope, Action.ASK)
    with scope.transaction():
        mine = _mine(scope).order_by("-updated_at")
        pinned = [] if before else list(mine.filter(is_pinned=True)[:PINNED_MOST])
        others = mine.filter(is_pinned=False, **({"updated_at__lt": before} if before else {}))
        found = list(others[: A_PAGE + 1])
    return Listed(pinned, found[:A_PAGE], found[A_PAGE - 1].updated_at if len(found) > A_PAGE else None)


def onward(scope: Scope, cursor: str, most: int) -> Part[models.Conversation]:
    """One's own in one list: those that are pinned, then the others, each the newest first. Raises Forbidden, InvalidInput."""
    access.require(scope, Action.ASK)
    with scope.transaction():
        return pages.onward(_mine(scope), ("-is_pinned", "-updated_at", "pk"), cursor, most)


def search(scope: Scope, text: str) -> list[Match]:
    """The conversations that hold every word, in title, questions or answers; the newest first."""
    access.require(scope, Action.ASK)
    words = sorted(dict.fromkeys(text.replace("\x00", "").split()), key=len, reverse=True)[:WORDS_MOST]
    if not words:
        return []
    with scope.transaction():
        with connection.cursor() as cursor:
            patterns = [f"%{_SIGNS.sub(_ESCAPED, word)}%" for word in words]
            cursor.execute("SELECT * FROM chancery.conversations_with(%s::text[], %s)", [patterns, FOUND_MOST])
            places: list[tuple[uuid.UUID, uuid.UUID | None]] = cursor.fetchall()
        found = _mine(scope).in_bulk([conversation for conversation, _ in places])
        turns = models.Answer.objects.filter(pk__in=[turn for _, turn in places if turn], person=scope.person)
        texts = {row.pk: _texts(row) for row in turns.prefetch_related(models.ordered_segments())}
    return [
        Match(found[conversation], turn, snippet(texts.get(turn, ()) if turn else (), words))
        for conversation, turn in places
        if conversation in found
    ]


def snippet(texts: Sequence[str], words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The surroundings of the first text that holds most of the words, parted at them."""
    if not texts:
        return ()
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    best = max(texts, key=lambda one: len({hit.lower() for hit in pattern.findall(one)}))
    hit = pattern.search(best)
    if hit is None:
        return ()
    start, end = max(0, hit.start() - AROUND), hit.end() + AROUND
    shown = ("…" if start else "") + best[start:end].strip() + ("…" if end < len(best) else "")
    parts = re.split(f"({pattern.pattern})", " ".join(shown.split()), flags=re.IGNORECASE)
    return tuple((part, bool(at % 2)) for at, part in enumerate(parts) if part)


def turns(
    scope: Scope,
    conversation: uuid.UUID,
    *,
    before: uuid.UUID | None = None,
    at: uuid.UUID | None = None,
    deferring: Sequence[str] = ("brought", "sampler"),
) -> Turns:
    """Of the line that is shown: the newest; those before a turn that is known; or those around one."""
    rows = models.Answer.objects.filter(conversation=conversation, person=scope.person, superseded_at=None)
    shown, has_later = rows, before is not None
    with scope.transaction():
        if before is not None:
            shown = rows.filter(created_at__lt=_asked_at(conversation, before))
        elif at is not None:
            later = list(rows.filter(created_at__gt=_asked_at(conversation, at)).order_by("created_at")[: LATER + 1])
            has_later = len(later) > LATER
            shown = rows.filter(created_at__lt=later[LATER].created_at) if has_later else rows
        newest = shown.order_by("-created_at").defer(*deferring)[: TURNS + 1]
        found = list(newest.prefetch_related(models.ordered_segments()))
        branches.mark(scope, found)
    return Turns(found[:TURNS][::-1], len(found) > TURNS, has_later)


def _asked_at(conversation: uuid.UUID, answer: uuid.UUID) -> Subquery:
    return Subquery(models.Answer.objects.filter(pk=answer, conversation=conversation).values("created_at"))


def citation(scope: Scope, answer: uuid.UUID, ordinal: int, chunk: uuid.UUID) -> dict[str, Any]:
    """How a sentence of one's answer cites a passage; empty where it does not."""
    with scope.transaction():
        rows = models.Segment.objects.filter(answer=answer, ordinal=ordinal, person=scope.person)
        cited: list[dict[str, Any]] = next(iter(rows.values_list("citations", flat=True)), [])
    return next((one for one in cited if one["chunk_id"] == str(chunk)), {})


def rename(scope: Scope, conversation: uuid.UUID, title: str) -> None:
    title = " ".join(title.replace("\x00", "").split())[:200]
    if not title:
        raise InvalidInput("A conversation needs a title.")
    _change(scope, conversation, Event.CONVERSATION_CHANGED, title=title)


def pin(scope: Scope, conversation: uuid.UUID, *, is_pinned: bool) -> None:
    _change(scope, conversation, Event.CONVERSATION_PINNED, is_pinned=is_pinned)


def delete(scope: Scope, conversation: uuid.UUID) -> None:
    """Out of sight at once; `restore` brings it back, without the files that were attached: those go for good."""
    _change(scope, conversation, Event.CONVERSATION_DELETED, deleted_at=timezone.now())
    attachments.end(scope, [conversation])


def restore(scope: Scope, conversation: uuid.UUID) -> None:
    """Undo a delete; said twice it changes nothing more. Raises NotFound."""
    with scope.transaction():
        deleted(scope, conversation)
        gone = models.Conversation.objects.filter(pk=conversation, person=scope.person, deleted_at__isnull=False)
        if gone.update(deleted_at=None):
            events.record(scope, Event.CONVERSATION_RESTORED, resource=("conversation", conversation))


def deleted(scope: Scope, conversation: uuid.UUID) -> models.Conversation:
    """One's own, deleted or not: to say what was deleted. Raises NotFound."""
    with scope.transaction():
        found = models.Conversation.objects.filter(pk=conversation, person=scope.person).first()
    if found is None:
        raise access.unseen(Action.ASK, "conversation", conversation, "There is no such conversation.")
    return found


def _mine(scope: Scope) -> QuerySet[models.Conversation]:
    return models.Conversation.objects.filter(person=scope.person, deleted_at=None, is_listed=True)


def _texts(row: models.Answer) -> tuple[str, ...]:
    segments = "".join(segment.text for segment in row.segments.all())
    return row.question, segments


def _change(scope: Scope, conversation: uuid.UUID, event: Event, **fields: object) -> None:
    conversations.get(scope, conversation)
    facts: dict[str, object] = {"fields": sorted(fields)}
    facts |= {name: value for name, value in fields.items() if isinstance(value, bool)}
    with scope.transaction():
        models.Conversation.objects.filter(pk=conversation, person=scope.person).update(**fields)
        events.record(scope, event, resource=("conversation", conversation), facts=facts)
