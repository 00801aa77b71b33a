"""Before a document is read: what the malware scanner says of its bytes."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from governance.errors import Unavailable
from governance.sentence import phrase
from ingestion import scanning
from ingestion.line.leases import Claim
from ingestion.parsers.base import ParseFailed
from ingestion.pipeline import marks
from ingestion.scanning.base import Scanner, UnscannableError

INFECTED = phrase("The malware scanner found %(signature)s in this file.")
MEND_INFECTED = phrase("Do not open the file. Tell your administrator, and upload a clean copy.")
_NOT_SCANNED = phrase("It was read without being scanned.")
_TELL = phrase("Tell your administrator, who can try again, change the scanner's limits, or let such files through.")


class InfectedError(Exception):
    """The scanner's name for what it found."""


def first() -> str:
    """The stage that a document begins with."""
    return "scan" if scanning.scanner().is_there else "parse"


def screen(claimed: Claim, path: Path) -> None:
    """Raises InfectedError; Unavailable while the scanner is away, and ParseFailed for what it cannot scan, unless
    `settings.READ_UNSCANNED` lets such files through with a note.
    """
    scanner = scanning.scanner()
    if not scanner.is_there:
        return
    _scan(claimed, scanner, path)
    marks.begin(claimed, "parse")


def _scan(claimed: Claim, scanner: Scanner, path: Path) -> None:
    try:
        verdict = scanner.scan(path)
    except (Unavailable, UnscannableError) as fault:
        if not settings.READ_UNSCANNED:
            if isinstance(fault, Unavailable):
                raise
            raise ParseFailed("unscanned", str(fault), _TELL) from fault
        with claimed.held() as row:
            row.mark("scan", str(fault))
            row.mark("scan", _NOT_SCANNED)
        return
    if verdict.is_infected:
        raise InfectedError(verdict.signature)
