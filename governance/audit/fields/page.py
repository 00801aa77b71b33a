"""The field table as Markdown, as `docs/record.md` has it."""

from __future__ import annotations

from collections.abc import Iterator

from governance.audit import fields
from governance.audit.fields.kinds import Field, Kind

HEAD = ("| field | says | OpenTelemetry | OCSF |", "| --- | --- | --- | --- |")


def lines() -> Iterator[str]:
    yield f"Version {fields.VERSION} of the table; OCSF {fields.OCSF_VERSION}."
    yield ""
    yield "#### Every event"
    yield ""
    yield from HEAD
    for one in fields.LEAF:
        yield f"| {_code(one.name)} | {one.meaning} | {_code(one.otel)} | {_code(one.ocsf)} |"
    for event, kind in fields.KINDS.items():
        yield ""
        yield from _event(str(event), kind)


def _event(name: str, kind: Kind) -> Iterator[str]:
    class_uid, activity = kind.ocsf
    yield f"#### {_code(name)}"
    yield ""
    yield f"{kind.meaning[0].upper()}{kind.meaning[1:]}. OCSF class {class_uid}, activity {activity}."
    if kind.clear or kind.words:
        yield ""
        yield "| field | kept | says | OpenTelemetry |"
        yield "| --- | --- | --- | --- |"
        yield from (_row(one, "in clear") for one in kind.clear)
        yield from (_row(one, "encrypted") for one in kind.words)


def _row(one: Field, kept: str) -> str:
    return f"| {_code(one.name)} | {kept} | {one.meaning} | {_code(one.otel)} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
