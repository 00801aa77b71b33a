"""What an address or a form holds as text, as what it stands for."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from governance.errors import InvalidInput
from governance.grants import Holder
from governance.roles import Level


def parsed_id(text: str) -> uuid.UUID:
    """Raises InvalidInput."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput(_("That is not the number of anything here.")) from None


def parsed_holder(text: str) -> Holder:
    """Whom a form's choice names, as "person:" or "group:" with an id. Raises InvalidInput."""
    kind, _sep, raw = text.partition(":")
    try:
        key = uuid.UUID(raw)
    except ValueError:
        raise InvalidInput(_("Choose a person or a group.")) from None
    return Holder(person=key) if kind == "person" else Holder(group=key)


def parsed_number(text: str) -> int:
    """Raises InvalidInput."""
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise InvalidInput(_("That is not a number."))
    return int(text)


def whole(text: str) -> int:
    """What is no number is no setting either, and is refused as one, to those who may set it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def parsed_level(text: str) -> Level:
    """Raises InvalidInput."""
    try:
        return Level(int(text))
    except ValueError:
        raise InvalidInput(_("Choose what they may do.")) from None
