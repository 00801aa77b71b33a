"""How every part is: the processes that say so themselves, and the services that are asked. Nothing here fails a page."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from assistant.operators.figures import QUEUES
from assistant.processes import heartbeats
from assistant.streams import stream
from governance import locks
from governance.audit import health as record
from governance.audit.tree import heads
from inference.worker import look

EXPECTED = ("web", *QUEUES, "beat")
LATE_S = 30.0  # an event is sealed within about a second
TIGHT = 0.10  # of the disk: below, it is time to act


@dataclass(frozen=True)
class Part:
    """`tone` is good, warn or bad; `note` is a line of numbers."""

    name: str
    tone: str
    note: str = ""
    age_s: float | None = None
    up_s: float | None = None


def parts() -> list[Part]:
    return [*_processes(), *_record(), _postgres(), _valkey(), _disk()]


def model() -> look.WorkerState:
    return look.look(settings.MODEL_URL, settings.MODEL_KEY)


def broker() -> dict[str, int]:
    """Messages that lie in the broker, by queue; none where it is away. A message is a doorbell: rows say what waits."""
    client: Any = stream.client()
    try:
        return {queue: int(client.llen(queue)) for queue in QUEUES}
    except redis.RedisError:
        return {}


def _processes() -> list[Part]:
    try:
        heard = heartbeats.heard()
    except redis.RedisError:
        return [Part(kind, "warn", "not known: Valkey is away") for kind in EXPECTED]
    found = [Part(p.kind, "bad" if p.is_late else "good", f"{p.host}, process {p.pid}", p.age_s, p.up_s) for p in heard]
    there = {part.name for part in found}
    found += [Part(kind, "bad", "nobody has been heard") for kind in EXPECTED if kind not in there]
    return sorted(found, key=lambda part: EXPECTED.index(part.name) if part.name in EXPECTED else len(EXPECTED))


def _record() -> list[Part]:
    """The sealer and the witness by what they have done: they share no Valkey with the others."""
    try:
        pulse = record.pulse()
    except DatabaseError:
        return [Part("sealer", "warn", "not known"), Part("witness", "warn", "not known")]
    late_s = record.age(pulse.unsealed_since).total_seconds()
    tone = "bad" if late_s > LATE_S else "good"
    sealer = Part("sealer", tone, f"{pulse.unsealed} events wait, the oldest for {late_s:.0f} s", _ago(pulse.head_at))
    note = f"{pulse.unwitnessed} of {pulse.logs} logs have a last head that is not cosigned"
    worse = "bad" if heads.witness() else "warn"  # none may have been wanted
    return [sealer, Part("witness", worse if pulse.unwitnessed else "good", note)]


def _ago(moment: datetime | None) -> float:
    return max((datetime.now(UTC) - moment).total_seconds(), 0.0) if moment else 0.0


def _postgres() -> Part:
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_database_size(current_database()),"
                " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),"
                " current_setting('max_connections')::int,"
                " extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8"
            )
            size, used, most, up_s = cursor.fetchone()
        room = locks.room()
    except DatabaseError:
        return Part("Postgres", "bad", "does not answer")
    took = 1000 * (time.monotonic() - began)
    note = f"{took:.0f} ms, {size / 2**20:,.0f} MB, {used} of {most} connections"
    if room.is_tight:
        note += f"; {room.needed:,} of {room.there:,} locks for the next upgrade: {room.advice}"
    return Part("Postgres", "warn" if used > 0.9 * most or room.is_tight else "good", note, up_s=up_s)


def _valkey() -> Part:
    began, client = time.monotonic(), stream.client()
    try:
        told: Any = client.info()
    except redis.RedisError:
        return Part("Valkey", "bad", "does not answer")
    took = 1000 * (time.monotonic() - began)
    note = f"{took:.0f} ms, {told['used_memory'] / 2**20:,.0f} MB, {told['connected_clients']} clients"
    return Part("Valkey", "good", note, up_s=float(told["uptime_in_seconds"]))


def _disk() -> Part:
    try:
        disk = shutil.disk_usage(settings.HOME)
    except OSError:
        return Part("Disk", "warn", "cannot be asked")
    note = f"{disk.free / 2**30:,.1f} of {disk.total / 2**30:,.1f} GB free"
    return Part("Disk", "bad" if disk.free < TIGHT * disk.total else "good", note)
