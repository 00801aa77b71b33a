"""What the services said in English, in the language of whoever reads it."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext

from assistant.answering import evidence
from assistant.showing import notices
from governance.quotas import bounds
from governance.sentence import Sentence, Value, read_back
from inference.prompts import fitting
from ingestion import orders
from ingestion.connectors import said
from ingestion.documents import files
from ingestion.documents import parts as within
from ingestion.media_types import refused
from ingestion.parsers import base
from ingestion.parsers.containers import parts
from ingestion.parsers.office import docx, pptx, xlsx
from ingestion.parsers.pages import paged
from ingestion.pipeline import recognition, screening

# The sentences with values in them that rows keep: why an answer or a document ended as it did.
STORED = (
    evidence.NOT_NAMED,
    evidence.NOT_FOUND,
    fitting.TOO_LONG,
    notices.MODEL_BUSY_FOR,
    *bounds.SAYINGS,
    files.TOO_LARGE,
    orders.SOME_FOUND,
    *paged.SAYINGS,
    recognition.GOES_ON,
    base.TOO_MANY_PAGES,
    screening.INFECTED,
    *within.SAYINGS,
    *parts.SAYINGS,
    docx.COMMENTS,
    pptx.HIDDEN_SLIDES,
    xlsx.HIDDEN_SHEETS,
    xlsx.NO_RESULTS,
    *refused.REFUSALS,
    *said.KEPT,
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
