"""How far a collection has moved from its source: looked up on demand, with nothing changed on either side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from governance.sentence import phrase
from ingestion.connectors.base import Connector, Gone, Item, Reached, SourceDown
from ingestion.models import Document, ItemState, SourceItem, SourceRun
from ingestion.sources import listing, runs
from ingestion.sources.runs import Run

LINES_MAX = 5000
THERE, HERE, DIFFERS, FAILED = "there", "here", "differs", "failed"
SAYS = {
    THERE: phrase("At the source, and not here"),
    HERE: phrase("Here, and not at the source"),
    DIFFERS: phrase("Different at the source"),
    FAILED: phrase("Could not be taken"),
}
_TURNED_DOWN = (ItemState.FAILED, ItemState.REFUSED)


@dataclass(frozen=True)
class Line:
    """`finding` is one of SAYS; `name` is as it is called there, or was."""

    finding: str
    key: str
    name: str
    document: str = ""


def look(run: Run, place: Connector) -> None:
    """Leaves the report with the run. Raises SourceDown, SourceRefuses."""
    with run.claimed.scope.transaction():
        known = listing.known(run.claimed.pk)
        held = SourceItem.objects.filter(source=run.claimed.pk, document__isnull=False)
        seen = set(Document.objects.filter(pk__in=held.values("document")).values_list("pk", flat=True))
    for row in known.values():
        row.document = row.document if row.document in seen else None  # or somebody has deleted it here
    connection.close()
    there, end = dict[str, Item](), None
    for one in listing.fitting(place.changes("")):
        if isinstance(one, Reached):
            end = one
        elif not isinstance(one, Gone):
            there[one.key] = one
    if end is None:
        raise SourceDown(listing.CUT)
    lines = [*_there(there, known), *_here(there, known, is_whole=end.is_whole)]
    report: dict[str, Any] = {
        "at_the_source": len(there),
        "here": sum(row.document is not None for row in known.values()),
        "same": sum(_is_same(there.get(key), row) for key, row in known.items()),
        "found": {name: sum(line.finding == name for line in lines) for name in SAYS},
        "is_cut": len(lines) > LINES_MAX,
        "is_whole": end.is_whole,
        "lines": [[line.finding, line.key, line.name, line.document] for line in lines[:LINES_MAX]],
    }
    with run.claimed.held():
        SourceRun.objects.filter(source=run.claimed.pk).exclude(pk=run.id).update(report=None)
        SourceRun.objects.filter(pk=run.id).update(report=report, is_listed=True, note=end.note[:500])
        runs.count(run, listed=len(there))


def read(report: dict[str, Any]) -> list[Line]:
    return [Line(*told) for told in report["lines"]]


def _is_same(item: Item | None, row: listing.Known) -> bool:
    return item is not None and row.document is not None and item.mark == row.taken_mark


def _there(there: dict[str, Item], known: dict[str, listing.Known]) -> list[Line]:
    lines = []
    for key, item in sorted(there.items()):
        row = known.get(key)
        if row is None or row.document is None:
            is_refused = row is not None and row.state in _TURNED_DOWN
            lines.append(Line(FAILED if is_refused else THERE, key, item.name or (row.name if row else key)))
        elif item.mark != row.taken_mark:
            lines.append(Line(DIFFERS, key, item.name or row.name, str(row.document)))
    return lines


def _here(there: dict[str, Item], known: dict[str, listing.Known], *, is_whole: bool) -> list[Line]:
    missing = sorted(key for key, row in known.items() if key not in there and row.document) if is_whole else []
    return [Line(HERE, key, known[key].name, str(known[key].document)) for key in missing]
