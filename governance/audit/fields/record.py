"""What is said of the record itself: read, opened, sent on, verified, and let go."""

from __future__ import annotations

from governance.audit.fields.kinds import ACCOUNT, CREATE, DELETE, ENTITY, OTHER, READ, REASON, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

CHOSEN = {
    "actions": "the filter, as it was set", "action": "the filter, as it was set", "outcomes": "the filter, as it was set",
    "person": "the filter, as it was set", "about": "the filter, as it was set", "resource": "the filter, as it was set",
    "mentions": "the filter, as it was set", "interaction": "the interaction, or the filter as it was set",
    "since": "the filter, as it was set", "until": "the filter, as it was set", "clock": "the filter, as it was set",
    "touched": "the filter, as it was set", "model": "the filter, as it was set",
    "interactions": "the filter, as it was set",
}  # fmt: skip
PLACE = dict.fromkeys(("before_at", "before_id", "after_at", "after_id"), "the place from which a list went on")

RECORD: dict[Event, Kind] = {
    Event.RECORD_READ: kind(
        "the record was read, masked",
        (ENTITY, READ),
        CHOSEN
        | PLACE
        | {
            "event": "the one event", "events": "how many were shown", "openings": "the requests to open words",
            "case": "the case", "items": "how many answers are in it", "notes": "how many notes",
            "ledger": "what of the policy's verdicts was asked for", "verdicts": "how many of them were shown",
        },
    ),
    Event.RECORD_OPENED: kind(
        "words of the record were opened",
        (ENTITY, READ),
        {
            "event": "the one event", "is_erased": "its words were gone", "interaction": "the interaction",
            "until": "how long it stays open", "payloads": "how many events carry words",
            "opening": "the request that was approved", "approved_by": "the officer who approved it",
        },
        REASON | {"case": "the number of a file elsewhere"},
    ),
    Event.RECORD_CLOSED: kind("what was open was closed early", (ENTITY, OTHER), {"interaction": "the interaction"}),
    Event.RECORD_EXPORTED: kind(
        "a list or an evidence bundle was taken away",
        (ENTITY, READ),
        CHOSEN
        | {
            "format": "of the file, or bundle", "events": "how many", "wanted": "which, of a bundle",
            "cut": "the time before which they were recorded", "selection": "SHA-256 over their sorted leaf hashes",
            "is_open": "with their words", "before": "how many leaves the head has that it leads on from",
            "fetched_until": "how long it could be fetched", "opening": "the request for its words that was approved",
            "approved_by": "the officer who approved it",
        },
        REASON,
    ),
    Event.FORWARD_CHANGED: kind(
        "a place that the record is sent to was set up or changed",
        (ENTITY, UPDATE),
        {
            "what": "created or changed", "kind": "webhook or syslog", "format": "jsonl or ocsf", "enabled": "it is switched on",
            "words": "words are sent too", "from_index": "where it begins", "secret": "a new secret was made",
            "only": "the events that it is told of alone",
        },
        {"name": "its name", "address": "its address"},
    ),
    Event.FORWARD_DELETED: kind("such a place was removed", (ENTITY, DELETE), {}, {"name": "its name", "address": "its address"}),
    Event.FORWARD_RETRIED: kind("somebody had it tried at once", (ENTITY, OTHER)),
    Event.FORWARD_WORDS: kind(
        "an officer had words sent there too, or no longer", (ENTITY, UPDATE), {"words": "what holds now"}, REASON
    ),
    Event.FORWARD_FAILING: kind(
        "nothing arrives there any more",
        (ENTITY, OTHER),
        {"target": "where", "failures": "in a row", "next_index": "the first event that has not arrived"},
        {"error": "what happened last"},
    ),
    Event.FORWARD_RESUMED: kind(
        "it arrives again",
        (ENTITY, OTHER),
        {"target": "where", "failures": "in a row, before", "next_index": "the first event that has not arrived"},
    ),
}  # fmt: skip

ERASURE = {"erasure": "the request"}
LIFECYCLE: dict[Event, Kind] = {
    Event.RECORD_VERIFIED: kind(
        "the record was verified from end to end",
        (ENTITY, OTHER),
        {
            "leaves": "how many were checked", "waiting": "how many were not sealed yet", "heads": "how many were checked",
            "findings": "how much is wrong", "first": "the first index at which something is",
        },
        {"findings": "what is wrong"},
    ),
    Event.HOLD_PLACED: kind("a legal hold was placed", (ENTITY, CREATE), {"wanted": "what it holds"}, REASON),
    Event.HOLD_LIFTED: kind("a legal hold was lifted", (ENTITY, DELETE), {"wanted": "what it held"}, REASON),
    Event.RETENTION_CHANGED: kind(
        "how long a class of events or rows is kept was changed",
        (ENTITY, UPDATE),
        {"class": "which", "before": "days; none is for ever", "after": "days; none is for ever"},
    ),
    Event.RETENTION_RUN: kind(
        "what had been kept long enough was let go",
        (ENTITY, DELETE),
        {"classes": "by class: up to when, how many, and which, by their hashes", "holds": "the holds that stood then"},
    ),
    Event.ERASURE_REQUESTED: kind("somebody asked to be erased", (ACCOUNT, 99), ERASURE, {"note": "in their words"}),
    Event.ERASURE_WITHDRAWN: kind("the request was taken back", (ACCOUNT, 99), ERASURE),
    Event.ERASURE_REFUSED: kind("the request was refused", (ACCOUNT, 99), ERASURE, REASON),
    Event.ERASURE_APPROVED: kind("the request was approved", (ACCOUNT, 99), ERASURE),
    Event.PERSON_ERASED: kind(
        "a person's key, words and rows were destroyed",
        (ACCOUNT, 6),
        ERASURE | {"certificate": "SHA-256 of the certificate", "replayed": "once more, after a restore"},
    ),
    Event.PERSON_EXPORTED: kind("a person took away what is kept of them", (ENTITY, READ)),
}  # fmt: skip

KINDS = RECORD | LIFECYCLE
