"""How long the record takes to verify, with how much memory, and how often it cries wolf.

    python -m bench.verify_record [--events 1000000] [--clean 1000]

A million events of an organisation that asks all day, written by COPY as the superuser and sealed by the real sealer with a head
every 50,000; then `audit_verify`'s own work in a process of its own. They are kept in the benches' database: a second run begins
with the verification. The clean runs are as many verifications of a small log that grows, is sealed now and then, and that nobody
touches. Exits 1 over a bar, or where anything is found.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from assistant.local import testing
from bench import demo_database

BAR_S, BAR_MB = 120.0, 300.0
CHUNK = 50_000
WRITERS = 40
PEOPLE = 300


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--clean", type=int, default=1_000, help="verifications of a log that nobody touches")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    demo_database.prepare()
    if asked.child:
        return _child(uuid.UUID(asked.child))
    is_good = True
    if asked.events:
        is_good = _whole(asked.events)
    if asked.clean:
        is_good = _clean(asked.clean) and is_good
    return 0 if is_good else 1


def _whole(events: int) -> bool:
    tenant = _tenant(events)
    done = subprocess.run(
        [sys.executable, "-m", "bench.verify_record", "--child", str(tenant)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout + done.stderr)
        return False
    told = json.loads(done.stdout.splitlines()[-1])
    print(
        f"verify {told['leaves']} events, {told['heads']} heads: {told['seconds']:.1f} s (bar {BAR_S:.0f}),"
        f" {told['leaves'] / told['seconds']:.0f} events/s, {told['mb']:.0f} MB (bar {BAR_MB:.0f}), {told['findings']} findings"
    )
    return bool(
        told["seconds"] <= BAR_S and told["mb"] <= BAR_MB and told["findings"] == 0 and told["leaves"] >= events
    )


def _child(tenant: uuid.UUID) -> int:
    from governance.audit import verifying

    began = time.monotonic()
    report = verifying.verify(tenant)
    seconds = time.monotonic() - began
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"leaves": report.leaves, "heads": report.heads, "findings": report.amount, "seconds": seconds, "mb": mb}
    print("\n".join(str(one) for one in report.findings[:5]), json.dumps(told), sep="\n")
    return 0


def _tenant(events: int) -> uuid.UUID:
    """The organisation with that many events, made where there is none."""
    from governance import tenants

    slug = f"verify-{events}"
    found = tenants.find_for_login(slug)
    tenant = found.id if found else tenants.create(slug, "A long record")
    with _superuser() as database:
        row = database.execute("SELECT count(*) FROM audit.leaf WHERE tenant_id = %s", [tenant]).fetchone()
        there = row[0] if row else 0
        began = time.monotonic()
        for first in range(there, events, CHUNK):
            since = _write(database, tenant, first, min(CHUNK, events - first))
            _seal(tenant, since)
            print(f"{first + CHUNK} events after {time.monotonic() - began:.0f} s", end="\r", flush=True)
        database.execute("VACUUM (ANALYZE) audit.event, audit.leaf, audit.payload")
    print(f"{events} events are there; {max(events - there, 0)} were made in {time.monotonic() - began:.0f} s")
    return tenant


def _superuser() -> psycopg.Connection[Any]:
    services = testing.services(Path(os.environ["CHANCERY_HOME"]))
    return psycopg.connect(services.superuser_url, dbname=demo_database.DATABASE, autocommit=True)


def _seal(tenant: uuid.UUID, since: str) -> None:
    from django.conf import settings

    from governance.audit.tree import heads, notes
    from governance.audit.tree.sealing import Sealer

    services = testing.services(Path(os.environ["CHANCERY_HOME"]))
    place = settings.DATABASES["default"]
    address = psycopg.conninfo.make_conninfo(
        host=place["HOST"],
        port=place["PORT"],
        dbname=place["NAME"],
        user="chancery_sealer",
        password=services.secrets.postgres_sealer,
    )
    signer = notes.load(Path(settings.SEALER["key"]), settings.RECORD_ORIGIN)
    heads.publish(heads.SEALER, signer.verifier)
    sealer = Sealer(address, signer, settings.RECORD_ORIGIN)
    try:
        sealer.seal(tenant, since)
        sealer.sign(tenant)
    finally:
        sealer.close()


def _write(database: psycopg.Connection[Any], tenant: uuid.UUID, first: int, amount: int) -> str:
    """The transaction that wrote them."""
    chance = random.Random(first)
    writers = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(WRITERS)]
    with database.transaction(), database.cursor() as cursor:
        (since,) = cursor.execute("SELECT pg_current_xact_id()::text").fetchone()  # type: ignore[misc]
        made = list(_events(chance, tenant, writers, first, amount))
        with cursor.copy(
            "COPY audit.event (tenant_id, id, writer, number, recorded_at, leaf, at, action, actor_id, subject_id,"
            " interaction, resource_id) FROM STDIN"
        ) as copy:
            for row, _ in made:
                copy.write_row(row)
        with cursor.copy("COPY audit.payload (tenant_id, event_id, ciphertext) FROM STDIN") as copy:
            for row, ciphertext in made:
                if ciphertext is not None:
                    copy.write_row((row[0], row[1], ciphertext))
        lasts: dict[uuid.UUID, int] = {}
        for row, _ in made:
            lasts[row[2]] = row[3]
        cursor.executemany("INSERT INTO audit.writer VALUES (%s, %s, %s)", [(tenant, *one) for one in lasts.items()])
    return str(since)


Made = tuple[tuple[Any, ...], bytes | None]


def _events(
    chance: random.Random, tenant: uuid.UUID, writers: list[uuid.UUID], first: int, amount: int
) -> Iterator[Made]:
    """Interactions of a question, its verdict, what was found, three segments with a verdict each, and the end."""
    numbers = dict.fromkeys(writers, 0)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=first)
    judged = ("policy.decided", "answer.segment")
    kinds = ("prompt.received", "policy.decided", "retrieval.performed", *judged * 3, "answer.finished")
    for place in range(amount):
        step = place % len(kinds)
        if step == 0:
            writer = chance.choice(writers)
            interaction, person = _id(chance), uuid.UUID(int=chance.randrange(PEOPLE))
        numbers[writer] += 1
        at += timedelta(milliseconds=5)
        yield _event(chance, tenant, writer, numbers[writer], at, kinds[step], interaction, person)


def _event(
    chance: random.Random,
    tenant: uuid.UUID,
    writer: uuid.UUID,
    number: int,
    at: datetime,
    action: str,
    interaction: uuid.UUID,
    person: uuid.UUID,
) -> Made:
    event, time_ = _id(chance), at.isoformat(timespec="microseconds")
    leaf: dict[str, Any] = {
        "accepted": {"at": time_, "number": number, "writer": str(writer)},
        "action": action,
        "actor": {"id": str(person), "kind": "person"},
        "at": time_,
        "facts": _facts(chance, action),
        "id": str(event),
        "interaction": str(interaction),
        "request": f"{chance.getrandbits(128):032x}",
        "resource": None,
        "roles": ["employee"],
        "tenant": str(tenant),
        "v": 2,
    }
    ciphertext = (
        chance.randbytes(300) if action in {"prompt.received", "answer.segment", "retrieval.performed"} else None
    )
    if ciphertext is not None:
        sha256 = hashlib.sha256(ciphertext).hexdigest()
        leaf["payload"] = {"commitment": f"{chance.getrandbits(256):064x}", "sha256": sha256, "subject": str(person)}
    data = json.dumps(leaf, separators=(",", ":"), sort_keys=True).encode()
    subject = person if ciphertext is not None else None
    return (tenant, event, writer, number, at, data, at, action, person, subject, interaction, None), ciphertext


def _facts(chance: random.Random, action: str) -> dict[str, Any]:
    if action == "policy.decided":
        rule = {
            "rule": "secrets",
            "detector": "secrets",
            "action": "allow",
            "score": 0.0,
            "threshold": 0.5,
            "spans": [],
        }
        return {"stage": "output", "action": "allow", "policy": {"version": 7}, "decisions": [rule] * 3}
    if action == "retrieval.performed":
        passage = {"chunk": str(_id(chance)), "document": str(_id(chance)), "sha256": "0" * 64, "score": 0.8}
        return {"passages": [passage] * 6, "withheld": []}
    if action == "answer.segment":
        return {"ordinal": 1, "citations": [{"chunk": str(_id(chance)), "marker": 1}], "is_supported": True}
    return {"status": "answered", "collections": [str(_id(chance))], "client": "portal"}


def _id(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def _clean(runs: int) -> bool:
    from governance import tenants
    from governance.audit import events, verifying
    from governance.audit.checks.growth import Kept
    from governance.audit.tree import heads
    from governance.audit.vocabulary import Event
    from governance.scope import Scope

    chance = random.Random(1)
    tenant = tenants.create(f"clean-{uuid.uuid4().hex[:12]}", "A clean record")
    scope, kept, alarms, began = Scope.system(tenant), [], 0, time.monotonic()
    for _ in range(runs):
        for number in range(chance.randrange(3)):
            events.record(scope, Event.DOCUMENT_READY, facts={"n": number}, payload={"name": "x"} if number else None)
        if chance.random() < 0.2:
            _seal(tenant, "0")
            with scope.transaction():
                kept.append(Kept("the bench", heads.newest()[0].checkpoint))
        report = verifying.verify(tenant, kept=chance.sample(kept, min(3, len(kept))))
        alarms += not report.is_sound
    print(f"{runs} clean runs in {time.monotonic() - began:.0f} s: {alarms} false alarms (bar 0)")
    return alarms == 0


if __name__ == "__main__":
    sys.exit(main())
