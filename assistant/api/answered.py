"""Rows as the public contract shows them."""

from __future__ import annotations

from typing import Any

from assistant import models
from governance.audit import proofs
from governance.audit.rows import Recorded
from governance.models import Grant
from governance.roles import Level
from governance.scope import Scope
from ingestion.models import Collection, Document


def collection(row: Collection) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "description": row.description, "classification": row.classification}


def grant(row: Grant) -> dict[str, Any]:
    level = Level(row.level).name.lower()
    return {"id": row.pk, "person": row.person_id, "group": row.group_id, "level": level, "denies": row.denies}


def document(row: Document) -> dict[str, Any]:
    """`status` and `error` are those of the version that was uploaded last."""
    version = row.latest
    shown: dict[str, Any] = {"id": row.pk, "name": row.name, "collection": row.collection_id}
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


def citation(one: dict[str, Any]) -> dict[str, Any]:
    keys = ("marker", "document_id", "document_name", "chunk_id", "quote", "locator")
    return {key: one[key] for key in keys}


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
            {"text": s.text, "markers": [one["marker"] for one in s.citations], "is_supported": s.is_supported}
            for s in segments
        ],
        "receipt": row.receipt,
        "policy": row.capsule.get("policy"),  # the version that spoke, by number and hash
        "audit": {"interaction": row.pk},
    }


def receipted(caller: Scope, row: models.Answer) -> dict[str, Any]:
    """The caller's own answer, with its events on the record and, once a signed head covers them, their proofs.

    By an event's `leaf_data` and its proof the caller shows to anybody that this was asked, judged and answered then.
    """
    told = answer(row)
    if row.is_final:
        found = proofs.receipt(caller, row.pk)
        told["audit"] |= {"policy": told["policy"], "events": [_event(one, found) for one in found.events]}
    return told


def _event(one: Recorded, found: proofs.Receipt) -> dict[str, Any]:
    proof = found.proofs.get(one.id)
    shown = {"id": one.id, "at": one.at, "action": one.action, "leaf_data": one.leaf_data}
    return shown | {"proof": proof.as_json() if proof else None}
