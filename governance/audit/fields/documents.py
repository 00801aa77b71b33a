"""What is said of collections and of their documents."""

from __future__ import annotations

from governance.audit.fields.kinds import (
    BEFORE_AND_AFTER,
    CREATE,
    DELETE,
    ENTITY,
    FILE,
    FINDING,
    NAME,
    UPDATE,
    USER_ACCESS,
    Kind,
    kind,
)
from governance.audit.vocabulary import Event

VERSION = {"collection": "the collection", "version": "which upload of it"}
IN_BIN = {"collection": "the collection", "with": "the document that it came in, where it shared its way"}
KINDS: dict[Event, Kind] = {
    Event.COLLECTION_CREATED: kind(
        "a collection was made",
        (ENTITY, CREATE),
        {
            "classification": "how far its documents may go",
            "bound_to": "the conversation whose attached files it holds, where it is for one alone",
        },
        NAME,
    ),
    Event.COLLECTION_CHANGED: kind(
        "a collection was changed",
        (ENTITY, UPDATE),
        {
            "changed": "which fields",
            "classification": "how far its documents may go",
            "strictness": "how sure an answer from it has to be, where that changed",
            "half_life_days": "how fast its texts age for the order of what is found, where that changed; 0 is not at all",
        },
        BEFORE_AND_AFTER,
    ),
    Event.COLLECTION_EXPORTED: kind(
        "a collection was taken away, with its documents", (FILE, 2), {"documents": "how many it held"}, NAME
    ),
    Event.COLLECTION_DELETED: kind(
        "a collection was deleted", (ENTITY, DELETE), {"days": "for which it can be restored, as things stood"}, NAME
    ),
    Event.COLLECTION_RESTORED: kind("a deleted collection came back", (ENTITY, CREATE), {"documents": "how many"}, NAME),
    Event.COLLECTION_PURGED: kind(
        "a deleted collection is erased for good from here on", (ENTITY, DELETE), {"why": "asked, or over: its time"}, NAME
    ),
    Event.COLLECTION_ERASED: kind(
        "nothing is left of a deleted collection",
        (ENTITY, DELETE),
        {
            "deletion": "the id of its certificate", "certificate": "the SHA-256 of its canonical JSON",
            "documents": "how many it held", "left": "what verify_index counted in the whole tenant",
        },
        NAME,
    ),
    Event.COLLECTION_PAUSED: kind("the reading of a collection's documents was held up", (ENTITY, UPDATE), {}, NAME),
    Event.COLLECTION_RESUMED: kind("the reading of a collection's documents went on", (ENTITY, UPDATE), {}, NAME),
    Event.DOCUMENT_UPLOADED: kind(
        "a document was uploaded",
        (FILE, 1),
        VERSION
        | {
            "number": "counts its uploads", "size": "in bytes", "sha256": "of the file", "media_type": "by its content",
            "parent": "the document that it came in, where it came in one",
            "source": "the place it was brought from, where nobody uploaded it",
            "again": "the number of the upload whose bytes these are, where an older one was brought back",
        },
        NAME,
    ),
    Event.DOCUMENT_REFUSED: kind(
        "a document was not taken",
        (FILE, 1),
        {"code": "why", "parent": "the document that it came in, where it came in one"},
        NAME,
    ),
    Event.DOCUMENT_RETRIED: kind("a document is read once more", (FILE, 3), VERSION | {"from": "the stage it goes on from"}),
    Event.DOCUMENT_READY: kind(
        "a document can be asked about",
        (FILE, 3),
        {
            "version": "which upload of it", "number": "counts its uploads", "chunks": "how many passages it became",
            "current": "whether readers see this one",
            "flags": "what it carries beside its words: macros, javascript, embedded_files, external_links, launch_action",
        },
    ),
    Event.DOCUMENT_FAILED: kind(
        "a document could not be read",
        (FILE, 3),
        {
            "version": "which upload of it", "status": "failed, rejected or quarantined", "code": "why", "stage": "where",
            "signature": "the malware scanner's name for what it found",
        },
    ),
    Event.ORDERS_FOUND: kind(
        "passages that give orders to a model were found in a document",
        (FINDING, CREATE),
        {
            "version": "which upload of it", "quarantined": "how many are held back", "cut": "how many have parts cut out",
            "chunks[].chunk": "the passage", "chunks[].action": "block or redact", "chunks[].score": "the highest score",
        },
    ),
    Event.ORDERS_RELEASED: kind(
        "a passage that was held back was let through",
        (FINDING, UPDATE),
        {"chunk": "the passage", "sha256": "of its text", "rules": "the rules that had held it back"},
    ),
    Event.DOCUMENT_READ: kind(
        "a document's file was handed out, or its pages were shown as pictures",
        (FILE, 2),
        {**VERSION, "page": "the page that was shown first; none where the file was handed out"},
        NAME,
    ),
    Event.DOCUMENT_RELEASED: kind(
        "a document that the upload policy kept back was released",
        (FILE, 3),
        VERSION | {"rules": "the rules that had kept it back"},
        {"reason": "why"},
    ),
    Event.DOCUMENT_DELETED: kind(
        "a document was deleted",
        (FILE, 4),
        {
            "collection": "the collection", "source": "the place it was brought from, and is gone from",
            "with": "what it went with: collection, document that it came in, or version of that",
            "days": "how long it can be restored; 0 is not at all",
        },
        NAME,
    ),
    Event.DOCUMENT_RESTORED: kind("a deleted document was restored", (FILE, 1), IN_BIN, NAME),
    Event.DOCUMENT_PURGED: kind("a deleted document went for good", (FILE, 4), IN_BIN, NAME),
    Event.DOCUMENT_RESTRICTED: kind(
        "a document was restricted to some of those who may read its collection",
        (USER_ACCESS, 1),
        {"collection": "the collection", "people": "how many are named", "groups": "how many are named"},
        NAME | BEFORE_AND_AFTER,
    ),
    Event.DOCUMENT_UNRESTRICTED: kind(
        "a document is for all again who may read its collection",
        (USER_ACCESS, 2),
        {"collection": "the collection"},
        NAME | BEFORE_AND_AFTER,
    ),
    Event.DOCUMENT_WEIGHED: kind(
        "what a document counts for among those found was changed",
        (FILE, 3),
        {
            "collection": "the collection",
            "before": "authoritative, ordinary or superseded",
            "after": "from now on",
            "documents": "with all that came within it",
        },
        NAME,
    ),
    Event.DOCUMENT_LABELLED: kind(
        "a document was given another label",
        (FILE, 3),
        {"collection": "the collection", "before": "the rank of its label until now", "after": "from now on"},
        NAME,
    ),
}  # fmt: skip
