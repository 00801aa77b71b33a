"""What the services said in English, in the language of whoever reads it."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext

from assistant import evidence
from governance import quotas
from governance.sentence import Sentence, Value, read_back
from inference.prompts import fitting
from ingestion import files, media_types, orders
from ingestion.parsers import base

# The sentences with values in them that rows keep: why an answer or a document ended as it did.
STORED = (
    evidence.NOT_NAMED,
    evidence.NOT_FOUND,
    fitting.TOO_LONG,
    quotas.SPENT,
    files.TOO_LARGE,
    orders.SOME_FOUND,
    base.SCANNED_PAGES,
    base.TOO_MANY_PAGES,
    *media_types.REFUSALS,
)


def translated(text: str) -> str:
    """The text in the active language, as far as the catalogue knows it."""
    if not text or get_language() == "en":
        return text
    found = text if isinstance(text, Sentence) else None
    if found is None and (said := gettext(text)) != text:
        return said
    found = found or read_back(text, STORED)
    if found is None:
        return text
    return gettext(found.template) % {name: _value(value) for name, value in found.values.items()}


def grouped(number: float) -> str:
    """By thousands: 1,234 or 1.234."""
    return number_format(number, use_l10n=True, force_grouping=True)


def _value(value: Value) -> str:
    return translated(value) if isinstance(value, str) else grouped(value)
