"""How a list is read in parts: `?limit=` of them at most, and `?cursor=` goes on with what `next` said, until that is null.

A cursor stands for the rows that were shown last, and not for a number of rows: what is added or taken away meanwhile neither
repeats one nor passes one over.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from assistant.api.shapes import onward, parse
from governance import pages
from governance.errors import InvalidInput
from governance.pages import Part

Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., Any])
MOST = 500
KNOWN = 4  # rows that a cursor stands for: where the last one has gone, those before it still say where that was


class ListIn(serializers.Serializer):  # type: ignore[type-arg]
    cursor = serializers.CharField(
        max_length=2_000,
        required=False,
        allow_blank=True,
        default="",
        help_text="What `next` said; without it from the beginning.",
    )
    limit = serializers.IntegerField(min_value=1, max_value=MOST, required=False, default=MOST)


class DocumentsIn(ListIn):
    page = serializers.CharField(max_length=2_000, required=False, default="")


def listing(
    name: str, row: Any = None, *, called: str = "", parameters: Any = None, **more: Any
) -> Callable[[View], View]:
    """Describes a GET that gives a list by `name`, each of them a `row`, with `more` beside it. `called` tells lists of one name
    apart in the OpenAPI file, where they differ.
    """
    described: Callable[[View], View] = extend_schema(
        operation_id=f"v1_{called}_list" if called else None,
        parameters=parameters or [ListIn],
        responses={200: _shape(called or name, name, row, tuple(more.items()))},
    )
    return described


@functools.cache
def _shape(called: str, name: str, row: Any, more: tuple[tuple[str, Any], ...]) -> Any:
    rows = row(many=True) if row else serializers.ListField(child=serializers.DictField())
    title = "".join(one.title() for one in called.split("_"))
    return inline_serializer(f"List{title}Out", {name: rows, **dict(more), "next": onward()})


def part(request: Request, rows: Sequence[Row], of: Callable[[Row], object] = lambda row: row.pk) -> Part[Row]:  # type: ignore[attr-defined]
    """Of a list that a service gives whole, in its order; `of` is what a row is known by. Raises InvalidInput."""
    asked = parse(ListIn, request.query_params)
    first = _after(rows, asked["cursor"], of) if asked["cursor"] else 0
    end = first + asked["limit"]
    if end >= len(rows):
        return Part(rows[first:], None)
    return Part(rows[first:end], pages.sealed([str(of(row)) for row in rows[max(0, end - KNOWN) : end]]))


def _after(rows: Sequence[Row], cursor: str, of: Callable[[Row], object]) -> int:
    """Behind the last of those rows that is still there."""
    known = pages.unsealed(cursor)
    places = {str(of(row)): place for place, row in enumerate(rows)}
    for one in reversed(known[-KNOWN:]):
        if one in places:
            return places[one] + 1
    raise InvalidInput(pages.STRANGE)


def told(name: str, part: Part[Row], shown: Callable[[Row], Any]) -> dict[str, Any]:
    return {name: [shown(row) for row in part.rows], "next": part.next}


def page_or_cursor(asked: dict[str, Any]) -> str | int:
    """Where a list begins that once was read by the number of a page: a cursor, or how many rows come before."""
    page: str = asked["cursor"] or asked["page"]
    return (
        (max(1, int(page)) - 1) * int(asked["limit"]) if page.isascii() and page.isdigit() and len(page) < 8 else page
    )
