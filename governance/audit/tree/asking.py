"""The witness, asked over HTTP: C2SP tlog-witness."""

from __future__ import annotations

import httpx

from governance.audit.tree.sealing import UnansweredError
from governance.audit.tree.verifier import Verifier
from governance.audit.tree.witnessing import ConflictError, InconsistentError, Request

TIMEOUT_S = 2.0
LONGEST = 4096  # bytes of an answer


class HttpWitness:
    """`url` is where its `add-checkpoint` stands below; `verifier` is the key that its answers are checked by."""

    def __init__(self, url: str, verifier: Verifier) -> None:
        self.url, self.verifier = url.rstrip("/"), verifier
        self._client = httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)

    def ask(self, request: Request) -> str:
        """Raises ConflictError, InconsistentError and UnansweredError."""
        try:
            answer = self._client.post(f"{self.url}/add-checkpoint", content=request.text.encode())
            said = answer.text[:LONGEST]
        except httpx.HTTPError as fault:
            raise UnansweredError(f"{type(fault).__name__} at {self.url}") from fault
        if answer.status_code == 409 and said.strip().isdigit():
            raise ConflictError(int(said))
        if answer.status_code == 422:
            raise InconsistentError(said)
        if answer.status_code != 200:
            raise UnansweredError(f"{answer.status_code} {said.strip()[:200]}")
        return said
