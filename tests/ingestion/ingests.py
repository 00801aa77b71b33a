"""What tests of the pipeline do to a document, and what they see of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from unittest import mock

from django.utils import timezone

from ingestion import search
from ingestion.models import Document, Version
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.limited import sandbox
from tests.cast import House
from tests.ingestion import bells

SENTENCE = (
    "Paragraph {n} of the handbook speaks of hotel number {n}, of its bed number {bed}, and of nothing else at all. "
)


CAME = ["received", "hashed", "queued"]  # how every upload's timeline begins


class KilledError(BaseException):
    """As a kill does: nothing catches it, nothing is tidied up."""


def long(paragraphs: int) -> str:
    """No two passages of it read the same."""
    return "\n\n".join("".join(SENTENCE.format(n=n, bed=bed) for bed in range(8)) for n in range(paragraphs))


def version(house: House, row: Document) -> Version:
    with house.system.transaction():
        return Version.objects.get(pk=bells.latest(row))


def lapse(house: House, row: Document) -> None:
    """As time would: the lease of whoever was at work has run out."""
    with house.system.transaction():
        Version.objects.filter(pk=bells.latest(row)).update(lease_until=timezone.now() - timedelta(seconds=1))


def stages(version: Version) -> list[str]:
    return [mark["stage"] for mark in version.timeline]


def found(house: House, question: str) -> list[str]:
    return [passage.text for passage in search.passages(house.ada, question).passages]


def break_parser() -> AbstractContextManager[Any]:
    broken = ParseFailed("broken", "The file is damaged.", "Save it again and upload the new file.")
    return mock.patch.object(sandbox, "run", side_effect=broken)
