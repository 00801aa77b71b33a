"""Whatever people, documents and the model write is shown as what it is: words. In no page does it become markup or code."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.browser import stand as standing
from tests.browser import states
from tests.browser.conftest import Served
from tests.browser.stand import Stand
from tests.governance.database import as_superuser

pytestmark = pytest.mark.browser

HOSTILE = (
    "\"'><img src=x onerror=window.ran=1><script>window.ran=1</script><svg onload=window.ran=1></svg>"
    " [a](javascript:window.ran=1) {{ 7 }} <b hx-get=/x hx-trigger=load>"
)
# Every column that somebody outside the code may have written and somebody else is shown.
WRITTEN = {
    "person": ["name"],
    "group": ["name"],
    "tenant": ["name"],
    "collection": ["name", "description"],
    "document": ["name"],
    "version": ["error", "remedy"],
    "chunk": ["text"],
    "conversation": ["title"],
    "answer": ["question", "notice", "feedback_reason"],
    "segment": ["text"],
    "api_key": ["name"],
    "access_offer": ["summary"],
    "access_request": ["reason", "answer"],
}
TELLING = {"asking", "library", "admin", "record", "requesting"}
LIVE = """() => [...document.querySelectorAll("*")].flatMap(one => [...one.attributes].filter(
  held => held.name.startsWith("on") || /^\\s*javascript:/i.test(held.value) || held.value === "/x").map(
  held => `${one.tagName} ${held.name}=${held.value}`)).concat(
  [...document.querySelectorAll("img[src='x'], script:not([src])")].map(one => one.outerHTML))"""


def poisoned(tenant: uuid.UUID) -> int:
    """How many rows now hold hostile words."""
    changed = 0
    with as_superuser() as database:
        for table, columns in WRITTEN.items():
            key = "id" if table == "tenant" else "tenant_id"
            for column in columns:
                changed += _poison(database, table, column, key, tenant)
    return changed


def _poison(database: psycopg.Connection[Any], table: str, column: str, key: str, tenant: uuid.UUID) -> int:
    # What tells them apart stays, for names that must be unique.
    query = sql.SQL(
        "UPDATE {table} SET {column} = %s || left({column}, 12) || left(md5({table}.ctid::text), 6) WHERE {key} = %s"
    )
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column), "key": sql.Identifier(key)}
    return database.execute(query.format(**names), [HOSTILE, tenant]).rowcount


@pytest.fixture(scope="module")
def hostile(browser: Any, served: Served) -> Iterator[Stand]:
    with standing.standing(browser, served.address) as stood:
        assert poisoned(stood.made.house.tenant) > 40
        yield stood


@pytest.mark.parametrize("room", states.ROOMS)
def test_no_words_become_markup(room: str, hostile: Stand) -> None:
    shown = 0
    for state in states.ROOMS[room]:
        if state.reach is not None or not state.route:
            continue
        page = hostile.open(state)
        where = f"{state.route}, {state.shown}"
        assert page.evaluate("window.ran") is None, where
        assert page.evaluate(LIVE) == [], where
        shown += page.evaluate("document.body.innerText.includes('onerror=window.ran')")
    assert shown or room not in TELLING, "no page shows what was written: this looks at nothing"
    assert hostile.reports == []
