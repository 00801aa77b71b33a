"""What a request of the API may look like beyond its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class Json(JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None


class JsonForAll(DefaultContentNegotiation):
    """There is one representation, whatever `Accept` or `?format=` asks for: a client that reads streams names theirs."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        only = next(iter(renderers))
        return only, str(only.media_type)


class JsonWhereAsked(DefaultContentNegotiation):
    """Of the OpenAPI file: as YAML, or as JSON to whoever says so."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        there = list(renderers)
        wanted = "json" if "json" in request.headers.get("Accept", "") else "yaml"
        chosen = next((one for one in there if wanted in str(one.media_type)), there[0])
        return chosen, str(chosen.media_type)
