"""What is said of the question sets that collections keep, and of asking them."""

from __future__ import annotations

from governance.audit.fields.kinds import ENTITY, OTHER, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

RUN = {"run": "its id"}

KINDS: dict[Event, Kind] = {
    Event.QUESTIONS_CHANGED: kind(
        "the question set of a collection was changed",
        (ENTITY, UPDATE),
        {
            "written": "how many questions were written",
            "dropped": "how many went, those that were written anew with them",
        },
    ),
    Event.EVALUATION_STARTED: kind(
        "a collection's question set is asked",
        (ENTITY, OTHER),
        RUN
        | {
            "questions": "how many",
            "answers": "whether a model answers too, each time an interaction of its own",
            "automatic": "whether it began by itself, after a change",
        },
    ),
    Event.EVALUATION_ENDED: kind(
        "it is over",
        (ENTITY, OTHER),
        RUN | {"state": "done, stopped or failed", "questions": "how many were asked", "of": "how many"},
    ),
}
