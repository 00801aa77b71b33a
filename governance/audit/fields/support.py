"""What is said of what an organisation opened to operators for a support case, and of what they saw."""

from __future__ import annotations

from governance.audit.fields.kinds import API, ENTITY, OTHER, USER_ACCESS, Kind, kind
from governance.audit.vocabulary import Event

WORDS = {"ticket": "the case it is for", "reason": "what it is for"}
LEVEL = "settings, documents or reading"
OPERATOR = {"operator": "to which operator; none where any may"}

KINDS: dict[Event, Kind] = {
    Event.SUPPORT_ASKED: kind(
        "an operator asked to be let see something of the organisation",
        (ENTITY, OTHER),
        {"level": LEVEL, "hours": "for how many hours"},
        WORDS | {"operator": "their address"},
    ),
    Event.SUPPORT_OPENED: kind(
        "an admin opened something of the organisation to an operator",
        (USER_ACCESS, 1),
        OPERATOR
        | {
            "level": LEVEL,
            "collections": "which were named",
            "until": "when it ends",
            "was_asked": "the operator had asked for it",
        },
        WORDS | {"operator": "their address"},
    ),
    Event.SUPPORT_REFUSED: kind("an admin refused what an operator asked for", (ENTITY, OTHER), OPERATOR, WORDS),
    Event.SUPPORT_ENDED: kind(
        "what was opened to an operator came to its end, or they withdrew their request",
        (USER_ACCESS, 2),
        OPERATOR
        | {"how": "ended (by an admin), given_back (by the operator) or over", "was_open": "it had been opened"},
        WORDS,
    ),
    Event.SUPPORT_LOOKED: kind(
        "an operator saw something of the organisation that was opened to them",
        (API, 2),
        {
            "what": "settings, documents (a list), document (how its reading went) or text (what it says)",
            "level": LEVEL,
            "collection": "of which collection",
            "document": "which document",
            "version": "its version",
            "page": "which page of the list or of the text",
            "of": "who uploaded the document",
        },
        {"operator": "their address", "ticket": "the case it is for"},
    ),
}
