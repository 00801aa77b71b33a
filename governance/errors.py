"""The error family. Services raise these; one place renders them.

ChanceryError
├── InvalidInput (400)     what was sent cannot be understood, and the message says what to send
├── NotSignedIn (401)      nobody, or an expired or revoked key
├── Forbidden (403)        seen, but not allowed: only for things this person may know of
│   ├── ConfirmationNeeded   a session has to prove anew who it is: in the portal, or by signing in
│   └── SecondOfficerNeeded  allowed once another compliance officer has approved it
├── NotFound (404)         not there, or not yours: one answer for both
├── MethodNotAllowed (405) the address is there, and not for this verb
├── Conflict (409)         the state does not allow it now
│   └── Changed (412)      somebody else was faster: it is not the version that was named
├── TooLarge (413)         over a limit, which the message names
├── Unsupported (415)      a kind of document that cannot be read
├── Busy (429)             over a bound; carries the place in the queue and the expected wait
│   ├── QuotaSpent         a limit of the models' use is reached; the wait is the rest of its day or month
│   │   └── QuotaHeld      only by what answers under way have set aside; the wait is a moment
│   └── TooFast            more requests a minute than the key takes
└── Unavailable (503)      a part this needs does not answer; it is worth trying again
    └── RecordUnavailable  the record cannot be written, therefore nothing is done
"""

from __future__ import annotations

from collections.abc import Mapping


class ChanceryError(Exception):
    """A fault that a person or a client is told about.

    `code` is stable and machine-readable, `status` is the HTTP status, `message` is a sentence that says what to do.
    `param` is the field of what was sent that it is about, where one is meant.
    """

    code = "error"
    status = 500
    param: str | None = None

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param or self.param

    def details(self) -> dict[str, object]:
        """What a program is told beside code and message."""
        return {"param": self.param} if self.param else {}


class InvalidInput(ChanceryError):
    code = "invalid_input"
    status = 400


class NotSignedIn(ChanceryError):
    code = "not_signed_in"
    status = 401


class Forbidden(ChanceryError):
    code = "forbidden"
    status = 403


class ConfirmationNeeded(Forbidden):
    code = "confirmation_needed"


class SecondOfficerNeeded(Forbidden):
    code = "second_officer_needed"


class NotFound(ChanceryError):
    code = "not_found"
    status = 404


class MethodNotAllowed(ChanceryError):
    code = "method_not_allowed"
    status = 405


class Conflict(ChanceryError):
    code = "conflict"
    status = 409


class Changed(Conflict):
    code = "precondition_failed"
    status = 412


class TooLarge(ChanceryError):
    code = "too_large"
    status = 413


class Unsupported(ChanceryError):
    code = "unsupported"
    status = 415


class Busy(ChanceryError):
    """Over a bound. `position` counts those ahead, `wait_s` is the expected wait in seconds."""

    code = "busy"
    status = 429

    def __init__(self, message: str, *, position: int = 0, wait_s: float = 1.0) -> None:
        super().__init__(message)
        self.position = position
        self.wait_s = wait_s

    def details(self) -> dict[str, object]:
        return {"position": self.position, "wait_s": self.wait_s}


class QuotaSpent(Busy):
    """`quota` says which limit, how much of it is left and when it opens again; `headers` say it to clients.

    `bound` is the limit itself, for whoever raised it.
    """

    code = "quota_spent"

    def __init__(
        self,
        message: str,
        *,
        wait_s: float = 1.0,
        quota: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        bound: object = None,
    ) -> None:
        super().__init__(message, wait_s=wait_s)
        self.quota = dict(quota or {})
        self.headers = dict(headers or {})
        self.bound = bound

    def details(self) -> dict[str, object]:
        return super().details() | ({"quota": self.quota} if self.quota else {})


class QuotaHeld(QuotaSpent):
    code = "quota_held"


class TooFast(Busy):
    code = "too_fast"


class Unavailable(ChanceryError):
    code = "unavailable"
    status = 503


class RecordUnavailable(Unavailable):
    code = "record_unavailable"
