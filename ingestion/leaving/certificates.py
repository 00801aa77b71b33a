"""The certificates of collections that were erased: for those who see what has been let go."""

from __future__ import annotations

import uuid
from typing import Any

from governance import access
from governance.actions import Action
from governance.audit.lifecycle import erasing
from governance.errors import Conflict
from governance.scope import Scope
from governance.sentence import phrase
from ingestion.catalog import KIND
from ingestion.models import Deletion

SHOWN = 500
GONE = phrase("There is no such certificate.")


def listed(scope: Scope) -> list[Deletion]:
    """Those that are under way first, then the newest; SHOWN at most. Raises Forbidden."""
    access.require(scope, Action.RETENTION_SEE)
    with scope.transaction():
        rows = list(Deletion.objects.order_by("-created_at")[:SHOWN])
    return sorted(rows, key=lambda row: row.erased_at is not None)


def get(scope: Scope, collection: uuid.UUID) -> Deletion:
    """By the id that the collection had. Raises Forbidden, NotFound."""
    access.require(scope, Action.RETENTION_SEE)
    with scope.transaction():
        row = Deletion.objects.filter(collection=collection).first()
    if row is None:
        raise access.unseen(Action.RETENTION_SEE, KIND, collection, GONE)
    return row


def told(row: Deletion) -> dict[str, Any]:
    """What is taken away: the certificate, its hash, and the event on the record that carries the same one.

    Raises Conflict while the collection is being erased.
    """
    if row.erased_at is None:
        raise Conflict("There is a certificate once nothing is left of the collection. It goes on by itself.")
    return {"certificate": row.certificate, "sha256": erasing.digest(row.certificate), "event": str(row.event)}
