"""What documents are called where no person names them: each apart from the others of its collection."""

from __future__ import annotations

import uuid
from pathlib import Path

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from ingestion import documents, media_types
from ingestion.models import Document


def free(collection: uuid.UUID, name: str, folder: str) -> str:
    """The name, with as much of its folders in front as tells it from what is there, else with a number. In a transaction."""
    around, ending = [part for part in folder.split("/") if part], Path(name).suffix
    names = [" – ".join([*around[len(around) - deep :], name]) for deep in range(len(around) + 1)]
    names += [f"{name.removesuffix(ending)} ({number}){ending}" for number in range(2, 100)]
    names = [media_types.clean_name(one) for one in names]
    taken = set(
        Document.objects.filter(collection=collection, name__in=names, parent=None).values_list("name", flat=True)
    )
    return next((one for one in names if one not in taken), media_types.clean_name(f"{uuid.uuid4().hex[:8]} {name}"))


def change(scope: Scope, document: uuid.UUID, name: str, folder: str, facts: dict[str, object]) -> bool:
    """Call it by another name, as far as that is free; whether it was there. In the caller's transaction."""
    row = Document.objects.select_for_update().filter(pk=document).first()
    if row is None:
        return False
    before, row.name = row.name, free(row.collection_id, name, folder)
    row.former_names = [*(one for one in row.former_names if one != before), before]
    row.save(update_fields=["name", "former_names"])
    events.record(
        scope,
        Event.DOCUMENT_RENAMED,
        resource=(documents.KIND, row.pk),
        facts={"collection": row.collection_id} | facts,
        payload={"before": before, "after": row.name},
    )
    return True
