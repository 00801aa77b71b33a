"""Rows as the public contract shows them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from assistant import models
from assistant.conversations import branches
from assistant.conversations.comparing import Compared, cited
from assistant.gaps import Gap
from governance import access
from governance.actions import Action
from governance.audit import proofs
from governance.audit.rows import Recorded
from governance.models import Grant
from governance.roles import Level
from governance.scope import Scope
from ingestion import line
from ingestion.documents import standing
from ingestion.line import Place
from ingestion.models import Chunk, Collection, Document, Status, Version


def collection(row: Collection) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "classification": row.classification,
        "strictness": row.strictness,
        "half_life_days": row.half_life_days,
        "is_paused": row.paused_at is not None,
    }


def gap(row: Gap) -> dict[str, Any]:
    return asdict(row)


def grant(row: Grant) -> dict[str, Any]:
    level = Level(row.level).name.lower()
    told = {"id": row.pk, "person": row.person_id, "group": row.group_id, "level": level, "denies": row.denies}
    return told | {"until": row.ends_at, "source": row.source}


def document(row: Document) -> dict[str, Any]:
    """`status` and `error` are those of the version that was uploaded last."""
    version = row.latest
    shown: dict[str, Any] = {"id": row.pk, "name": row.name, "collection": row.collection_id, "parent": _parent(row)}
    shown |= {"label": row.mark.as_json() if row.mark else None, "is_restricted": row.is_restricted}
    shown |= {"authority": row.authority}
    if version is None:
        return shown | {"status": "queued", "error": None, "timeline": []}
    error = {"code": version.error_code, "message": version.error, "remedy": version.remedy}
    return shown | {
        "status": version.status,
        "error": error if version.error_code else None,
        "version": version.number,
        "media_type": version.media_type,
        "size": version.size,
        "sha256": version.sha256,
        "progress": {"stage": version.stage, "done": version.done, "total": version.total},
        "timeline": version.timeline,
    }


def place(found: Place | None) -> dict[str, Any]:
    """Where in the line a document waits; null where it does not."""
    return {"line": None if found is None else {"ahead": found.ahead, "is_paused": found.is_paused}}


def whole_document(row: Document, parts: Sequence[Document]) -> dict[str, Any]:
    """With the documents that came within it, and what of them was not taken."""
    skipped = row.latest.skipped if row.latest else []
    listed = [
        {"id": part.pk, "name": part.name, "path": part.path, "status": part.latest.status if part.latest else "queued"}
        for part in parts
    ]
    return document(row) | {"parts": listed, "skipped": skipped}


def _parent(row: Document) -> dict[str, Any] | None:
    """The document that it came in, and where in it."""
    return {"id": row.parent.pk, "name": row.parent.name, "path": row.path} if row.parent else None


def case(caller: Scope, row: Document, parts: Sequence[Document]) -> dict[str, Any]:
    """A document with all that its case file holds."""
    version = row.latest
    seen = access.holders(caller, Action.COLLECTION_READ, row.collection_id) if row.current_id else 0
    told = whole_document(row, parts) | place(line.place(caller, row)) | {"visible_to": seen}
    if version is None:
        return told
    now = standing.of(caller, row)
    can_resume = version.status in (Status.FAILED, Status.QUARANTINED)
    return told | {
        "standing": asdict(now) if now else None,
        "resumes_at": version.resumes_at if can_resume else None,
        "queued_at": version.queued_at,
        "ended_at": version.ended_at,
    }


def version(row: Version, current: uuid.UUID | None) -> dict[str, Any]:
    names = ("number", "status", "media_type", "size", "sha256", "pages", "chunks", "uploaded_by", "created_at")
    return {name: getattr(row, name) for name in names} | {"is_current": row.pk == current}


def chunk(row: Chunk) -> dict[str, Any]:
    told = {"characters": len(row.text), "is_quarantined": row.is_quarantined, "is_kept_back": row.is_kept_back}
    names = ("id", "ordinal", "text", "heading_path", "locator")
    return {name: getattr(row, name) for name in names} | told


def deleted(row: Document, until: datetime | None) -> dict[str, Any]:
    names = ("id", "name", "deleted_at", "deleted_by")
    return {name: getattr(row, name) for name in names} | {"until": until}


def citation(one: dict[str, Any]) -> dict[str, Any]:
    keys = ("marker", "document_id", "document_name", "chunk_id", "quote", "locator")
    return {key: one[key] for key in keys} | {"label": one.get("label")}


def answer(row: models.Answer) -> dict[str, Any]:
    """`segments` say which citation stands behind which part of `text`; `audit` is what the record knows it by."""
    segments = list(row.segments.all())
    cited = [one for segment in segments for one in segment.citations]
    # A passage keeps its marker and may stand behind several sentences, each by words of its own.
    citations = {(one["marker"], one["quote"]): citation(one) for one in cited}
    return {
        "id": row.pk,
        "conversation": row.conversation_id,
        "status": row.status,
        "notice": row.notice,
        "text": "".join(segment.text for segment in segments),
        "citations": [citations[marker] for marker in sorted(citations, key=lambda found: found[0])],
        "segments": [
            {
                "text": s.text,
                "markers": [one["marker"] for one in s.citations],
                "is_supported": s.is_supported,
                "support": s.support,
            }
            for s in segments
        ],
        "label": row.label or None,  # the highest of what the model read for it
        "receipt": row.receipt,
        "times": row.times,  # milliseconds by step
        "usage": row.capsule.get("usage"),  # tokens read and written, of what, and what was left out
        "model": row.capsule.get("model"),
        "variants": list(row.beside.ids) if row.beside else [row.pk],  # what was asked in its place, itself too
        "is_shown": row.superseded_at is None,
        "policy": row.capsule.get("policy"),  # the version that spoke, by number and hash
        "audit": {"interaction": row.pk},
    }


def compared(found: Compared) -> dict[str, Any]:
    """Two answers, and the passages that both stand on, or one of them alone."""
    left, right = cited(found.left), cited(found.right)
    sources = {"both": left & right, "first": left - right, "second": right - left}
    return {
        "answers": [answer(found.left), answer(found.right)],
        "sources": {name: sorted(chunks) for name, chunks in sources.items()},
    }


def receipted(caller: Scope, row: models.Answer) -> dict[str, Any]:
    """The caller's own answer, with its events on the record and, once a signed head covers them, their proofs.

    By an event's `leaf_data` and its proof the caller shows to anybody that this was asked, judged and answered then.
    """
    branches.mark(caller, [row])
    told = answer(row)
    if row.is_final:
        found = proofs.receipt(caller, row.pk)
        told["audit"] |= {"policy": told["policy"], "events": [_event(one, found) for one in found.events]}
    return told


def _event(one: Recorded, found: proofs.Receipt) -> dict[str, Any]:
    proof = found.proofs.get(one.id)
    shown = {"id": one.id, "at": one.at, "action": one.action, "leaf_data": one.leaf_data}
    return shown | {"proof": proof.as_json() if proof else None}
