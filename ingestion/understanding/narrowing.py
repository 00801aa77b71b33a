"""The documents that a filter in plain words means, among those that this person may read."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time

from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import access
from governance.actions import Action
from governance.scope import Scope
from ingestion.models import Document
from ingestion.search import terms
from ingestion.understanding import mentions

NAMES_SHOWN = 3
_SHORT = 3  # letters of a root that begins too many words
MOST = 500  # documents that a filter may mean; one that means more tells nothing apart


def documents(
    scope: Scope, question: str, collections: Sequence[uuid.UUID]
) -> tuple[tuple[uuid.UUID, ...] | None, list[tuple[str, str]]]:
    """Which, or None where no filter was said or nothing is meant by it; and (what was said, what was understood) of each."""
    named, since = mentions.documents(question), mentions.since(question, timezone.localdate())
    if not named and since is None:
        return None, []
    with scope.transaction():
        rows = _readable(scope, collections)
        chosen, said = list[QuerySet[Document]](), list[tuple[str, str]]()
        for mention in named:
            meant = _called(rows, mention.words)
            found = list(meant.values_list("name", flat=True).order_by("name")[: MOST + 1])
            if 0 < len(found) <= MOST:
                chosen.append(meant)
                said.append((mention.said, _listed(found)))
        if since is not None:
            begins = datetime.combine(since.day, time.min, tzinfo=UTC)
            chosen.append(rows.filter(current__created_at__gte=begins))
            said.append((since.said, since.day.isoformat()))
        if not chosen:
            return None, []
        ids = set(chosen[0].values_list("pk", flat=True))
        for further in chosen[1:]:
            other = set(further.values_list("pk", flat=True))
            # Two names are two documents that are asked about; a name and a day narrow one another.
            ids = ids & other if since is not None and further is chosen[-1] else ids | other
    return tuple(sorted(ids)), said


def _readable(scope: Scope, collections: Sequence[uuid.UUID]) -> QuerySet[Document]:
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    return Document.objects.filter(may, collection__in=list(collections), current__isnull=False)


def _called(rows: QuerySet[Document], words: Sequence[str]) -> QuerySet[Document]:
    """Whose name or title holds every word, in whichever form of it."""
    for word in words:
        pattern = _pattern(_root(word))
        rows = rows.filter(Q(name__iregex=pattern) | Q(current__title__iregex=pattern))
    return rows


def _root(word: str) -> str:
    stems = terms.terms(word)
    return stems[0] if len(stems) == 1 and word.lower().startswith(stems[0]) else word


def _pattern(root: str) -> str:
    """Where a word begins with it, as "Reise" in "Reisekosten"; a short root or a number is the whole of it: "training" and
    "email-rules" are none of "the AI policy".
    """
    begun = f"(^|[^[:{_kind(root[0])}:]])"
    if root[-1].isdigit():
        return f"{begun}{re.escape(root)}($|[^[:digit:]])"
    ended = "(e|s|n|es|en|er)?($|[^[:alpha:]])" if len(root) <= _SHORT else ""
    return f"{begun}{re.escape(root)}{ended}"


def _kind(sign: str) -> str:
    return "digit" if sign.isdigit() else "alpha"


def _listed(found: Sequence[str]) -> str:
    more = f" (+{len(found) - NAMES_SHOWN})" if len(found) > NAMES_SHOWN else ""
    return ", ".join(found[:NAMES_SHOWN]) + more
