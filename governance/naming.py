"""What people call things: one line that can be read."""

from __future__ import annotations

from governance.errors import InvalidInput
from governance.sentence import sentence

NAME_MAX = 200


def checked(given: str) -> str:
    """The name with its spaces folded. Raises InvalidInput."""
    name = " ".join(given.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise InvalidInput(sentence("A name has 1 to %(most)s characters, on one line.", most=NAME_MAX))
    return name
