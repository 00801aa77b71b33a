"""An undo that is offered once, on the next page or beside it: the form that puts back what was."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from django.http import HttpRequest

OFFERED = "undo"


@dataclass(frozen=True)
class Undo:
    """`said` is what was done; posting `fields` to `address` takes it back."""

    said: str
    address: str
    fields: dict[str, str] = field(default_factory=dict)


def offer(request: HttpRequest, undo: Undo) -> None:
    request.session[OFFERED] = asdict(undo)


def take(request: HttpRequest) -> Undo | None:
    session = getattr(request, "session", None)
    found = session.pop(OFFERED, None) if session is not None and OFFERED in session else None
    return Undo(**found) if found else None
