"""Faults in OpenAI's shape, by which its clients choose the exception that they raise and whether they try again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from governance.errors import (
    Busy,
    ChanceryError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    QuotaHeld,
    QuotaSpent,
)

# The first that fits. What is not listed keeps the code that it has everywhere.
CODES: tuple[tuple[type[ChanceryError], str], ...] = (
    (NotSignedIn, "invalid_api_key"),
    (Forbidden, "insufficient_permissions"),
    (QuotaHeld, "rate_limit_exceeded"),
    (QuotaSpent, "insufficient_quota"),
    (Busy, "rate_limit_exceeded"),
)


class Rejected(InvalidInput):
    """What was sent cannot be served as it stands; `param` names the field."""

    def __init__(self, message: str, param: str, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.param, self.code = param or None, code


class NoSuchAddress(NotFound):
    code = "unknown_url"


def body(fault: ChanceryError) -> dict[str, object]:
    code = next((code for kind, code in CODES if isinstance(fault, kind)), fault.code)
    error: dict[str, object] = {"message": fault.message, "type": kind(fault), "param": fault.param, "code": code}
    if isinstance(fault, Busy):
        error["chancery"] = fault.details()
    return {"error": error}


def kind(fault: ChanceryError) -> str:
    if isinstance(fault, QuotaSpent) and not isinstance(fault, QuotaHeld):
        return "insufficient_quota"
    if isinstance(fault, Busy):
        return "rate_limit_error"
    return "server_error" if fault.status >= 500 else "invalid_request_error"


@contextmanager
def about(param: str, *, missing: str = "") -> Iterator[None]:
    """What a service raises in here is about this field; `missing` is the code where the thing that it names is not there."""
    try:
        yield
    except (InvalidInput, NotFound) as fault:
        fault.param = fault.param or param
        if missing and isinstance(fault, NotFound):
            fault.code = missing
        raise
