"""A directory of a house, as one that calls over HTTP."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from governance import models
from governance.identity.directories import registry
from tests.cast import House

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OFF = {"op": "Replace", "path": "active", "value": "False"}
ON = {"op": "Replace", "path": "active", "value": "True"}


@dataclass
class Door:
    house: House
    directory: uuid.UUID
    token: str

    @property
    def root(self) -> str:
        return f"/scim/v2/{self.directory}"

    def call(self, method: str, path: str, sent: Any = None, **headers: str) -> HttpResponse:
        client = Client(headers={"Authorization": f"Bearer {self.token}"} | headers)
        body = {} if sent is None else {"data": json.dumps(sent), "content_type": "application/scim+json"}
        response: HttpResponse = getattr(client, method.lower())(self.root + path, **body)
        return response

    def told(self, method: str, path: str, sent: Any = None, status: int = 200, **headers: str) -> Any:
        """The answer's JSON, which has this status."""
        response = self.call(method, path, sent, **headers)
        assert response.status_code == status, response.content
        return json.loads(response.content) if response.content else None

    def patch(self, path: str, *operations: dict[str, Any], status: int = 200) -> Any:
        return self.told("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, status)

    def user(self, name: str, **more: Any) -> Any:
        email = f"{name}@{self.house.slug}.example"
        return self.told("POST", "/Users", {"userName": email, "displayName": name.title(), **more}, 201)

    def group(self, name: str, *members: str) -> Any:
        return self.told("POST", "/Groups", {"displayName": name, "members": [{"value": one} for one in members]}, 201)


def door(house: House, name: str = "Entra") -> Door:
    directory = registry.create(house.ada, name)
    return Door(house, directory, registry.issue(house.ada, directory, 30))


def is_on(house: House, person: uuid.UUID | str) -> bool:
    with house.system.transaction():
        return models.Person.objects.get(pk=person).is_active
