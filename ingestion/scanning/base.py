"""The port of malware scanners: a file in, a verdict out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

INFECTED = "infected"  # the error_code of a version that is held back for it


class UnscannableError(Exception):
    """The scanner is there and cannot say anything of this file; the message is a sentence that says why."""


@dataclass(frozen=True)
class Verdict:
    """`signature` is the scanner's name for what it found; empty where it found nothing."""

    signature: str = ""

    @property
    def is_infected(self) -> bool:
        return bool(self.signature)


class Scanner(ABC):
    """Contract: the file is only read. `scan` raises Unavailable where the scanner is away, and UnscannableError."""

    is_there = True

    @abstractmethod
    def scan(self, path: Path) -> Verdict:
        """What the scanner says of the file's bytes."""
