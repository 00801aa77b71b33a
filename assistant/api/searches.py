"""The record searched for words, for those who may open it: a search takes a reason, and goes on in parts."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import shapes
from assistant.api.record import shown
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.audit import words
from governance.audit.words import Match
from governance.scope import Scope


class Searches(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.WordsIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        asked = parse(shapes.WordsIn, request.data)
        search = words.begin(self.caller, asked.pop("words"), asked.pop("reason"), **asked)
        return Response(_part(self.caller, search, ""), status=status.HTTP_201_CREATED)


class Search(Operation):
    @extend_schema(parameters=[shapes.PartIn], responses={200: dict})
    def get(self, request: Request, search: uuid.UUID) -> Response:
        """`?cursor=` goes on where the part before ended."""
        return Response(_part(self.caller, search, parse(shapes.PartIn, request.query_params)["cursor"]))


def _part(caller: Scope, search: uuid.UUID, cursor: str) -> dict[str, Any]:
    begun, part = words.get(caller, search), words.part(caller, search, cursor)
    return {
        "id": search,
        "texts": begun.texts,
        "is_cut": begun.is_cut,
        "looked": part.looked,
        "matched": part.matched,
        "matches": [_shown(match) for match in part.matches],
        "next": part.next,
    }


def _shown(match: Match) -> dict[str, Any]:
    return {"event": shown(match.recorded), "places": [asdict(place) for place in match.places]}
