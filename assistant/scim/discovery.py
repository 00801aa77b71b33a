"""What this service can do, and what it keeps: read by a directory before anything else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from assistant.scim import listing, schemas, showing
from assistant.scim.view import Door, respond
from governance.errors import Forbidden, NotFound

GUIDE = "https://www.rfc-editor.org/info/rfc7644"


class Service(Door):
    def get(self, request: HttpRequest) -> HttpResponse:
        return respond(schemas.service(self.root, listing.COUNT_MOST, GUIDE))


class ResourceTypes(Door):
    def get(self, request: HttpRequest, one: str = "") -> HttpResponse:
        return _answer(request, schemas.resource_types(self.root), one)


class Schemas(Door):
    def get(self, request: HttpRequest, one: str = "") -> HttpResponse:
        return _answer(request, schemas.published(self.root), one)


def _answer(request: HttpRequest, all_of_them: list[dict[str, Any]], one: str) -> HttpResponse:
    """One by its id, or all of them. Raises Forbidden for a filter, as RFC 7644, section 4, has it."""
    if one:
        found = next((each for each in all_of_them if each["id"].lower() == one.lower()), None)
        if found is None:
            raise NotFound("There is no such resource.")
        return respond(found)
    if request.GET.get("filter"):
        raise Forbidden("These are not filtered.")
    return respond(showing.listed(all_of_them, len(all_of_them), 1))
