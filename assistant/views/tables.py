"""What a list's address asks for: words, an order, a page; and the links that ask for another."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from governance.errors import InvalidInput
from governance.pages import Order

LONGEST_WORDS = 200


@dataclass(frozen=True)
class Head:
    """A column's heading. `address` sorts by it; `sorted_as` is what aria-sort says, empty where it is not sorted by."""

    label: str
    address: str = ""
    sorted_as: str = ""


def words(request: HttpRequest, name: str = "q") -> str:
    return " ".join(request.GET.get(name, "").replace("\x00", "").split())[:LONGEST_WORDS]


def number(request: HttpRequest, name: str = "page") -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 7 else 1


def key(request: HttpRequest, name: str) -> uuid.UUID | None:
    """Raises InvalidInput for what is no id."""
    text = request.GET.get(name, "")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise InvalidInput("That is no id. Choose from the list.") from None


def keys(texts: Iterable[str]) -> list[uuid.UUID]:
    """Who is chosen already in a form; what is no id of a person is passed over."""
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(uuid.UUID(text.removeprefix("person:")))
    return found


def order(request: HttpRequest, columns: Mapping[str, str], default: str) -> Order:
    return Order.named(request.GET.get("sort", default), columns, default)


def heads(request: HttpRequest, labels: Mapping[str, object], order: Order) -> list[Head]:
    """`labels` by column; a column that starts with "-" cannot be sorted by."""
    made = []
    for column, label in labels.items():
        if column.startswith("-"):
            made.append(Head(str(label)))
            continue
        is_sorted = order.column == column
        turned = f"-{column}" if is_sorted and not order.descends else column
        sorted_as = ("descending" if order.descends else "ascending") if is_sorted else ""
        made.append(Head(str(label), with_(request, sort=turned, page=None), sorted_as))
    return made


def with_(request: HttpRequest, **changed: object) -> str:
    """This address with other parameters; None takes one out."""
    asked = request.GET.copy()
    for name, value in changed.items():
        if value is None:
            asked.pop(name, None)
        else:
            asked[name] = str(value)
    return f"?{asked.urlencode()}"
