"""Nothing changes without an event: every changing route is called and leaves those it declares, and every function that
writes a row records it, is recorded by whoever calls it, or stands on the published list of what is not recorded.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from governance.audit import events
from tests.cast import House
from tests.coverage import unrecorded, writing
from tests.coverage.deed import Deed
from tests.coverage.deeds import DEEDS
from tests.coverage.ground import Ground
from tests.governance import told
from tests.governance.database import as_superuser, leaves

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "record.md"
CHANGING = ("post", "put", "patch", "delete")


def changing_routes(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[tuple[str, str]]:
    """(route, verb) of all that may change something, from the URLconf itself."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from changing_routes(pattern.url_patterns)
        else:
            for verb in CHANGING:
                if verb in verbs(pattern.callback):
                    yield pattern.name or str(pattern.pattern), verb


def verbs(view: Callable[..., Any]) -> set[str]:
    """What the view takes: a class says so by its methods, a function by the decorator that refuses the others."""
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if cls is not None:
        return {verb for verb in (*CHANGING, "get") if hasattr(cls, verb)}
    here: Any = view
    while here is not None:
        for cell in getattr(here, "__closure__", None) or ():
            if (
                isinstance(cell.cell_contents, list)
                and "GET" in {*cell.cell_contents, "GET"}
                and _are_verbs(cell.cell_contents)
            ):
                return {verb.lower() for verb in cell.cell_contents}
        here = getattr(here, "__wrapped__", None)
    return {"get", "post"}  # it does not say: then it has to be declared


def _are_verbs(found: list[Any]) -> bool:
    return bool(found) and all(isinstance(one, str) and one.isupper() for one in found)


def test_every_changing_route_declares_its_events() -> None:
    declared = {(deed.route, deed.verb) for deed in DEEDS} | unrecorded.routes()
    missing = set(changing_routes()) - declared
    assert not missing, f"say in tests/coverage/deeds.py which events these record: {sorted(missing)}"


def test_nothing_is_declared_that_is_not_there() -> None:
    there = set(changing_routes())
    gone = {(deed.route, deed.verb) for deed in DEEDS if deed.verb in CHANGING} | unrecorded.routes()
    assert gone <= there
    assert not {(deed.route, deed.verb) for deed in DEEDS} & unrecorded.routes()


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: f"{deed.verb} {deed.route}")
def test_what_a_route_declares_is_on_the_record(deed: Deed, house: House) -> None:
    began = timezone.now()
    response = deed.do(Ground(house))
    assert response.status_code < 500
    if not getattr(response, "is_async", False):  # those are on the record before their first byte
        list(getattr(response, "streaming_content", ()))
    by_it = _recorded(response["X-Request-ID"], began)
    assert all(leaf["tenant"] == str(events.INSTALLATION) for leaf in by_it) or not deed.on_the_installation
    last, *before = reversed([str(event) for event in deed.events])
    recorded = {leaf["action"] for leaf in by_it}
    assert last in recorded, f"{response.status_code}: {recorded}"
    assert set(before) <= recorded | {leaf["action"] for leaf in leaves(house)}
    assert told.of_house(house) == [], "the field table does not know these"


def _recorded(request: str, since: datetime) -> list[dict[str, Any]]:
    """The request's events, on whoever's record: a tenant that was made by it has its own, as has the installation."""
    with as_superuser() as database:
        rows = database.execute(
            "SELECT leaf FROM audit.event WHERE recorded_at >= %s"
            " AND convert_from(leaf, 'UTF8')::jsonb->>'request' = %s",
            [since, request],
        ).fetchall()
    return [json.loads(bytes(leaf)) for (leaf,) in rows]


def test_every_function_that_writes_is_recorded() -> None:
    listed = unrecorded.functions() | set(unrecorded.BY_ITS_CALLERS) | set(unrecorded.BY_A_REGISTER)
    silent = {name for name, one in writing.functions().items() if one.writes and not writing.events(name)}
    missing = silent - listed
    assert not missing, f"record what these write, or say in tests/coverage/unrecorded.py why not: {sorted(missing)}"
    assert listed <= silent, "these record by themselves now, or are gone"


@pytest.mark.parametrize("name", sorted(unrecorded.BY_ITS_CALLERS))
def test_a_part_of_a_deed_is_recorded_by_everybody_who_calls_it(name: str) -> None:
    callers = writing.callers()[name]
    assert callers
    for caller in callers:  # one of them may be a part itself: then its callers do, and are asked so
        recorded = writing.events(caller) | unrecorded.BY_ITS_CALLERS.get(caller, set())
        assert recorded & unrecorded.BY_ITS_CALLERS[name], caller


@pytest.mark.parametrize("name", sorted(unrecorded.BY_A_REGISTER))
def test_what_stands_in_a_register_is_recorded_by_whoever_asks_there(name: str) -> None:
    asker = unrecorded.BY_A_REGISTER[name]
    assert writing.events(asker) & {"PERSON_ERASED", "RETENTION_RUN"}
    assert any(".register" in caller or caller in unrecorded.BY_A_REGISTER for caller in _above(name))


def _above(name: str) -> set[str]:
    found = set(writing.callers()[name])
    return found | {two for one in found for two in writing.callers().get(one, ())}


def test_the_page_publishes_what_is_not_recorded() -> None:
    part = PAGE.read_text(encoding="utf-8").partition("## What is not recorded\n")[2].partition("\n## ")[0]
    said = [line.removeprefix("- ") for line in part.splitlines() if line.startswith("- ")]
    assert said == [one.said for one in unrecorded.LIST]
    assert len(said) <= 12, "a list that nobody reads to its end hides something"


SOURCES = {
    "writes": "def f(row):\n    row.save()",
    "updates": "def f(rows):\n    rows.update(state='x')",
    "creates": "def f():\n    Model.objects.create(name='x')",
    "deletes": "def f(rows):\n    rows.filter(pk=1).delete()",
    "says it in SQL": "def f(cursor):\n    cursor.execute('UPDATE t SET x = 1')",
    "says it within": "A = 'a AS (UPDATE t SET x = 1)'\nB = f'WITH {A} SELECT 1'\ndef f(cursor):\n    cursor.execute(B)",
}
HARMLESS = {
    "a dict": "def f(a, b):\n    a.update(b)",
    "a cache": "def f(cache):\n    cache.delete('key')",
    "a question": "def f(cursor):\n    cursor.execute('SELECT 1')",
}


@pytest.mark.parametrize("source", [*SOURCES.values(), *HARMLESS.values()])
def test_the_reader_tells_a_write_from_what_only_sounds_like_one(source: str) -> None:
    (found,) = writing._of_module("governance.example", ast.parse(source))
    assert found.writes == (source in SOURCES.values())


def test_the_reader_follows_a_call_into_another_module() -> None:
    source = "from governance import groups\ndef f(scope):\n    groups.add(scope, 1, 2)"
    (found,) = writing._of_module("governance.example", ast.parse(source))
    assert found.calls == {"governance.groups", "governance.groups.add"}
    assert writing.events("governance.groups.add") == {"MEMBER_ADDED"}
