"""What is on its way out: since when, and from when on it may be gone. docs/api.md has the policy.

The OpenAPI file marks it, and each response that uses it says so by the headers Deprecation (RFC 9745) and Sunset (RFC 8594).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from django.http import HttpResponseBase
from django.utils.http import http_date
from rest_framework.request import Request

KEPT_DAYS = 365  # at least, from the day on that it is said
_HOLE = re.compile(r"<(?:\w+:)?(\w+)>")


class Kind(Enum):
    OPERATION = "operation"  # the whole of it
    PARAMETER = "parameter"  # of the address's query, where it is sent
    FIELD = "field"  # of the body, where it is sent


@dataclass(frozen=True)
class Leaving:
    """`instead` says what to use."""

    kind: Kind
    name: str
    since: datetime
    until: datetime
    instead: str

    def is_used(self, request: Request) -> bool:
        if self.kind is Kind.PARAMETER:
            return self.name in request.query_params
        if self.kind is Kind.FIELD:
            return isinstance(request.data, Mapping) and self.name in request.data
        return True


# By verb and address, as the OpenAPI file has them.
LEAVING: dict[tuple[str, str], list[Leaving]] = {
    ("get", "/api/v1/collections/{collection}/documents"): [
        Leaving(
            Kind.PARAMETER,
            "page",
            datetime(2026, 11, 28, tzinfo=UTC),
            datetime(2027, 12, 1, tzinfo=UTC),
            "`cursor` takes what `next` says.",
        )
    ],
}


def told(response: HttpResponseBase, request: Request) -> None:
    match = request._request.resolver_match
    if match is None:
        return
    address = "/" + _HOLE.sub(r"{\1}", match.route)
    used = [one for one in LEAVING.get((str(request.method).lower(), address), ()) if one.is_used(request)]
    if used:
        response["Deprecation"] = f"@{int(min(one.since for one in used).timestamp())}"
        response["Sunset"] = http_date(min(one.until for one in used).timestamp())


def mark(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """In the OpenAPI file."""
    for (verb, address), leaving in LEAVING.items():
        operation = paths[address][verb]
        for one in leaving:
            place = _place(operation, schemas, one)
            place["deprecated"] = True
            place["description"] = f"{place.get('description', '')} {one.instead}".strip()


def _place(operation: dict[str, Any], schemas: dict[str, Any], one: Leaving) -> dict[str, Any]:
    if one.kind is Kind.OPERATION:
        return operation
    if one.kind is Kind.PARAMETER:
        return next(told for told in operation["parameters"] if told["name"] == one.name)
    (body,) = operation["requestBody"]["content"].values()
    found: dict[str, Any] = schemas[body["schema"]["$ref"].rpartition("/")[2]]["properties"][one.name]
    return found
