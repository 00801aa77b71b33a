"""What a row says about how its answer ended, or why it waits. English; read through `wording.translated`."""

from __future__ import annotations

from governance.sentence import phrase, sentence

BROKE_OFF = phrase("The answer broke off. What was delivered is kept; ask again for a whole one.")
FAILED_THRICE = phrase("The answer failed three times. Ask again; if it goes on, tell your administrator.")
FILTERED = phrase(
    "A filter of the model server stopped the answer. What was delivered is kept; ask again, in other words."
)
HELD_UP = phrase("The record cannot be written, so the answer stopped. It is tried again once it can.")
LENGTH_REACHED = phrase("The answer reached its greatest length.")
CUT_SHORT = phrase(
    "The model server read only a part of what it was sent, so nothing that it wrote can be relied on. Tell your administrator."
)
MODEL_BUSY = phrase("The model has too much to do at the moment. Try again in a few seconds.")
MODEL_BUSY_FOR = phrase("The model has too much to do at the moment. Try again in %(seconds)s seconds.")
MODEL_AWAY = phrase("The model does not answer at the moment. Try again in a minute.")
MODEL_AWAITED = phrase("The model does not answer at the moment. Your question waits, and is answered once it does.")
MODEL_BUSY_AWAITED = phrase("The model has too much to do at the moment. Your question waits for it.")
MODEL_WENT_AWAY = phrase(
    "The model does not answer at the moment. What was delivered is kept; ask again for a whole answer."
)
NOTHING_WRITTEN = phrase("The model wrote nothing. Ask again, in other words.")
THOUGHT_ALONE = phrase("The model used its whole length for thinking, and wrote nothing. Tell your administrator.")
TIME_USED = phrase(
    "The model was stopped: where its seconds are limited, one answer has two minutes of it. Ask again, for something shorter."
)
STOPPED = phrase("You stopped it.")
QUOTED = phrase(
    "Nothing that the model wrote held against the passages, so it was left out. These are the documents' own words."
)
QUOTED_BESIDE = phrase("Much of what the model wrote holds against no passage. The documents' own words follow.")
INSTEAD = frozenset({QUOTED, QUOTED_BESIDE})  # of an answer whose own sentences did not hold
WEAK = phrase("What was found may not answer this. Read the passages before you rely on it.")


def busy(wait_s: float) -> str:
    """In our own words: what a vendor says of its bounds names the house's account."""
    seconds = max(1, round(wait_s))
    return sentence(MODEL_BUSY_FOR, seconds=seconds) if seconds > 1 else MODEL_BUSY
