"""Faults in SCIM's shape (RFC 7644, section 3.12). `scimType` is there where the RFC has a name for it."""

from __future__ import annotations

from governance.errors import ChanceryError, InvalidInput

MEDIA = "application/scim+json"
SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class Rejected(InvalidInput):
    """What was sent cannot be served as it stands; `kind` is the RFC's name for it."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class NotImplementedHere(ChanceryError):
    code = "not_implemented"
    status = 501


def body(fault: ChanceryError) -> dict[str, object]:
    told: dict[str, object] = {"schemas": [SCHEMA], "status": str(fault.status), "detail": str(fault.message)}
    kind = fault.kind if isinstance(fault, Rejected) else _kind(fault)
    return told | ({"scimType": kind} if kind else {})


def _kind(fault: ChanceryError) -> str:
    if fault.code == "uniqueness":
        return "uniqueness"
    return "invalidValue" if fault.status == 400 else ""
