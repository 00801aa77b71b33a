"""What is said of the officers' own work: searches for words, openings that take two, and cases."""

from __future__ import annotations

from governance.audit.fields.kinds import CREATE, ENTITY, OTHER, READ, REASON, UPDATE, Kind, kind
from governance.audit.fields.record import CHOSEN
from governance.audit.vocabulary import Event

REQUEST = {
    "opening": "the request",
    "interaction": "the interaction that is to be opened",
    "event": "the one event that is to be opened",
    "case": "the case whose bundle is to have its words",
}
UNTIL = {"until": "how long it holds"}

KINDS: dict[Event, Kind] = {
    Event.RECORD_SEARCHED: kind(
        "the record was searched for words",
        (ENTITY, READ),
        CHOSEN | {"texts": "how many texts the filters left to look into"},
        REASON | {"words": "the words that were looked for"},
    ),
    Event.OPENING_ASKED: kind(
        "an officer asked for another's approval to open words",
        (ENTITY, OTHER),
        REQUEST | UNTIL,
        REASON | {"case": "the number of a file elsewhere"},
    ),
    Event.OPENING_APPROVED: kind(
        "another officer approved it", (ENTITY, OTHER), REQUEST | UNTIL | {"asked_by": "the officer who asked"}
    ),
    Event.OPENING_DECLINED: kind(
        "another officer declined it", (ENTITY, OTHER), REQUEST | {"asked_by": "the officer who asked"}
    ),
    Event.CASE_OPENED: kind("a case was made", (ENTITY, CREATE), {}, {"title": "what it is about"}),
    Event.CASE_CHANGED: kind(
        "an answer was put into a case, or taken out of it",
        (ENTITY, UPDATE),
        {"added": "the interaction", "taken_out": "the interaction"},
    ),
    Event.CASE_NOTED: kind("a note was written in a case", (ENTITY, UPDATE), {}, {"text": "the note"}),
    Event.CASE_EXPORTED: kind(
        "a case was taken away as a bundle of evidence", (ENTITY, READ), {"bundle": "the event that asked for it"}
    ),
    Event.CASE_CLOSED: kind("a case was closed", (ENTITY, UPDATE)),
    Event.CASE_REOPENED: kind("a closed case was opened again", (ENTITY, UPDATE)),
}
