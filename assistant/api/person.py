"""Who the caller is, and what they may find."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from assistant import searching
from assistant.api import contract, examples, shapes
from assistant.api.contract import named
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance import people, quotas, tenants
from ingestion import search, understanding


class Me(Operation):
    @named("me", contract.MeOut, example=examples.ME, faults=[401])
    def get(self, request: Request) -> Response:
        """Who the key is, of which tenant, and what it is good for."""
        caller = self.caller
        person, tenant = people.get(caller, caller.person), tenants.current(caller)
        return Response(
            {
                "id": person.pk,
                "name": person.name,
                "email": person.email,
                "tenant": {"id": tenant.pk, "slug": tenant.slug, "name": tenant.name},
                "roles": sorted(caller.roles),
                "quotas": [one.as_json() for one in quotas.left(caller, quotas.USUAL)],
                "scopes": None if caller.key_scopes is None else sorted(caller.key_scopes),
            }
        )


class Search(Operation):
    @named(
        "search",
        contract.FoundOut,
        takes=shapes.SearchIn,
        sent=examples.SEARCH_SENT,
        example=examples.FOUND,
        faults=[400, 401, 403, 404, 503],
    )
    def post(self, request: Request) -> Response:
        """Passages that the caller may read, the best first. It is recorded."""
        asked = parse(shapes.SearchIn, request.data)
        earlier = [understanding.Turn(**turn) for turn in asked["earlier"]]
        found, understood = searching.find(
            self.caller,
            asked["query"],
            asked["collections"],
            asked["limit"],
            earlier=earlier,
            without=asked["without"],
        )
        given = [_shown(passage) for passage in found]
        return Response({"passages": given, "understood": understood.as_json()})


def _shown(passage: search.Passage) -> dict[str, Any]:
    return {
        "document_id": passage.document_id,
        "document_name": passage.document_name,
        "chunk_id": passage.chunk_id,
        "text": passage.text,
        "score": passage.score,
        "locator": passage.locator,
        "label": passage.label.as_json() if passage.label else None,
        "authority": passage.authority,
    }
