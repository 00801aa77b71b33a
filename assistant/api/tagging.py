"""ETags: a hash of what is shown, so that nothing unchanged is sent again and nothing changed is overwritten unseen."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.http import parse_etags, quote_etag
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from governance.errors import Changed


def told(response: Response, request: Request | None = None, of: dict[str, Any] | None = None) -> Response:
    """The same with its ETag; 304 without a body where `request` says that the client has it. The tag is `of` what lasts,
    where the rest are the moment's numbers.
    """
    tag = _tag(response.data if of is None else of)
    known = parse_etags(request.headers.get("If-None-Match", "")) if request else []
    if "*" in known or tag in {one.removeprefix("W/") for one in known}:
        response = Response(status=status.HTTP_304_NOT_MODIFIED)
    response["ETag"] = tag
    return response


def is_asked(request: Request) -> bool:
    return "If-Match" in request.headers


def require(request: Request, shown: dict[str, Any]) -> None:
    """Raises Changed where it is not what the client has seen. A weak tag never matches here (RFC 9110, 13.1.1)."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if "*" not in wanted and _tag(shown) not in wanted:
        raise Changed("This has changed since you read it. Read it again, and decide then.")


def _tag(shown: Any) -> str:
    """Of the bytes that are sent of it."""
    return quote_etag(hashlib.sha256(JSONRenderer().render(shown)).hexdigest()[:32])
