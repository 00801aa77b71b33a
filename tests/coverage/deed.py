"""One row of what is declared: a route, a verb, the events, and the request that shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from governance.audit.vocabulary import Event
from tests.coverage.ground import Ground


@dataclass(frozen=True)
class Deed:
    route: str
    verb: str
    events: tuple[Event, ...]
    do: Callable[[Ground], Any]
    on_the_installation: bool = False  # its record is the installation's own log
