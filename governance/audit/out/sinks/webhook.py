"""By POST to an https address: JSON lines, signed with HMAC-SHA256. `docs/record.md` shows how a receiver checks it."""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from collections.abc import Sequence

from governance.audit.out.sinks.base import Line, Sink, SinkDown
from governance.fetching import Guard, Session, Unreachable

TIMESTAMP = "Chancery-Timestamp"  # seconds since 1970
SIGNATURE = "Chancery-Signature"  # v1= and hexadecimal digits
TENANT = "Chancery-Tenant"


class Webhook(Sink):
    """Any 2xx means that the whole batch was taken. Every other answer, a redirect too, means that it comes again."""

    def __init__(self, url: str, secret: str, guard: Guard) -> None:
        self.url = url
        self.secret = secret.encode()
        self.session = Session(guard)

    def send(self, tenant: uuid.UUID, batch: Sequence[Line]) -> None:
        body = "".join(f"{line.text}\n" for line in batch).encode()
        at = int(time.time())
        headers = {
            "Content-Type": "application/x-ndjson",
            "User-Agent": "Chancery",
            TENANT: str(tenant),
            TIMESTAMP: str(at),
            SIGNATURE: signature(self.secret, at, body),
        }
        try:
            response = self.session.post(self.url, data=body, headers=headers)
        except Unreachable as fault:
            raise SinkDown(str(fault)) from fault
        if not 200 <= response.status_code < 300:
            raise SinkDown(f"The receiver answers with status {response.status_code}.")

    def close(self) -> None:
        self.session.close()


def signature(secret: bytes, at: int, body: bytes) -> str:
    """Of the time, a dot and the body: neither can be changed, and an old request cannot be sent again later."""
    return "v1=" + hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def operators_own(url: str, secret: str, ca_file: str = "") -> Webhook:
    """To an address from the settings: whoever wrote it may reach every host from here anyway."""
    return Webhook(url, secret, Guard(internal=None, ca_file=ca_file))
