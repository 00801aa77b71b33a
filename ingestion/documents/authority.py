"""What a document counts for among those that speak of the same: said by whoever runs its collection.

What came within a document counts as that one does from when it is said, and may be said to count otherwise afterwards.
"""

from __future__ import annotations

import uuid

from django.db.models import Q

from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.scope import Scope
from governance.sentence import sentence
from ingestion import documents
from ingestion.documents import parts
from ingestion.models import Authority, Document


def give(scope: Scope, document: uuid.UUID, wanted: str) -> None:
    """Raises NotFound, Forbidden, InvalidInput."""
    row = documents.get(scope, document)
    access.require(scope, Action.COLLECTION_MANAGE, row.collection_id)
    authority = _checked(wanted)
    with scope.transaction():
        held = Document.objects.select_for_update().filter(pk=document).first()
        if held is None:
            raise NotFound(documents.GONE)
        family = Document.objects.filter(parts.family(document) | Q(pk=document))
        moved = Document.objects.filter(pk__in=list(family.exclude(authority=authority).values_list("pk", flat=True)))
        amount = moved.update(authority=authority)
        if not amount:
            return
        facts = {"collection": held.collection_id, "before": held.authority, "after": authority, "documents": amount}
        events.record(
            scope,
            Event.DOCUMENT_WEIGHED,
            resource=(documents.KIND, document),
            facts=facts,
            payload={"name": held.name},
        )


def _checked(wanted: str) -> Authority:
    try:
        return Authority(wanted)
    except ValueError:
        raise InvalidInput(sentence("A document is one of: %(known)s.", known=", ".join(Authority.values))) from None
