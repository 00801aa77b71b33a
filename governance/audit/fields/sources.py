"""What is said of places outside from which collections are kept up to date."""

from __future__ import annotations

from governance.audit.fields.kinds import CREATE, DELETE, ENTITY, FILE, OTHER, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

COLLECTION = {"collection": "the collection"}
KIND_OF = {"kind": "folder, zip, s3, webdav, imap, git or website"}
RUN = COLLECTION | {"run": "which run of it", "what": "sync, or look for a drift report"}

KINDS: dict[Event, Kind] = {
    Event.DOCUMENT_RENAMED: kind(
        "a document was called as it is called where it comes from",
        (FILE, 3),
        COLLECTION | {"source": "where it was brought from"},
        {"before": "what it was called", "after": "what it is called now"},
    ),
    Event.SOURCE_CREATED: kind(
        "a source was added to a collection",
        (ENTITY, CREATE),
        COLLECTION | KIND_OF | {"every_minutes": "its schedule; none is by hand alone"},
        {
            "name": "its name",
            "settings": "where it is, without credentials",
            "every_minutes": "its schedule",
            "archive": "whether a ZIP was uploaded",
        },
    ),
    Event.SOURCE_CHANGED: kind(
        "a source was changed, paused, asked to run, or answered",
        (ENTITY, UPDATE),
        COLLECTION
        | KIND_OF
        | {"what": "which of it", "item": "the one thing at it", "document": "the document that it became"},
        {"name": "its name", "before": "what it was", "after": "what it is now"},
    ),
    Event.SOURCE_TESTED: kind(
        "settings of a source were tried", (ENTITY, OTHER), COLLECTION | KIND_OF | {"is_good": "it could be read"}
    ),
    Event.SOURCE_DELETED: kind(
        "a source was removed",
        (ENTITY, DELETE),
        COLLECTION | KIND_OF | {"documents": "what became of those it brought"},
        {"name": "its name"},
    ),
    Event.SOURCE_STARTED: kind(
        "a look at a source began", (ENTITY, OTHER), RUN | {"by": "who asked for it; none is its schedule"}
    ),
    Event.SOURCE_FINISHED: kind(
        "a look at a source ended",
        (ENTITY, OTHER),
        RUN
        | {
            "outcome": "done, failed or stopped",
            "listed": "how many things are there",
            "new": "how many were not there before",
            "changed": "how many had changed",
            "renamed": "how many documents were renamed",
            "brought": "how many became documents or versions",
            "removed": "how many documents were deleted, being gone there",
            "refused": "how many are not taken as they are",
            "failed": "how many are tried again",
        },
        {"error": "what was wrong"},
    ),
}
