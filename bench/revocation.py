"""Seconds until an open stream is cut once its reader may no longer follow it: `python -m bench.revocation`.

Real processes: Postgres, Valkey and the web, as every installation starts it and with the interval that it has; no model. Each
stream is an answer that is being written, or a question that waits, and nothing of it happens meanwhile: it is cut by the review
alone, which is the slowest way there is. The clock runs from the commit of what takes the right away.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from assistant.local import ports, processes, readiness, testing
from bench import record_stand, stack, streams_client

if TYPE_CHECKING:
    from bench.streams_ground import Reader, Tenant

CUT_MOST_S = 5.0
GIVEN_UP_S = 60.0
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Case:
    """`take` takes the right away, and has committed it when it returns. `sent` is a question's body, for one that is asked."""

    kind: str
    path: str
    headers: dict[str, str]
    take: Callable[[], object]
    sent: bytes | None = None
    cut_s: float | None = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever ends the bench, what it started ends with it
    record_stand.prepare()
    print(stack.load(), flush=True)
    port = ports.choose(Path(os.environ["CHANCERY_HOME"]), "bench-revocation")
    os.environ["REDIS_URL"] = f"{testing.services().valkey_url}/0"
    command = processes.web(record_stand.HOST, port)
    with record_stand.process("revocation-web", list(command.argv[1:]), {}):
        url = f"http://{record_stand.HOST}:{port}"
        record_stand.await_that(readiness.of_http(f"{url}/healthz"), "the web")
        cases = _cases(url, asked.each)
        random.Random(asked.seed).shuffle(cases)
        lasts = asyncio.run(_run((record_stand.HOST, port), cases, random.Random(asked.seed)))
    held = tell(cases, lasts)
    print(stack.load())
    return 0 if held else 1


async def _run(address: tuple[str, int], cases: Sequence[Case], chance: random.Random) -> int:
    """Opens them all, and ends them one by one. How many were open when the last right was taken away: its own alone."""
    ended: dict[int, float] = {}
    opened = 0

    async def follow(number: int, case: Case) -> None:
        nonlocal opened
        async with streams_client.opened(address, case.path, case.headers, case.sent) as stream:
            assert stream.status == 200, (case.kind, stream.status, stream.body)
            events = stream.events()
            await anext(events)
            opened += 1
            async for _ in events:
                pass
            ended[number] = time.monotonic()

    async with AsyncExitStack() as ends:
        tasks = [asyncio.create_task(follow(*pair)) for pair in enumerate(cases)]
        ends.callback(lambda: [task.cancel() for task in tasks])
        await streams_client.until(lambda: opened == len(cases) or any(task.done() for task in tasks), 300, "Opening")
        await asyncio.sleep(6)  # until who they are is known to the review
        for number, case in enumerate(cases):
            await asyncio.sleep(chance.uniform(0, 0.5))
            assert number not in ended, f"{case.kind}: cut before anything was taken away"
            await asyncio.to_thread(case.take)
            case.cut_s = -time.monotonic()
        standing = len(cases) - len(ended)
        until = time.monotonic() + GIVEN_UP_S
        while len(ended) < len(cases) and time.monotonic() < until:
            await asyncio.sleep(0.1)
    for number, case in enumerate(cases):
        case.cut_s = ended[number] + case.cut_s if number in ended and case.cut_s else None
    return standing


def tell(cases: Sequence[Case], standing: int) -> bool:
    """A line a kind; whether each was cut in time."""
    for kind in sorted({case.kind for case in cases}):
        of_kind = [case.cut_s for case in cases if case.kind == kind]
        cut = [one for one in of_kind if one is not None]
        told = f"p50 {statistics.median(cut):.2f} s, most {max(cut):.2f} s" if cut else "none was cut"
        print(f"{kind}: {len(cut)} of {len(of_kind)} cut, {told}")
    print(f"{len(cases)} streams at first; {standing} open when the last right was taken away")
    return all(case.cut_s is not None and case.cut_s <= CUT_MOST_S for case in cases)


def _cases(url: str, each: int) -> list[Case]:
    from bench import streams_ground
    from governance import grants, groups, keys
    from governance.accounts import sessions
    from governance.grants import Holder
    from governance.roles import Level
    from ingestion import catalog, documents
    from ingestion.documents import restrictions

    tenant = streams_ground.tenant("revocation", 5 * each, 10 * each, 4)
    admin, shelf = tenant.staffed.admin, tenant.staffed.shelf
    turns = [tenant.readers[number * each : (number + 1) * each] for number in range(5)]
    staff = next(group for group in groups.listed(tenant.staffed.system) if group.name == "Staff")
    made = [
        _open(reader, "session ended", [shelf], partial(sessions.end_all, admin, reader.scope.person))
        for reader in turns[0]
    ]
    for reader in turns[1]:
        sent = json.dumps({"question": streams_ground.QUESTION, "collections": [str(shelf)], "stream": True}).encode()
        headers = {"Authorization": f"Bearer {reader.key}", "Content-Type": "application/json"}
        assert reader.scope.key is not None
        take = partial(keys.revoke, admin, reader.scope.key)
        made.append(Case("key revoked", "/api/v1/answers", headers, take, sent))
    for number, reader in enumerate(turns[2]):
        own = catalog.create(admin, f"Own {number}").pk
        given = grants.give(admin, own, Holder(person=reader.scope.person), Level.READ)
        made.append(_open(reader, "grant removed", [own], partial(grants.withdraw, admin, own, given.pk)))
    made += [
        _open(reader, "group left", [shelf], partial(groups.remove, admin, staff.pk, reader.scope.person))
        for reader in turns[3]
    ]
    record_stand.shelve(admin, shelf, [f"Rule {number}: {streams_ground.TEXTS[0]}" for number in range(each)])
    alone = [Holder(person=admin.person)]
    for reader, document in zip(turns[4], documents.ids(admin, shelf), strict=False):
        take = partial(restrictions.restrict, admin, document, alone)
        made.append(_open(reader, "document restricted", [shelf], take, document))
    return made + _leavers(url, tenant, each)


def _open(
    reader: Reader, kind: str, shelves: list[uuid.UUID], take: Callable[[], object], document: uuid.UUID | None = None
) -> Case:
    """An answer that is being written from there, followed in the portal."""
    from assistant import models
    from bench import streams_ground

    ((_, answer),) = streams_ground.opened([reader], 1)
    given = [{"document": str(document), "chunk": str(uuid.uuid4())}] if document else []
    with reader.scope.transaction():
        models.Answer.objects.filter(pk=answer).update(collections=shelves, passages=given)
    return Case(kind, f"/a/{answer}/stream", {"Cookie": f"chancery_session={reader.session}"}, take)


def _leavers(url: str, tenant: Tenant, each: int) -> list[Case]:
    """People whom a directory has made, and takes away again over SCIM."""
    from bench import streams_ground
    from governance import grants, people
    from governance.grants import Holder
    from governance.identity.directories import registry
    from governance.roles import Level

    admin, made = tenant.staffed.admin, []
    directory = registry.create(admin, "Directory")
    caller = record_stand.caller(f"{url}/scim/v2/{directory}", registry.issue(admin, directory, 1))
    off = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    for number in range(each):
        told = caller.post("/Users", json={"userName": f"leaver{number}@bench.example", "displayName": "Leaver"})
        person = uuid.UUID(told.raise_for_status().json()["id"])
        grants.give(admin, tenant.staffed.shelf, Holder(person=person), Level.READ)
        scope = people.scope_in(admin.tenant, person)
        reader = streams_ground.Reader(scope, "", streams_ground.session(scope))
        take = partial(_patch, caller, f"/Users/{person}", off)
        made.append(_open(reader, "switched off over SCIM", [tenant.staffed.shelf], take))
    return made


def _patch(caller: httpx.Client, path: str, sent: object) -> None:
    caller.patch(path, json=sent).raise_for_status()


if __name__ == "__main__":
    sys.exit(main())
