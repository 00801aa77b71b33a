"""A masked list as a file: what the record keeps in clear, no name and no word."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse
from django.utils.translation import gettext as _

from assistant.api.record import shown
from governance.audit.rows import Recorded
from governance.errors import InvalidInput

KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
COLUMNS = (
    "recorded_at", "at", "action", "actor", "actor_kind", "roles", "key", "interaction", "resource_kind", "resource",
    "has_payload", "facts", "id",
)  # fmt: skip
IN_MEMORY = 4 * 2**20


def require(kind: str) -> None:
    if kind not in KINDS:
        raise InvalidInput(_("A list is exported as csv or as jsonl."))


def respond(events: Iterable[Recorded], kind: str) -> FileResponse:
    """Written before it is sent: a list that cannot be read to its end is none."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  the response closes it
    for text in _csv(events) if kind == "csv" else _jsonl(events):
        file.write(text.encode())
    file.seek(0)
    name = f"record-{datetime.now(UTC):%Y%m%d-%H%M%S}.{kind}"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=KINDS[kind])
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _jsonl(events: Iterable[Recorded]) -> Iterator[str]:
    for event in events:
        yield json.dumps(shown(event), cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"


def _csv(events: Iterable[Recorded]) -> Iterator[str]:
    yield _row(COLUMNS)
    for event in events:
        resource = event.resource or {}
        yield _row(
            (
                event.recorded_at.isoformat(),
                event.at.isoformat(),
                event.action,
                event.actor or "",
                event.actor_kind,
                " ".join(event.roles),
                event.key or "",
                event.interaction or "",
                resource.get("kind", ""),
                resource.get("id", ""),
                event.has_payload,
                json.dumps(event.facts, ensure_ascii=False, sort_keys=True),
                event.id,
            )
        )


def _row(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
