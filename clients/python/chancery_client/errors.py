"""What a call may raise. `code` is the server's own, by which programs tell one fault from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ChanceryError(Exception):
    """`status` is 0 where no answer came."""

    def __init__(
        self, message: str, *, status: int = 0, code: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code = message, status, code
        self.details: Mapping[str, Any] = details or {}

    @property
    def request_id(self) -> str:
        """By which whoever runs the server finds this call in its log."""
        return str(self.details.get("request_id", ""))


class InvalidInput(ChanceryError):
    """400, 413, 415: the message says what to send."""


class NotSignedIn(ChanceryError):
    """401: no key, or one that has ended."""


class Forbidden(ChanceryError):
    """403: the key, or its person, may not."""


class NotFound(ChanceryError):
    """404: not there, or not yours."""


class Conflict(ChanceryError):
    """409, 412, 422: the state does not allow it now."""


class Busy(ChanceryError):
    """429: over a bound, and it was tried again in vain."""

    @property
    def wait_s(self) -> float:
        return float(self.details.get("wait_s", 1.0))


class Unavailable(ChanceryError):
    """5xx, or no answer at all."""


BY_STATUS: dict[int, type[ChanceryError]] = {
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    422: Conflict,
    429: Busy,
}


def of(status: int, body: Any) -> ChanceryError:
    """From an answer that is none. A proxy's page has no code."""
    told = body.get("error") if isinstance(body, dict) else None
    error: dict[str, Any] = told if isinstance(told, dict) else {}
    kind = BY_STATUS.get(status, Unavailable if status >= 500 else InvalidInput)
    message = str(error.get("message") or f"The server answered with status {status}.")
    return kind(message, status=status, code=str(error.get("code", "")), details=error)
