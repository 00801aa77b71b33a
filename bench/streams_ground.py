"""What `bench.streams` stands on: tenants with people who are signed in and hold keys, answers that are open, and what /proc
says of the web process. Inside Django."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from bench.staff import Staffed
    from governance.scope import Scope

TEXTS = (
    "Twenty working days a year may be spent abroad. Longer stays need the consent of the head of department.",
    "A night in a hotel is paid up to 140 euros. Breakfast is paid where the hotel does not include it.",
)
QUESTION = "How many working days a year may be spent abroad?"


@dataclass(frozen=True)
class Reader:
    """A person with a key and a session of the portal."""

    scope: Scope
    key: str
    session: str


@dataclass
class Tenant:
    staffed: Staffed
    readers: list[Reader] = field(default_factory=list)


def tenant(slug: str, people: int, waiting: int, each: int) -> Tenant:
    """`waiting` questions of it may wait, and `each` person may have so many under way."""
    from bench import record_stand, staff
    from governance import keys
    from governance.models import Tenant as Row

    made = Tenant(staff.made(f"{slug}-{uuid.uuid4().hex[:8]}", people))
    system = made.staffed.system
    with system.transaction():
        Row.objects.filter(pk=system.tenant).update(answers_waiting_max=waiting, answers_per_person_max=each)
    record_stand.shelve(made.staffed.admin, made.staffed.shelf, TEXTS)
    for key in made.staffed.keys:
        scope = keys.resolve(key)
        assert scope is not None
        made.readers.append(Reader(scope, key, session(scope)))
    return made


def session(scope: Scope) -> str:
    """As the door leaves it once a password was right."""
    from django.test import Client

    from governance.models import Person

    client = Client()
    with scope.as_system().transaction():
        client.force_login(Person.objects.get(pk=scope.person))
    return str(client.cookies["chancery_session"].value)


def opened(readers: Sequence[Reader], amount: int, *, waits: bool = False) -> list[tuple[Reader, uuid.UUID]]:
    """Answers that nobody works on, and the sweep leaves alone: they run, or wait in their line. Rows alone: that asking is
    slow is no matter here.
    """
    from django.utils import timezone

    from assistant import models

    now, found = timezone.now(), []
    state: dict[str, Any] = {"question": QUESTION, "lease_until": now + timedelta(hours=2)}
    if not waits:
        state |= {"status": models.Status.RUNNING, "started_at": now, "attempts": 1}
    for number, reader in enumerate(readers[:amount]):
        whose = {"tenant_id": reader.scope.tenant, "person_id": reader.scope.person}
        with reader.scope.transaction():
            talk = models.Conversation.objects.create(title=QUESTION, **whose)
            each = len(range(number, amount, len(readers)))
            rows = [models.Answer(conversation=talk, **whose, **state) for _ in range(each)]
            found += [(reader, row.pk) for row in models.Answer.objects.bulk_create(rows)]
    return found


@contextmanager
def closed_afterwards(found: Sequence[tuple[Reader, uuid.UUID]]) -> Iterator[None]:
    """Whatever becomes of the bench, nobody finds its answers under way."""
    from django.utils import timezone

    from assistant import models

    try:
        yield
    finally:
        for reader, answer in found:
            with reader.scope.transaction():
                rows = models.Answer.objects.filter(pk=answer).exclude(status__in=models.FINAL)
                rows.update(status=models.Status.CANCELLED, finished_at=timezone.now())


@dataclass(frozen=True)
class Standing:
    """Of one process at one moment. `postgres` and `valkey` are its open connections, `pss` bytes."""

    postgres: int
    valkey: int
    files: int
    threads: int
    pss: int


def standing(pid: int) -> Standing:
    return Standing(
        sum(1 for port in _peers(pid) if port == _port("DATABASE_URL")),
        sum(1 for port in _peers(pid) if port == _port("REDIS_URL")),
        len(os.listdir(f"/proc/{pid}/fd")),
        len(os.listdir(f"/proc/{pid}/task")),
        pss(pid),
    )


def pss(pid: int) -> int:
    """Bytes of memory, what is shared counted in shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _port(name: str) -> int:
    return urlsplit(os.environ[name]).port or 0


def _peers(pid: int) -> list[int]:
    """The far ports of the process' established connections."""
    own = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            own.add(os.readlink(file).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    found = []
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "01" and fields[9] in own:
            found.append(int(fields[2].rpartition(":")[2], 16))
    return found
