"""The header `Idempotency-Key`, and the answer that says it was a repetition: see assistant.idempotency."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponseBase
from rest_framework.request import Request

from assistant import idempotency
from assistant.idempotency import Do, Done
from governance.scope import Scope

HEADER = "Idempotency-Key"
Told = TypeVar("Told", bound=HttpResponseBase)


def once(
    request: Request,
    caller: Scope,
    what: str,
    sent: dict[str, Any],
    do: Do,
    get: Callable[[Scope, uuid.UUID], object],
    number: int | None = None,
) -> Done:
    """As `idempotency.once`, of what was sent. A file in it counts by its name and its bytes. Of a request that does many things
    `number` says which of them this is: each is done once.
    """
    name = request.headers.get(HEADER, "")
    if not name:
        return do(uuid.uuid4())
    if number is not None:
        name = f"{hashlib.sha256(idempotency.checked(name).encode()).hexdigest()}.{number}"
    plain = {key: _file(value) if isinstance(value, UploadedFile) else value for key, value in sent.items()}
    return idempotency.once(caller, name, idempotency.fingerprint(what, plain), do, get)


def checked(request: Request) -> None:
    """Raises InvalidInput where the request is named, and by what is no name: before anything of it is done."""
    if name := request.headers.get(HEADER, ""):
        idempotency.checked(name)


def told(response: Told, done: Done) -> Told:
    if done.is_repeat:
        response["Idempotent-Replayed"] = "true"
    return response


def _file(file: UploadedFile[Any]) -> list[str | None]:
    hashed = hashlib.sha256()
    for chunk in file.chunks():
        hashed.update(chunk)
    file.seek(0)
    return [file.name, hashed.hexdigest()]
