"""The classes of events that a tenant sets periods for: by what an event's name begins with.

Postgres asks the same of `audit.class_of` (in the migrations): what is let go is decided there once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from governance.sentence import phrase


class Class(StrEnum):
    ANSWERS = "answers"
    SIGN_INS = "sign_ins"
    READING = "reading"
    ADMINISTRATION = "administration"
    CONVERSATIONS = "conversations"  # no events: the rows in clear that the portal shows


NAMES: Mapping[Class, str] = {
    Class.ANSWERS: phrase("Questions and answers on the record"),
    Class.SIGN_INS: phrase("Sign-ins and refused access on the record"),
    Class.READING: phrase("Reading, holds and erasures on the record"),
    Class.ADMINISTRATION: phrase("Administration and documents on the record"),
    Class.CONVERSATIONS: phrase("Conversations in the portal"),
}
# An event's whole name, or what stands before its first dot. What is listed nowhere is administration.
ACTIONS: Mapping[Class, Sequence[str]] = {
    Class.ANSWERS: ("answer", "conversation", "embedding", "policy.decided", "prompt", "retrieval", "search"),
    Class.SIGN_INS: ("access", "session"),
    Class.READING: ("erasure", "hold", "person.erased", "person.exported", "record", "retention"),
}
OF_EVENTS = (Class.ANSWERS, Class.SIGN_INS, Class.READING, Class.ADMINISTRATION)
# The least number of days: nobody makes what happened lately disappear.
LEAST: Mapping[Class, int] = {
    Class.ANSWERS: 30,
    Class.SIGN_INS: 30,
    Class.READING: 365,
    Class.ADMINISTRATION: 365,
    Class.CONVERSATIONS: 7,
}
MOST = 36_500


def of(action: str) -> Class:
    for one, actions in ACTIONS.items():
        if action in actions or action.partition(".")[0] in actions:
            return one
    return Class.ADMINISTRATION


def as_facts(one: Class) -> dict[str, list[str]]:
    """What a run says of the class, so that it can be read without this page: `actions`, or `all_but` those."""
    if one in ACTIONS:
        return {"actions": list(ACTIONS[one])}
    return {"all_but": sorted(name for names in ACTIONS.values() for name in names)}
