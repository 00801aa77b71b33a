"""What is said of the content policy: what it decided, and how it came to be what it is."""

from __future__ import annotations

from governance.audit.fields.kinds import CREATE, DELETE, ENTITY, FINDING, OTHER, READ, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

DRAFT = {"draft.version": "the number of the version that was tried", "draft.sha256": "of its rules"}
VERSION = {"number": "of the version", "sha256": "of the version"}
FIXTURES = {"fixtures": "how many examples were tried on it"}
NOTE = {"note": "what its author says of it"}

KINDS: dict[Event, Kind] = {
    Event.POLICY_DECIDED: kind(
        "the rules of one stage judged a text",
        (FINDING, CREATE),
        {
            "stage": "input, passage, output or upload",
            "action": "the strongest of the rules' verdicts: allow, flag, require_reason, redact or block",
            "policy.version": "the number of the version that was in force",
            "policy.sha256": "of that version",
            "decisions[].rule": "the rule's name",
            "decisions[].detector": "what looked",
            "decisions[].action": "its verdict",
            "decisions[].score": "what the detector gave",
            "decisions[].threshold": "from where on it counts",
            "decisions[].spans": "start, end and type of what was found, in characters",
            "decisions[].latency_ms": "how long the detector took",
            "decisions[].is_error": "the detector failed, and the verdict is what stands for that",
            "decisions[].model": "the name of the model that was asked, where one was",
            "collections": "those that the text is of or was asked about, where that is known",
            "labels": "the ranks of what the text is of, or of what may be found for a question, where that is known",
            "assistants": "the assistant that was asked, or none, where that is known",
            "subject": "the passage or document, where the text is of one",
            "part": "which of several texts that came together",
            "is_trial": "somebody tried a text out; nothing was stopped or let through",
        },
    ),
    Event.POLICY_DRAFTED: kind(
        "a draft of a version was begun", (ENTITY, CREATE), VERSION | {"based_on": "the version it began as"}, NOTE
    ),
    Event.POLICY_CHANGED: kind(
        "a rule of a draft was changed",
        (ENTITY, UPDATE),
        VERSION | {"rule": "its name", "changed": "which fields"},
        NOTE | {"before": "what it was", "after": "what it is now"},
    ),
    Event.POLICY_DISCARDED: kind("a draft was thrown away", (ENTITY, DELETE), VERSION),
    Event.POLICY_SUBMITTED: kind(
        "a version waits for a second person",
        (ENTITY, OTHER),
        VERSION | FIXTURES | {"restores": "the version that it brings back"},
    ),
    Event.POLICY_PUBLISHED: kind(
        "a version was put in force",
        (ENTITY, UPDATE),
        VERSION | FIXTURES | {"supersedes": "the version before", "rules": "the names of its rules"},
        NOTE | {"rules": "the rules"},
    ),
    Event.POLICY_ROLLED_BACK: kind(
        "an earlier version was put in force again",
        (ENTITY, UPDATE),
        VERSION
        | FIXTURES
        | {
            "supersedes": "the version before",
            "rules": "the names of its rules",
            "restores": "the version it brings back",
        },
        NOTE | {"rules": "the rules"},
    ),
    Event.POLICY_REPLAY_STARTED: kind(
        "a version is held against what was recorded, which reads words by machine",
        (ENTITY, READ),
        DRAFT
        | {
            "since": "the period",
            "until": "the period",
            "stages": "which texts",
            "beginnings": "how many interactions and documents there are",
        },
        {"reason": "why"},
    ),
    Event.POLICY_REPLAYED: kind(
        "a replay came to its end",
        (ENTITY, OTHER),
        DRAFT
        | {
            "report": "the SHA-256 of its report",
            "changes": "how many texts would be newly blocked, no longer blocked, redacted otherwise …",
            "texts": "how many of each stage were read, and how many can no longer be",
        },
    ),
    Event.POLICY_REPLAY_ENDED: kind(
        "a replay ended without a result",
        (ENTITY, OTHER),
        {"fault": "cancelled, or what it failed by", "seen": "how much of it was done"},
    ),
    Event.POLICY_REPLAY_SIGNED: kind(
        "a draft is published on the strength of a replay",
        (ENTITY, OTHER),
        DRAFT | {"report": "the SHA-256 of the report"},
    ),
}
