"""What a conversation is called until its person gives it a name: by its first question, which those it is shared with read."""

from __future__ import annotations

from django.utils.translation import gettext

from assistant import models
from governance.sentence import phrase

LONGEST = 80
# Until something is asked: a file's name would go to all it is shared with.
ABOUT_FILES = phrase("Attached files")
# What stands in a question's place that policy blocked.
WITHHELD = "[withheld by policy]"


def of(question: str) -> str:
    """Where it is cut is known to the door chancery.shared_with_me too."""
    return question if len(question) <= LONGEST else question[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def is_to_follow(title: str, replaced: models.Answer | None) -> bool:
    """Whether the next question gives the title: there was none that could, or it is asked in place of the one that did."""
    if title in {ABOUT_FILES, gettext(ABOUT_FILES), WITHHELD}:
        return True
    return replaced is not None and replaced.after_id is None and title == of(replaced.question)
