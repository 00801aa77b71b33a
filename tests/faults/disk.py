"""A disk that is full for the record alone: Postgres may let no file grow past the size that the record's table has.

The kernel keeps the bound (RLIMIT_FSIZE), so that what fails is a real write of Postgres. All that a stack needs beside
the record stays under it, a segment of the write-ahead log too.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from tests.faults.stand import Stand

LIMIT = 17 * 2**20  # bytes; a segment of the write-ahead log has 16 MB
NOBODY = uuid.uuid4()  # the filling's tenant
FILL = """
INSERT INTO audit.event (tenant_id, id, writer, number, recorded_at, leaf, at, action)
SELECT %(tenant)s, gen_random_uuid(), %(writer)s, n, clock_timestamp(), convert_to(%(leaf)s, 'UTF8'), now(), 'fill'
FROM generate_series(1, %(amount)s) n
"""


@contextlib.contextmanager
def full(stand: Stand) -> Iterator[None]:
    with stand.database() as database:
        _grow(database)
    _bound(stand, str(LIMIT))
    try:
        with stand.database() as database, pytest.raises(psycopg.Error, match="could not extend file"):
            _fill_corners(database)
        yield
    finally:
        _bound(stand, "unlimited")


def _fill_corners(database: psycopg.Connection[tuple[object, ...]]) -> None:
    """Until it fails: what is left in pages that are there already, by the smallest rows there can be."""
    while True:
        _fill(database, "{}", 1)


def _grow(database: psycopg.Connection[tuple[object, ...]]) -> None:
    """Past LIMIT. Nothing of it is left to be written later: a write past the limit would fail whatever it is of."""
    size = 0
    while size <= LIMIT + 2**20:
        _fill(database, f'{{"fill":"{"x" * 1700}"}}', 4000)  # kept in its page: Postgres moves away what is over 2,000
        row = database.execute("SELECT pg_relation_size('audit.event')").fetchone()
        size = int(str(row[0])) if row else 0
    database.execute("VACUUM audit.event")
    database.execute("CHECKPOINT")


def _fill(database: psycopg.Connection[tuple[object, ...]], leaf: str, amount: int) -> None:
    database.execute(FILL, {"tenant": NOBODY, "writer": uuid.uuid4(), "leaf": leaf, "amount": amount})


def _bound(stand: Stand, size: str) -> None:
    """The postmaster first: what it forks meanwhile has it too. By Postgres' own account, which may; root need not."""
    postmaster = psutil.Process(stand.pid("postgres"))
    account = {"user": postmaster.uids().real, "group": postmaster.gids().real} if os.geteuid() == 0 else {}
    for process in (postmaster, *postmaster.children(recursive=True)):
        bound = ["prlimit", "--pid", str(process.pid), f"--fsize={size}:"]  # the soft limit alone
        done = subprocess.run(bound, capture_output=True, text=True, check=False, **account)
        assert not done.returncode or not process.is_running(), done.stderr
