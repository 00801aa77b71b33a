"""A long list, one page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import F, Model, QuerySet

Row = TypeVar("Row")
Kind = TypeVar("Kind", bound=Model)
SIZE = 50


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
