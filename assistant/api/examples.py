"""Examples in the OpenAPI file: what a first call of each kind looks like. Tests hold them against the shapes."""

from __future__ import annotations

from typing import Any

COLLECTION_ID = "0b9df3a4-6c1e-4f6a-9a35-0c8f2f1d7a10"
DOCUMENT_ID = "5f0f5f0c-2c2e-4b52-a9c7-7b6a4a1f3b21"
CHUNK_ID = "9a7be2b8-51c8-4b66-8c2f-3f1e6a9d4c32"
ANSWER_ID = "c3d1f6c2-8a14-4b0c-9a77-2d5e8b7f6e43"
PERSON_ID = "e2a4c6d8-1b3f-4d5e-8f70-91a2b3c4d5e6"
RULE = "Twenty working days a year may be spent abroad."
QUESTION = "How many working days a year may be spent abroad?"
LABEL = {"rank": 1, "name": "Internal"}
LOCATOR = {"page": 3, "heading": "Working abroad"}

ME: dict[str, Any] = {
    "id": PERSON_ID,
    "name": "Ada",
    "email": "ada@acme.example",
    "tenant": {"id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "slug": "acme", "name": "Acme Ltd"},
    "roles": ["employee"],
    "quotas": [
        {
            "of": "group",
            "is_each": True,
            "measure": "tokens",
            "per": "day",
            "currency": None,
            "limit": 50_000,
            "used": 12_430,
            "set_aside": 0,
            "left": 37_570,
            "resets_at": "2026-11-29T00:00:00+00:00",
        }
    ],
    "scopes": ["ask", "search"],
}
COLLECTION_SENT = {"name": "Handbook", "description": "Rules for everybody"}
COLLECTION: dict[str, Any] = {
    "id": COLLECTION_ID,
    "name": "Handbook",
    "description": "Rules for everybody",
    "classification": "internal",
    "strictness": "balanced",
    "half_life_days": 0,
    "is_paused": False,
}
GRANT_SENT = {"person": PERSON_ID, "level": "read"}
GRANT: dict[str, Any] = {
    "id": ANSWER_ID,
    "person": PERSON_ID,
    "group": None,
    "level": "read",
    "denies": False,
    "until": None,
    "source": "manual",
}
DOCUMENT: dict[str, Any] = {
    "id": DOCUMENT_ID,
    "name": "Travel.pdf",
    "collection": COLLECTION_ID,
    "parent": None,
    "label": LABEL,
    "is_restricted": False,
    "authority": "ordinary",
    "status": "queued",
    "error": None,
    "timeline": [],
    "version": 1,
    "media_type": "application/pdf",
    "size": 48213,
    "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "progress": {"stage": "", "done": 0, "total": 0},
}
UPLOADED = DOCUMENT | {"outcome": "new"}
CASE_FILE = DOCUMENT | {
    "status": "ready",
    "parts": [],
    "skipped": [],
    "line": None,
    "visible_to": 12,
    "standing": None,
    "resumes_at": None,
}
SEARCH_SENT = {"query": "days abroad", "collections": [COLLECTION_ID], "limit": 3}
PASSAGE: dict[str, Any] = {
    "document_id": DOCUMENT_ID,
    "document_name": "Travel.pdf",
    "chunk_id": CHUNK_ID,
    "text": RULE,
    "score": 0.81,
    "locator": LOCATOR,
    "label": LABEL,
    "authority": "ordinary",
}
FOUND = {"passages": [PASSAGE], "understood": {"searched": ["days abroad"], "notes": [], "off": []}}
ASKED = {"question": QUESTION, "collections": [COLLECTION_ID]}
ANSWER: dict[str, Any] = {
    "id": ANSWER_ID,
    "conversation": "1d4b8f7e-2a6c-4e0d-b1f3-5c7a9e8d6b54",
    "status": "answered",
    "notice": "",
    "text": RULE,
    "citations": [
        {
            "marker": 1,
            "document_id": DOCUMENT_ID,
            "document_name": "Travel.pdf",
            "chunk_id": CHUNK_ID,
            "quote": RULE,
            "locator": LOCATOR,
            "label": LABEL,
        }
    ],
    "segments": [{"text": RULE, "markers": [1], "is_supported": True, "support": "supported"}],
    "label": LABEL,
    "receipt": {},
    "times": {"searching": 41},
    "usage": None,
    "model": None,
    "variants": [ANSWER_ID],
    "is_shown": True,
    "policy": None,
    "audit": {"interaction": ANSWER_ID},
}
POLICY_SENT = {"stage": "input", "text": "My card is 4111 1111 1111 1111."}
VERDICT: dict[str, Any] = {
    "action": "redact",
    "decisions": [
        {
            "rule": "payment-cards",
            "detector": "pii",
            "stage": "input",
            "action": "redact",
            "score": 1.0,
            "threshold": 0.5,
            "reason": "a payment card's number",
            "spans": [{"start": 11, "end": 30, "type": "CREDIT_CARD"}],
        }
    ],
}
BULK = {
    "files": [
        {"name": "Travel.pdf", "status": 202, "outcome": "new", "document": DOCUMENT, "error": None},
        {
            "name": "film.mov",
            "status": 415,
            "outcome": None,
            "document": None,
            "error": {"code": "unsupported", "message": "This is not a kind of document that can be read."},
        },
    ],
    "taken": 1,
    "refused": 1,
}
