"""What an address or a form holds as text, as what it stands for."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from governance.errors import InvalidInput


def parsed_id(text: str) -> uuid.UUID:
    """Raises InvalidInput."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput(_("That is not the number of anything here.")) from None


def parsed_number(text: str) -> int:
    """Raises InvalidInput."""
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise InvalidInput(_("That is not a number."))
    return int(text)
