"""The uploads of a document: its history, an older one brought back, and what the policy kept back let go on."""

from __future__ import annotations

import uuid

from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.lifecycle import reasons
from governance.audit.vocabulary import Event
from governance.errors import Conflict, NotFound
from governance.scope import Scope
from governance.sentence import phrase
from ingestion import documents
from ingestion.documents import uploads
from ingestion.documents.uploads import Outcome, Taken
from ingestion.models import RELEASED, Chunk, Document, Status, Version

_GONE = phrase("There is no such version of this document.")
_SAME = phrase("This is what was uploaded last already.")
_NOT_KEPT_BACK = phrase("This document is not kept back.")
_INFECTED = phrase("The malware scanner found something in this file: nobody can release it.")
_NOT_STORED = phrase("Nothing of its text was stored. Try the document again first: then it can be read and released.")


def listed(scope: Scope, document: uuid.UUID) -> list[Version]:
    """The newest first. Raises NotFound."""
    row = documents.get(scope, document)
    with scope.transaction():
        return list(Version.objects.filter(document=row).order_by("-number"))


def again(scope: Scope, document: uuid.UUID, number: int) -> Taken:
    """An older version's bytes as a new version, which the policy of the day judges. Raises NotFound, Forbidden, Conflict."""
    row = documents.get(scope, document)
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    with scope.transaction():
        version = Version.objects.filter(document=row, number=number).first()
    if version is None:
        raise NotFound(_GONE)
    documents.require_room(scope)
    taken = uploads.again(scope, row, version)
    if taken.outcome is Outcome.UNCHANGED:
        raise Conflict(_SAME)
    return taken


def release(scope: Scope, document: uuid.UUID, reason: str) -> Document:
    """What the upload policy kept back goes on to its readers, on a person's responsibility and for a reason.

    Raises NotFound, Forbidden, InvalidInput, Conflict.
    """
    row = documents.get(scope, document)
    access.require(scope, Action.COLLECTION_MANAGE, row.collection_id)
    said = reasons.checked(reason)
    with scope.transaction():
        version = documents.locked_latest(row)
        if version is None or version.status != Status.QUARANTINED:
            raise Conflict(_NOT_KEPT_BACK)
        if version.is_infected:
            raise Conflict(_INFECTED)
        if not version.chunks:
            raise Conflict(_NOT_STORED)
        rules = rules_of(version)
        Chunk.objects.filter(tenant_id=scope.tenant, version_id=version.pk).update(is_kept_back=False)
        version.mark(RELEASED, rules=rules, by=str(scope.person))
        if _holds_others(version):
            version.chunks = 0  # what came within it was left where it was: it is read once more
        version.queue("released")
        version.save()
        events.record(
            scope,
            Event.DOCUMENT_RELEASED,
            resource=(documents.KIND, document),
            facts={"collection": row.collection_id, "version": version.pk, "rules": rules},
            payload={"reason": said},
        )
        documents.ring()
    return documents.get(scope, document)


def rules_of(version: Version) -> list[str]:
    """The names of the rules that kept it back, from the last time it was."""
    marks = [mark for mark in version.timeline if mark["stage"] == Status.QUARANTINED]
    return list(marks[-1].get("rules", [])) if marks else []


def _holds_others(version: Version) -> bool:
    return any(mark["stage"] == Status.QUARANTINED and mark.get("within") for mark in version.timeline)
