"""No statement of a test, nor of the service that it calls, names a partitioned table without its tenant.

Such a statement is right, since row-level security lets nothing else through; but Postgres plans for the partitions of all
tenants and locks each, and with some thousands of tenants there is no room for the locks. Here it is refused before it is run.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

PARTITIONED = """
SELECT c.relname FROM pg_partitioned_table p
JOIN pg_class c ON c.oid = p.partrelid AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] AND a.attname = 'tenant_id'
"""
# What may stand behind a table's name that is not another name for it.
_WORDS = "where|join|left|inner|cross|on|using|set|group|order|limit|for|union|returning|as"
_VALUE = r"\s*=\s*(?:%s|%\(\w+\)s|'[0-9a-f-]{32,36}')"


class UntoldTenantError(AssertionError):
    """A statement without its tenant; those that a service caught are raised again at the end of the test."""


told: list[str] = []


def watch(address: str) -> None:
    """Every connection of Django's that is opened from now on, in whichever thread."""
    with psycopg.connect(address) as connection:
        tables = tuple(sorted(name for (name,) in connection.execute(PARTITIONED)))
    assert tables, "no table is partitioned by tenant: there is nothing to watch"

    def refuse(run: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if fault := untold(str(sql), tables):
            told.append(fault)
            raise UntoldTenantError(fault)
        return run(sql, params, many, context)

    def opened(connection: BaseDatabaseWrapper, **_: Any) -> None:
        if refuse not in connection.execute_wrappers:
            connection.execute_wrappers.append(refuse)

    connection_created.connect(opened, weak=False)


def check() -> None:
    """Raises UntoldTenantError where there was one since the last check."""
    found, told[:] = list(told), []
    if found:
        raise UntoldTenantError("\n".join(found))


@functools.lru_cache(maxsize=4096)
def untold(sql: str, tables: tuple[str, ...]) -> str:
    """What is wrong with the statement; empty where nothing is. Rows that are put in say their tenant anyway."""
    if not any(table in sql for table in tables):
        return ""
    named = _named(sql, tables)
    for name, often in named.items():
        table, alias = name
        column = rf'"?{alias}"?\."?tenant_id"?' if alias else rf'(?:"?{table}"?\.)?"?tenant_id"?'
        conditions = len(re.findall(rf"\b(?:WHERE|AND|ON)[\s(]+{column}{_VALUE}", sql, re.IGNORECASE))
        if conditions < often:
            return (
                f"{table} is read without `tenant_id = …` for each time that it is named: {' '.join(sql.split())[:300]}"
            )
    return ""


def _named(sql: str, tables: Iterable[str]) -> Counter[tuple[str, str]]:
    """How often a statement reads, changes or deletes from each table by each name."""
    one = "|".join(map(re.escape, tables))
    again = rf'(?:\s+(?:AS\s+)?(?!(?:{_WORDS})\b)"?(\w+)"?)'
    first = re.finditer(
        rf'(?:\bFROM|\bJOIN|\bUPDATE)\s+(?:ONLY\s+)?(?:public\.)?"?({one})"?(?![\w."]){again}?', sql, re.IGNORECASE
    )
    further = re.finditer(rf',\s*(?:public\.)?"?({one})"?{again}\s*(?=[,)]|$|\bWHERE)', sql, re.IGNORECASE)
    return Counter((found[1].lower(), found[2] or "") for found in [*first, *further])
