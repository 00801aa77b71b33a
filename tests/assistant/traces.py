"""Where a marker is found, in all that is live: every table, every key of Valkey, every file beside Postgres' own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from psycopg import sql

from assistant.local import marks
from assistant.streams import stream
from tests.governance.database import as_superuser

TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'audit', 'chancery') AND c.relkind IN ('r', 'm') ORDER BY 1, 2
"""


def of(marker: str) -> list[str]:
    found = in_tables(marker) + in_sessions(marker) + in_valkey(marker)
    await_valkey()
    return found + in_files(marker)


def in_tables(marker: str) -> list[str]:
    """As text, where jsonb and arrays are written out, and as bytes, which Postgres writes in hex."""
    found = []
    with as_superuser() as database:
        for schema, name in database.execute(TABLES).fetchall():
            query = sql.SQL("SELECT count(*) FROM {} t WHERE t::text ILIKE %s OR t::text LIKE %s").format(
                sql.Identifier(schema, name)
            )
            row = database.execute(query, [f"%{marker}%", f"%{marker.encode().hex()}%"]).fetchone()
            assert row is not None
            found += [f"table {schema}.{name}"] if row[0] else []
    return found


def in_sessions(marker: str) -> list[str]:
    """They are packed in their table."""
    told = [json.dumps(session.get_decoded(), default=str) for session in Session.objects.iterator()]
    return ["sessions" for one in told if marker in one.lower()]


def in_valkey(marker: str) -> list[str]:
    client = stream.client()
    keys = (key for key in client.scan_iter(count=1000) if marker.encode() in key + _value(client, key))
    return [f"valkey {key.decode()}" for key in keys]


def _value(client: Any, key: bytes) -> bytes:
    reads = {
        b"string": lambda: client.get(key),
        b"stream": lambda: client.xrange(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"hash": lambda: client.hgetall(key),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
    }
    return str(reads.get(client.type(key), lambda: "")()).encode()


def await_valkey() -> None:
    """Until it has written its log anew, if it was at it: the files of before are there until then."""

    def is_done() -> bool:
        told = stream.client().info("persistence")
        return not (told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])

    assert marks.await_true(is_done, 60)


def in_files(marker: str, home: Path | None = None) -> list[str]:
    """Under CHANCERY_HOME. Postgres' own files are its tables' business: what was deleted there ends with VACUUM."""
    found = []
    for folder, folders, files in os.walk(home or settings.HOME):
        folders[:] = [one for one in folders if not (Path(folder) / one / "PG_VERSION").exists()]
        for name in files:
            path = Path(folder) / name
            if path.is_file() and marker.encode() in path.read_bytes():
                found.append(f"file {path}")
    return found
