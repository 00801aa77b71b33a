"""Requests for access that several touch at the same moment: each ends once, and nothing is given twice."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import connection

from governance.errors import Conflict, NotFound
from governance.models import AccessRequest, Grant
from governance.requests import asking, deciding, offers
from governance.scope import Scope
from tests.cast import House
from tests.governance.test_requests import READ, manages, offered, shelf_of, somebody


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """What became of each: its own name, or that of the fault."""
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> str:
        start.wait(10)
        try:
            deed()
        except (Conflict, NotFound) as fault:
            return type(fault).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return sorted(pool.map(run, deeds))


def ended(house: House, request: uuid.UUID, shelf: uuid.UUID) -> tuple[str, int, int]:
    """Its status, how many approved, and how many grants came of it."""
    with house.system.transaction():
        row = AccessRequest.objects.get(pk=request)
        given = Grant.objects.filter(resource=shelf, person=row.person_id).count()
        return row.status, len(row.approvals), given


def test_each_request_ends_once_whoever_touches_it_at_the_same_moment(house: House) -> None:
    yan, zoe = somebody(house, "yan"), somebody(house, "zoe")

    def asked(approvals: int = 1) -> tuple[uuid.UUID, uuid.UUID, Scope, Scope]:
        """(shelf, request, and the two who may approve it)."""
        shelf = shelf_of(house)
        both = manages(house, shelf, yan), manages(house, shelf, zoe)
        return shelf, asking.ask(house.charlie, offered(house, shelf, approvals=approvals), READ).pk, *both

    for approvals, told in ((1, ["Conflict", "done"]), (2, ["done", "done"])):
        shelf, row, one, other = asked(approvals)
        assert at_once(partial(deciding.approve, one, row), partial(deciding.approve, other, row)) == told
        assert ended(house, row, shelf) == ("approved", approvals, 1)

    for against in ("withdrawn", "lapsed", "refused"):
        shelf, row, one, other = asked()
        deeds: dict[str, Callable[[], object]] = {
            "withdrawn": partial(asking.withdraw, house.charlie, row),
            "lapsed": partial(offers.withdraw, house.ada, shelf),
            "refused": partial(deciding.refuse, other, row, "No."),
        }
        at_once(partial(deciding.approve, one, row), deeds[against])
        assert ended(house, row, shelf) in {("approved", 1, 1), (against, 0, 0)}

    offer = offered(house, shelf_of(house))
    assert at_once(*[partial(asking.ask, house.charlie, offer, READ)] * 2) == ["Conflict", "done"]
