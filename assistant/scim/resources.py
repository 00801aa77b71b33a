"""Users and Groups, one by one and in lists."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse

from assistant.scim import listing, showing
from assistant.scim.errors import Rejected
from assistant.scim.view import Door, respond
from governance.errors import NotFound
from governance.identity.directories import entries
from governance.models import DirectoryEntry


class Resources(Door):
    """`room` is assistant.scim.users or .groups: the same verbs of either."""

    room: Any = None

    def shown(self, row: DirectoryEntry, status: int = 200) -> HttpResponse:
        wanted = listing.asked(self.room.KIND, self.request.GET.dict())
        (told,) = self.room.shown(self.caller, [row], self.root, wanted.names)
        response = respond(showing.chosen(told, wanted.attributes, wanted.excluded), status)
        response["Location"], response["ETag"] = told["meta"]["location"], told["meta"]["version"]
        return response


class Many(Resources):
    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = listing.asked(self.room.KIND, request.GET.dict())
        return respond(listing.answer(self.caller, self.room, wanted, self.root))

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.shown(self.room.create(self.caller, self.sent()), 201)


class Search(Resources):
    def post(self, request: HttpRequest) -> HttpResponse:
        sent = self.sent()
        if not isinstance(sent, dict):
            raise Rejected("A search is a JSON object.", "invalidSyntax")
        return respond(listing.answer(self.caller, self.room, listing.asked(self.room.KIND, sent), self.root))


class One(Resources):
    def get(self, request: HttpRequest, one: str) -> HttpResponse:
        row = entries.entry(self.caller, self.room.NOUN, _id(one))
        if showing.version(row) in request.headers.get("If-None-Match", ""):
            response = HttpResponse(status=304)
            response["ETag"] = showing.version(row)
            return response
        return self.shown(row)

    def put(self, request: HttpRequest, one: str) -> HttpResponse:
        return self.shown(self.room.replace(self.caller, _id(one), self.sent(), self.number()))

    def patch(self, request: HttpRequest, one: str) -> HttpResponse:
        return self.shown(self.room.patch(self.caller, _id(one), self.sent(), self.number()))

    def delete(self, request: HttpRequest, one: str) -> HttpResponse:
        self.room.remove(self.caller, _id(one), self.number())
        return HttpResponse(status=204)


def _id(given: str) -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except ValueError:
        raise NotFound("There is no such resource.") from None
