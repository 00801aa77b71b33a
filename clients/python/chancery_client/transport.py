"""How a call is sent: with the key, again where that is safe, and what comes back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from chancery_client import errors
from chancery_client.errors import ChanceryError, Unavailable

Id = str | uuid.UUID
AGAIN = {429, 502, 503, 504}
ONCE = "Idempotency-Key"
IN_USE = "idempotency_key_in_use"
SPENT = "quota_spent"  # of the day: waiting a moment is in vain
WAIT_MOST_S = 30.0


class Told(dict[str, Any]):
    """What came, and the ETag that it came with, for `if_match`."""

    etag: str = ""


def etag(told: Any) -> str:
    """The ETag of what a call gave; empty where it has none."""
    return told.etag if isinstance(told, Told) else ""


class Transport:
    """A connection to one installation with one key. `tries` counts the first one too.

    A call is sent again after a 429, 502, 503 or 504, as far as the server's `Retry-After` is not too long; after a broken
    connection only where doing it twice does no harm: what reads, and what carries an idempotency key. Those are made here.
    """

    def __init__(
        self,
        address: str,
        key: str,
        *,
        timeout: float = 600.0,
        tries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "chancery-client/0.1.0"}
        limits = httpx.Timeout(timeout, connect=10.0)
        self.tries = tries
        self.http = httpx.Client(base_url=address.rstrip("/"), headers=headers, timeout=limits, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        files: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Any:
        """The JSON that came, or None. Raises what stands in `errors`."""
        named = named_once(headers or {})
        request = {
            "json": json and filled(json),
            "params": params and filled(params),
            "headers": named,
            "files": files,
            "data": data,
        }
        response = self._until_answered(method, path, {name: one for name, one in request.items() if one is not None})
        if response.status_code == 204:
            return None
        if response.is_error:
            raise refusal(response)
        body = _body(response)
        if not isinstance(body, dict):
            return body
        told = Told(body)
        told.etag = response.headers.get("ETag", "")
        return told

    def _until_answered(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        may_repeat = method in {"GET", "DELETE", "PUT"} or ONCE in request.get("headers", {})
        for left in range(self.tries - 1, -1, -1):
            rewind(request.get("files"))
            try:
                response = self.http.request(method, path, **request)
            except httpx.ConnectError as fault:
                wait: float | None = pause(self.tries - left)
                failed: ChanceryError = Unavailable(f"There is no connection to {self.http.base_url}: {fault}")
            except httpx.TransportError as fault:
                wait = pause(self.tries - left) if may_repeat else None
                failed = broken(fault)
            else:
                wait = wait_s(response, self.tries - left)
                if wait is None or not left:
                    return response
                failed = refusal(response)
            if wait is None or not left:
                raise failed
            time.sleep(wait)
        raise AssertionError("unreachable")


def named_once(headers: Mapping[str, str | None]) -> dict[str, str]:
    """The headers that are sent: a call that takes an idempotency key and was given none gets one."""
    given = {name: value for name, value in headers.items() if value is not None}
    return given | ({ONCE: uuid.uuid4().hex} if ONCE in headers and ONCE not in given else {})


def wait_s(response: httpx.Response, attempt: int) -> float | None:
    """How long to wait before it is sent again; None where that is in vain."""
    code = refusal(response).code if response.is_error else ""
    if code == IN_USE:
        return pause(attempt)
    if response.status_code not in AGAIN or code == SPENT:
        return None
    asked = response.headers.get("Retry-After", "")
    wait = float(asked) if asked.isdigit() else pause(attempt)
    return wait if wait <= WAIT_MOST_S else None


def refusal(response: httpx.Response) -> ChanceryError:
    """What to raise of an answer that is none."""
    return errors.of(response.status_code, _body(response))


def broken(fault: httpx.TransportError) -> ChanceryError:
    return Unavailable(f"The connection broke off: {fault or type(fault).__name__}")


def pause(attempt: int) -> float:
    return float(min(0.5 * 2 ** (attempt - 1), 8.0))


def rewind(files: Mapping[str, Any] | Sequence[tuple[str, Any]] | None) -> None:
    """A file that was sent is sent from its beginning again."""
    for _, (_, file) in files.items() if isinstance(files, Mapping) else files or ():
        file.seek(0)


def filled(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were given a value, as JSON has it."""
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _body(response: httpx.Response) -> Any:
    response.read()
    try:
        return response.json()
    except ValueError:
        return None
