"""A service account's key over the wire, and the token that it is exchanged for."""

from __future__ import annotations

from typing import Any

from django.test import Client

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
PERSON = "urn:chancery:params:oauth:token-type:person"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"


def bearer(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)


def asked(secret: str, subject: object, kind: str = PERSON, **more: Any) -> Any:
    sent = {"grant_type": GRANT, "subject_token": str(subject), "subject_token_type": kind} | more
    return bearer(secret).post("/api/v1/token", sent, content_type="application/json")
