"""A long list, one page at a time."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet

from governance.errors import InvalidInput

Row = TypeVar("Row")
Kind = TypeVar("Kind", bound=Model)
SIZE = 50
STRANGE = "The cursor is not one that was given out. Start again without it."


@dataclass(frozen=True)
class Order:
    """By which column, as the caller names it, and which way round."""

    column: str
    descends: bool = False

    @classmethod
    def named(cls, text: str, columns: Mapping[str, object] | Sequence[str], default: str) -> Order:
        """From "name" or "-name"; what there is no column for is the default."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in columns else cls(default)

    def __str__(self) -> str:
        return f"-{self.column}" if self.descends else self.column


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`number` counts from 1; `total` are all rows there are, on every page."""

    rows: Sequence[Row]
    number: int
    total: int
    size: int = SIZE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        return min(self.total, (self.number - 1) * self.size + 1)

    @property
    def last(self) -> int:
        return min(self.total, self.number * self.size)

    @property
    def before(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None


def there(number: int, total: int, size: int = SIZE) -> int:
    """The page of that number, or the last one."""
    return max(1, min(number, -(-total // size)))


def cut(rows: QuerySet[Kind], number: int, size: int = SIZE) -> Page[Kind]:
    """Two queries: how many there are, and these. A number past the end is the last page."""
    total = rows.count()
    number = there(number, total, size)
    return Page(list(rows[(number - 1) * size : number * size]), number, total, size)


def ordered(rows: QuerySet[Kind], order: Order, columns: Mapping[str, str]) -> QuerySet[Kind]:
    """By the column, empty ones last; the key decides between equals, so that no row is on two pages."""
    column = F(columns[order.column])
    return rows.order_by(column.desc(nulls_last=True) if order.descends else column.asc(nulls_last=True), "pk")


@dataclass(frozen=True)
class Part(Generic[Row]):
    """Of a list that is read on from where one was: `next` is the cursor of what follows, None where nothing does."""

    rows: Sequence[Row]
    next: str | None


def onward(rows: QuerySet[Kind], columns: Sequence[str], cursor: str, most: int) -> Part[Kind]:
    """Those after the row that `cursor` stands for, in the order of `columns`, of which none is null and the last is unique; a
    minus before one turns it round. What comes in or goes meanwhile moves nothing. Raises InvalidInput.
    """
    place = _place(rows, columns, cursor) if cursor else Q()
    found = list(rows.filter(place).order_by(*columns)[: most + 1])
    if len(found) <= most:
        return Part(found, None)
    last = found[most - 1]
    return Part(found[:most], sealed([str(getattr(last, column.removeprefix("-"))) for column in columns]))


def sealed(place: Sequence[str]) -> str:
    """A place in a list as a cursor: nobody need know what is in it."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def unsealed(cursor: str, size: int | None = None) -> list[str]:
    """Raises InvalidInput for what `sealed` never made."""
    try:
        place: list[str] = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidInput(STRANGE) from None
    is_ours = isinstance(place, list) and all(isinstance(one, str) and _is_text(one) for one in place)
    if not is_ours or (size is not None and len(place) != size):
        raise InvalidInput(STRANGE)
    return place


def _is_text(value: str) -> bool:
    """JSON can name what no text holds."""
    return "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _place(rows: QuerySet[Any], columns: Sequence[str], cursor: str) -> Q:
    beyond, same = Q(), Q()
    for column, text in zip(columns, unsealed(cursor, len(columns)), strict=True):
        name = column.removeprefix("-")
        field = rows.model._meta.pk if name == "pk" else rows.model._meta.get_field(name)
        try:
            value = field.to_python(text)
            if isinstance(value, datetime):
                value = value.astimezone(UTC)  # Postgres takes fewer offsets than Python
        except (ValidationError, ValueError, OverflowError):
            raise InvalidInput(STRANGE) from None
        beyond |= same & Q(**{f"{name}__{'lt' if column.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return beyond
