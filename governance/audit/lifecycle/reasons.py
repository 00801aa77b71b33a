"""Why something is held, lifted, refused or asked for: said in a sentence, not in a word."""

from __future__ import annotations

from governance.audit.reading import REASON_LONGEST, REASON_SHORTEST, told_enough
from governance.errors import InvalidInput
from governance.sentence import sentence


def checked(reason: str) -> str:
    """Raises InvalidInput."""
    said = told_enough(reason)
    if said is None:
        raise InvalidInput(
            sentence("Say why, in %(least)s to %(most)s characters.", least=REASON_SHORTEST, most=REASON_LONGEST)
        )
    return said
