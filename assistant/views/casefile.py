"""A document's case file as its page shows it: how it went, in words; how it stands; its uploads; what was extracted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assistant.showing.wording import grouped, translated
from assistant.views import narrowed, parsing, tables
from governance import access, people
from governance.actions import Action
from governance.scope import Scope
from ingestion import documents, orders
from ingestion.documents import extracts, facsimiles, standing, versions
from ingestion.documents.standing import Step
from ingestion.models import Document, Status, Version

SHA_SHOWN = 12


@dataclass(frozen=True)
class Line:
    """One step of the timeline; `told` is what became of it, in words."""

    stage: str
    at: datetime
    took_s: float | None
    told: str


def of(request: HttpRequest, scope: Scope, document: uuid.UUID) -> dict[str, Any]:
    """What the page needs. Raises NotFound, Forbidden."""
    found = documents.get(scope, document)
    uploads = versions.listed(scope, document)
    shown = head(scope, found)
    wanted = _wanted(request)
    if wanted.number is None and found.current_id is None and shown["can_manage"] and uploads and uploads[0].chunks:
        wanted = replace(
            wanted, number=uploads[0].number
        )  # nothing is read yet: what stands of it, for who may see that
    by = people.names(scope, {one.uploaded_by for one in uploads if one.uploaded_by})
    return shown | {
        "room": "library",
        "lines": _lines(scope, uploads[0]) if uploads else [],
        # How many may read the collection says nothing of a document that is narrower.
        "visible_to": access.holders(scope, Action.COLLECTION_READ, found.collection_id)
        if found.current_id and not found.is_restricted and found.label is None
        else None,
        **narrowed.of(scope, found, can_manage=shown["can_manage"]),
        "history": [(one, by.get(one.uploaded_by) if one.uploaded_by else None) for one in uploads],
        "extract": extracts.found(scope, document, wanted),
        "wanted": wanted,
        "ordered": orders.listed(scope, document),
        "parts": documents.within(scope, document),
        "pages": facsimiles.pages(found),
    }


def head(scope: Scope, found: Document) -> dict[str, Any]:
    """The part that changes by itself while the document is on its way."""
    version = found.latest
    return {
        "document": found,
        "version": version,
        "standing": standing.of(scope, found),
        "can_write": access.decide(scope, Action.DOCUMENT_WRITE, found.collection_id).allowed,
        "can_manage": access.decide(scope, Action.COLLECTION_MANAGE, found.collection_id).allowed,
        "rules": versions.rules_of(version) if version and version.status == Status.QUARANTINED else [],
    }


def told(step: Step) -> str:
    """What became of a stage, in the reader's language; the notes that stages leave are put there too."""
    figures = step.figures
    parts = [_FIGURES[name](figures) for name in _FIGURES if name in figures]
    return " · ".join([*parts, *([translated(step.note)] if step.note else [])])


def _lines(scope: Scope, version: Version) -> list[Line]:
    steps = standing.steps(version)
    by = people.names(scope, [uuid.UUID(step.figures["by"]) for step in steps if "by" in step.figures])
    lines = []
    for step in steps:
        who = by.get(uuid.UUID(step.figures["by"]), "") if "by" in step.figures else ""
        lines.append(Line(step.stage, step.at, step.took_s, " · ".join(part for part in (who, told(step)) if part)))
    return lines


def _wanted(request: HttpRequest) -> extracts.Wanted:
    number = request.GET.get("version", "")
    return extracts.Wanted(
        parsing.parsed_number(number) if number else None,
        tables.words(request),
        tables.number(request),
        tables.key(request, "chunk"),
    )


def _pages(figures: Mapping[str, Any]) -> str:
    number = int(figures["pages"])
    return ngettext("%(number)s page", "%(number)s pages", number) % {"number": grouped(number)}


def _characters(figures: Mapping[str, Any]) -> str:
    number = int(figures["characters"])
    return ngettext("%(number)s character", "%(number)s characters", number) % {"number": grouped(number)}


def _chunks(figures: Mapping[str, Any]) -> str:
    if "unchanged" in figures:
        told = {"same": grouped(figures["unchanged"]), "all": grouped(figures["chunks"])}
        return _("%(same)s of %(all)s passages were unchanged, and keep their vectors") % told
    number = int(figures["chunks"])
    words = ngettext("%(number)s passage", "%(number)s passages", number) % {"number": grouped(number)}
    if number < 2 or "middle" not in figures:
        return words
    sizes = {name: grouped(figures[name]) for name in ("shortest", "middle", "longest")}
    return f"{words}, {_('%(shortest)s to %(longest)s characters, %(middle)s in the middle') % sizes}"


def _again(figures: Mapping[str, Any]) -> str:
    return _("version %(number)s brought back") % {"number": figures["again"]}


def _resumes(figures: Mapping[str, Any]) -> str:
    if figures["resumes_at"] == Version.EMBED:
        return _("goes on from the passages that stand")
    return _("is read anew")


def _confidence(figures: Mapping[str, Any]) -> str:
    told = figures["confidence"]
    said = {"number": told["pages"], "mean": round(100 * told["mean"]), "least": round(100 * told["least"])}
    return (
        ngettext(
            "%(number)s page by text recognition, %(mean)s %% sure, %(least)s %% at the least",
            "%(number)s pages by text recognition, %(mean)s %% sure, %(least)s %% at the least",
            told["pages"],
        )
        % said
    )


_FIGURES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "size": lambda figures: str(filesizeformat(figures["size"])),
    "again": _again,
    "sha256": lambda figures: f"SHA-256 {figures['sha256'][:SHA_SHOWN]}…",
    "pages": _pages,
    "characters": _characters,
    "confidence": _confidence,
    "chunks": _chunks,
    "resumes_at": _resumes,
    "rules": lambda figures: ", ".join(figures["rules"]),
}
