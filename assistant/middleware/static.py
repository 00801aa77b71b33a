"""Style, scripts and fonts: each is small, so it is sent whole."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]


class WholeFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise hands over a file to be read while it is sent; under ASGI, Django reads it whole first, and warns of that."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file:
                body = found.file.read()
        response = HttpResponse(body, status=int(found.status))
        del response["Content-Type"]  # what it is stands among its own headers
        for name, value in found.headers:
            response[name] = value
        return response
