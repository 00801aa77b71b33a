"""What a row says about how its answer ended, or why it waits. English; read through `wording.translated`."""

from __future__ import annotations

from governance.sentence import phrase

BROKE_OFF = phrase("The answer broke off. What was delivered is kept; ask again for a whole one.")
FAILED_THRICE = phrase("The answer failed three times. Ask again; if it goes on, tell your administrator.")
HELD_UP = phrase("The record cannot be written, so the answer stopped. It is tried again once it can.")
LENGTH_REACHED = phrase("The answer reached its greatest length.")
MODEL_AWAY = phrase("The model does not answer at the moment. Try again in a minute.")
MODEL_WENT_AWAY = phrase(
    "The model does not answer at the moment. What was delivered is kept; ask again for a whole answer."
)
NOTHING_WRITTEN = phrase("The model wrote nothing. Ask again, in other words.")
STOPPED = phrase("You stopped it.")
