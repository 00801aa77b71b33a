"""What is said of how documents are cut, of the glossary, and of the change from one search index to another."""

from __future__ import annotations

from governance.audit.fields.kinds import CREATE, DELETE, ENTITY, OTHER, READ, REASON, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

INDEX = {"embedder": "the embedding model that it is of", "dimensions": "of its vectors"}
SO_FAR = INDEX | {"done": "how many passages it held by then", "chunks": "of how many"}
MEANINGS = {"number": "how many things it stands for"}
TERM = {"term": "the term", "meanings": "what it stands for"}

KINDS: dict[Event, Kind] = {
    Event.COLLECTION_REREAD: kind(
        "a collection's documents are read again, to be cut by its settings", (ENTITY, OTHER), {"documents": "how many"}
    ),
    Event.GLOSSARY_ADDED: kind("a term came into the glossary", (ENTITY, CREATE), MEANINGS, TERM),
    Event.GLOSSARY_CHANGED: kind(
        "a term of the glossary was changed",
        (ENTITY, UPDATE),
        MEANINGS,
        TERM | {"before.term": "the term as it was", "before.meanings": "and what it stood for"},
    ),
    Event.GLOSSARY_REMOVED: kind("a term was taken out of the glossary", (ENTITY, DELETE), MEANINGS, TERM),
    Event.INDEX_BEGUN: kind(
        "an index is built beside the live one", (ENTITY, CREATE), INDEX | {"chunks": "how many passages there were"}
    ),
    Event.INDEX_PAUSED: kind("the building was paused", (ENTITY, UPDATE), SO_FAR),
    Event.INDEX_RESUMED: kind("the building went on", (ENTITY, UPDATE), SO_FAR),
    Event.INDEX_READY: kind(
        "an index holds every passage and can be switched to",
        (ENTITY, UPDATE),
        INDEX
        | {
            "chunks": "how many passages it holds",
            "too_long": "how many of them its model does not read to their end",
            "seconds": "how long it was worked on",
        },
    ),
    Event.INDEX_COMPARED: kind(
        "the live index and another one were asked the same questions",
        (ENTITY, READ),
        INDEX
        | {
            "before": "the model of the live index",
            "questions": "how many",
            "whose": "own, written or everyone",
            "overlap": "the share of the first ten that both found, on average",
            "cited": "for how many questions the cited passage stands better, the same or worse",
        },
        REASON,
    ),
    Event.INDEX_SWITCHED: kind(
        "another index is searched from now on",
        (ENTITY, UPDATE),
        INDEX | {"before": "the model of the index that was live", "chunks": "how many passages it holds"},
    ),
    Event.INDEX_GIVEN_UP: kind("an index is given up", (ENTITY, OTHER), INDEX),
    Event.INDEX_REMOVED: kind(
        "all that an index held is gone",
        (ENTITY, DELETE),
        INDEX | {"removed": "how many vectors", "left": "how many are left, counted afterwards"},
    ),
}
