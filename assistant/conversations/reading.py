"""Whether what an answer is written from may still be read: asked again while it is written, and while it is followed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from assistant import models
from governance import access
from governance.access import Decision, Denied
from governance.actions import Action
from governance.scope import Scope
from governance.sentence import phrase
from ingestion.documents import restrictions
from ingestion.models import Document

LOST = phrase("What this answer is written from may no longer be read by whoever asked.")


def documents_of(row: models.Answer) -> frozenset[uuid.UUID]:
    """Those of which passages were given to the model."""
    return frozenset(uuid.UUID(one["document"]) for one in row.passages if "document" in one)


def collections_of(scope: Scope, row: models.Answer) -> frozenset[uuid.UUID]:
    """Those that were named, and those of which passages were given to the model."""
    given = documents_of(row)
    if not given:
        return frozenset(row.collections)
    with scope.as_system().transaction():  # whose it is no more is just what is asked
        found = Document.objects.filter(pk__in=given).values_list("collection", flat=True)
        return frozenset(row.collections) | frozenset(found)


def require(scope: Scope, collections: Iterable[uuid.UUID], documents: Iterable[uuid.UUID]) -> None:
    """As the caller is by now, and as narrow as the documents are by now. Raises Denied."""
    wanted, given = frozenset(collections), frozenset(documents)
    lost = (
        [(one, "collection") for one in wanted - access.visible(scope, Action.COLLECTION_READ, wanted)]
        if wanted
        else []
    )
    lost += [(one, "document") for one in given.intersection(restrictions.hidden(scope))] if given else []
    for one, kind in sorted(lost):
        raise Denied(LOST, Decision(False, Action.COLLECTION_READ, LOST, one, kind))
