"""Who the caller is, and what they may find."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance import access, people, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from ingestion import search


class Me(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        caller = self.caller
        person, tenant = people.get(caller, caller.person), tenants.current(caller)
        return Response(
            {
                "id": person.pk,
                "name": person.name,
                "email": person.email,
                "tenant": {"id": tenant.pk, "slug": tenant.slug, "name": tenant.name},
                "roles": sorted(caller.roles),
                "scopes": None if caller.key_scopes is None else sorted(caller.key_scopes),
            }
        )


class Search(Operation):
    @extend_schema(request=shapes.SearchIn, responses={200: dict})
    def post(self, request: Request) -> Response:
        asked = parse(shapes.SearchIn, request.data)
        access.require(self.caller, Action.SEARCH)
        found = search.passages(self.caller, asked["query"], asked["collections"], asked["limit"])
        # What gave orders as it came in goes to no model, and what asks here may be one.
        held = {str(passage.chunk_id) for passage in found.passages if passage.is_quarantined}
        facts, payload = found.as_facts(asked["collections"]), {"query": asked["query"]}
        facts["withheld"] = [one | {"why": "quarantine"} for one in facts["passages"] if one["chunk"] in held]
        facts["passages"] = [one for one in facts["passages"] if one["chunk"] not in held]
        events.record(self.caller, Event.SEARCHED, facts=facts, payload=payload)
        return Response({"passages": [_shown(passage) for passage in found.passages if not passage.is_quarantined]})


def _shown(passage: search.Passage) -> dict[str, Any]:
    return {
        "document_id": passage.document_id,
        "document_name": passage.document_name,
        "chunk_id": passage.chunk_id,
        "text": passage.text,
        "score": passage.score,
        "locator": passage.locator,
    }
