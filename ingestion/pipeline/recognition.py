"""Text recognition of pages that hold no text: a few at a time in a limited process, each kept as it has been read.

It takes seconds a page, so that the limits grow with the pages, and an ingest that was killed goes on with the next page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from governance.sentence import phrase, sentence
from ingestion.line.leases import Claim
from ingestion.models import Recognised, Version
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.limited import sandbox
from ingestion.parsers.limited.sandbox import Limits
from ingestion.parsers.pages.recognised import Page
from ingestion.pipeline import marks

AT_ONCE = 8  # pages a process: they share what it takes to open the document
CPU_S, WALL_S = 60, 180.0  # a page; alone on a processor one takes 5 to 10
# The models are mapped from files and counted by no one; what a process writes to is bounded as a parser's memory is.
ADDRESSES, MEMORY = 4 << 30, 1 << 30
FAILED_MOST = 3  # one after another: then it is not the pages
GOES_ON = phrase("%(done)s of %(total)s pages had been read before")
_End = tuple[()]


def read(claimed: Claim, row: Version, path: Path, unread: Sequence[int]) -> dict[int, Page]:
    """The pages `unread` by their number. Raises ParseFailed where none of several can be read."""
    known = _kept(claimed)
    left = [number for number in unread if number not in known]
    done = len(unread) - len(left)
    note = sentence(GOES_ON, done=done, total=len(unread)) if done else ""
    marks.begin(claimed, "recognise", len(unread), done, note)

    def keep(number: int, page: Page) -> None:
        if number in left:  # and nothing else, whatever it says
            left.remove(number)
            known[number] = page
            _keep(claimed, number, page)

    failed = 0
    while left:
        before = len(left)
        try:
            _recognise(path, row.media_type, left[:AT_ONCE], keep)
        except ParseFailed as fault:
            failed = failed + 1 if len(left) == before else 0
            if failed == FAILED_MOST and all(page.is_failed for page in known.values()):
                raise
            if left and fault.code != "too_large":
                keep(left[0], Page(is_failed=True))
            elif left:
                raise
    return known


def forget(version: Version) -> None:
    """In the caller's transaction: what its passages hold need not be kept twice."""
    Recognised.objects.filter(version=version).delete()


def _recognise(path: Path, media_type: str, numbers: Sequence[int], keep: Callable[[int, Page], None]) -> None:
    limits = Limits(memory=ADDRESSES, data=MEMORY, cpu_s=CPU_S * len(numbers), wall_s=WALL_S * len(numbers))

    def understand(told: Mapping[str, Any]) -> tuple[int, Page] | _End:
        return () if "end" in told else (int(told["page"]), Page.from_json(told["read"]))

    def hear(said: tuple[int, Page] | _End, _: object) -> bool | None:
        if said:
            keep(*said)
            return None
        return True

    with path.open("rb") as file:
        sandbox.ask("recognise", [file], {"media_type": media_type, "numbers": numbers}, limits, understand, hear)


def _kept(claimed: Claim) -> dict[int, Page]:
    with claimed.scope.transaction():
        rows = Recognised.objects.filter(version=claimed.pk).values_list("number", "page")
        return {number: Page.from_json(page) for number, page in rows}


def _keep(claimed: Claim, number: int, page: Page) -> None:
    with claimed.held() as row:
        Recognised.objects.create(tenant_id=row.tenant_id, version=row, number=number, page=page.to_json())
        row.done += 1
