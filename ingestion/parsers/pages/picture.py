"""A picture as a document: its pages are read by text recognition alone."""

from __future__ import annotations

from typing import BinaryIO

from ingestion.parsers.base import Parsed
from ingestion.parsers.pages import pictures
from ingestion.parsers.pages.paged import Paged


class Picture(Paged):
    def parse(self, stream: BinaryIO) -> Parsed:
        total = pictures.opened(stream.read(), self.bounds.pages).pages
        unread = [number for number in range(1, total + 1) if number not in self.recognised]
        return self.told([[] for _ in range(total)], unread)
