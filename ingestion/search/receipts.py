"""What a receipt says of the passages of a search, in JSON: which were kept, and why the next best were not."""

from __future__ import annotations

import uuid
from typing import Any

from ingestion.models import Authority
from ingestion.search.reading import Passage


def line(rank: int, one: Passage) -> dict[str, Any]:
    return {
        "rank": rank,
        "chunk": str(one.chunk_id),
        "document": str(one.document_id),
        "name": one.document_name,
        "score": one.score,
        "dense": one.dense,
        "lexical": one.lexical,
        "coverage": one.coverage,
        "parts": dict(one.parts),
    } | _beside(one)


def _beside(one: Passage) -> dict[str, Any]:
    """What its document carries beside its text, as far as it says something."""
    told: dict[str, Any] = {"label": one.label.as_json()} if one.label else {}
    told |= {"authority": one.authority} if one.authority != Authority.ORDINARY else {}
    return told | ({"dated": one.dated.date().isoformat()} if one.half_life_days and one.dated else {})


def left_out(chunk: uuid.UUID, score: float, limit: int) -> dict[str, Any]:
    return {"chunk": str(chunk), "score": round(score, 4), "why": f"not among the best {limit}"}


def repeated(chunk: uuid.UUID, score: float, by: uuid.UUID) -> dict[str, Any]:
    return {"chunk": str(chunk), "score": round(score, 4), "why": f"says again what {by} says", "repeats": str(by)}
