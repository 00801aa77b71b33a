"""A masked list as a file: what the record keeps in clear, no name and no word."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse
from django.utils.translation import gettext as _

from assistant.api.record import shown
from governance import spreadsheet
from governance.audit.out import ocsf
from governance.audit.rows import Recorded
from governance.audit.tree import verifier
from governance.errors import InvalidInput

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "ocsf": "application/jsonl; charset=utf-8",
}
COLUMNS = (
    "recorded_at", "at", "action", "actor", "actor_kind", "roles", "key", "service", "interaction", "resource_kind", "resource",
    "has_payload", "facts", "id",
)  # fmt: skip
IN_MEMORY = 4 * 2**20


def require(kind: str) -> None:
    if kind not in KINDS:
        raise InvalidInput(_("A list is exported as csv, jsonl or ocsf."))


def respond(events: Iterable[Recorded], kind: str) -> FileResponse:
    """Written before it is sent: a list that cannot be read to its end is none."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  the response closes it
    for text in {"csv": _csv, "jsonl": _jsonl, "ocsf": _ocsf}[kind](events):
        file.write(text.encode())
    file.seek(0)
    ending = "ocsf.jsonl" if kind == "ocsf" else kind
    name = f"record-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=KINDS[kind])
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _jsonl(events: Iterable[Recorded]) -> Iterator[str]:
    for event in events:
        yield json.dumps(shown(event), cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"


def _ocsf(events: Iterable[Recorded]) -> Iterator[str]:
    for event in events:
        raw = base64.b64decode(event.leaf_data)
        leaf_hash = verifier.leaf_hash(raw) if event.index is not None else None
        yield json.dumps(ocsf.event(json.loads(raw), raw, event.index, leaf_hash), ensure_ascii=False) + "\n"


def _csv(events: Iterable[Recorded]) -> Iterator[str]:
    yield spreadsheet.row(COLUMNS)
    for event in events:
        resource = event.resource or {}
        yield spreadsheet.row(
            (
                event.recorded_at.isoformat(),
                event.at.isoformat(),
                event.action,
                event.actor or "",
                event.actor_kind,
                " ".join(event.roles),
                event.key or "",
                event.service or "",
                event.interaction or "",
                resource.get("kind", ""),
                resource.get("id", ""),
                event.has_payload,
                json.dumps(event.facts, ensure_ascii=False, sort_keys=True),
                event.id,
            )
        )
