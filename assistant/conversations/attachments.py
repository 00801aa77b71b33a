"""Files attached to one conversation: read like any document, asked about there alone, and gone with it.

They stand in a collection of their own that belongs to the conversation. Its person alone reads it; it is in no list, and
searched for the questions of that conversation only. The rest is as for any document: limits, policy at the upload, the
malware scanner, the record.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import IO, Any

from django.utils.translation import gettext

from assistant import conversations, models
from assistant.conversations import titles
from governance import access
from governance.actions import Action
from governance.errors import ChanceryError, Conflict, InvalidInput
from governance.scope import Scope
from governance.sentence import sentence
from ingestion import catalog, documents
from ingestion.documents import purging, removal, uploads
from ingestion.leaving import deleted
from ingestion.models import Collection, Document

MOST = 5  # files
LARGEST = 20 * 2**20  # bytes of one


def listed(scope: Scope, conversation: uuid.UUID) -> list[Document]:
    """By name, each with how far it has been read. Raises NotFound."""
    conversations.get(scope, conversation)
    collection = catalog.bound(scope, conversation)
    return [row for row in documents.listed(scope, collection) if row.parent_id is None] if collection else []


def attach(scope: Scope, conversation: uuid.UUID, name: str, file: IO[Any], size: int) -> Document:
    """What uploading a document raises, and Conflict where there are MOST already."""
    access.require(scope, Action.ASK)
    if size > LARGEST:
        raise InvalidInput(sentence("An attached file has at most %(most)s bytes.", most=LARGEST), param="file")
    conversations.get(scope, conversation)
    with scope.transaction():
        models.Conversation.objects.select_for_update().get(pk=conversation)
        collection = catalog.bind(scope, conversation, f"{titles.ABOUT_FILES} {conversation.hex[:12]}").pk
    there = {row.name for row in listed(scope, conversation)}
    if len(there) >= MOST and name not in there:
        raise Conflict(sentence("A conversation takes %(most)s files. Take one out first.", most=MOST))
    return uploads.upload(scope, collection, name, file)


def begin(scope: Scope, name: str, file: IO[Any], size: int, assistant: uuid.UUID | None = None) -> models.Conversation:
    """A new conversation with its first file; none where the file is not taken. What `attach` raises, and NotFound for
    the assistant that it is to be held with."""
    made = conversations.begin(scope, gettext(titles.ABOUT_FILES), assistant)
    try:
        attach(scope, made.pk, name, file, size)
    except ChanceryError:
        end(scope, [made.pk])
        conversations.take_back(scope, made)
        raise
    return made


def detach(scope: Scope, conversation: uuid.UUID, document: uuid.UUID) -> None:
    """For good: nothing that is attached lies in a bin. Raises NotFound."""
    if document not in {row.pk for row in listed(scope, conversation)}:
        raise access.unseen(Action.ASK, documents.KIND, document, documents.GONE)
    if removal.delete(scope, document):
        purging.purge_one(scope.as_system(), document)


def searched(scope: Scope, row: models.Answer) -> Sequence[uuid.UUID]:
    """What is searched for a question: what was chosen, or all that may be read, and what is attached here."""
    attached = catalog.bound(scope, row.conversation_id)
    if attached is None or attached in row.collections:
        return row.collections
    return [*(row.collections or catalog.readable(scope)), attached]


def end(scope: Scope, wanted: Sequence[uuid.UUID]) -> int:
    """They go with their conversations, files and all with the next purge. How many collections that were."""
    system = scope.as_system()
    with system.transaction():
        going = Collection.objects.filter(bound_to__in=list(wanted), deleted_at=None)
        found: list[uuid.UUID] = list(going.values_list("pk", flat=True))
    for one in found:
        catalog.delete(system, one)
        deleted.end(system, one)
    return len(found)
