"""Requests a second with and without the record, in one run: `python -m bench.record_cost`.

    [--rounds 24] [--requests 100] [--clients 4]

Clients of the REST API ask (a scripted model answers), search, have texts checked and list, against a real web process
and a real worker, with the sealer and its witness at work. A round is three short stretches of the same requests, one after
the other, and the six orders of the three take turns:

- with the record;
- with `audit.append` replaced by a function that does nothing, in the same database: what Postgres does for the record;
- by a web process and a worker that put nothing on the record at all: what all of it costs, the application's own part
  (canonical bytes, ciphertext, a statement more) with it.

Beside the wall clock stand the processor's seconds a request, of web, worker, Postgres, sealer and witness together, until
all of it is sealed. A neighbour on the machine does not count there.

Bar: the median ratio of the first to the last, 0.95.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench import intervals, processor, record_stand, stack, staff

BAR = 0.95
WITH, STUBBED, WITHOUT = "with", "append stubbed", "without"
SIGNATURE = "audit.append(bytea,bytea)"
STUB = "-- a bench's stub\nBEGIN RETURN 1; END"
QUESTION = "How many working days a year may employees spend abroad?"
TEXTS = (
    "Employees may spend twenty working days a year abroad. Longer stays need the consent of the personnel department.",
    "Travel by train is booked by the employees themselves. Flights need the consent of the head of department.",
    "Unused days are not carried over into the next year. The personnel department keeps the count of the days.",
)


@dataclass(frozen=True)
class House:
    tenant: uuid.UUID
    shelf: uuid.UUID
    keys: list[str]


def ask(client: httpx.Client, house: House) -> None:
    body = {"question": QUESTION, "collections": [str(house.shelf)], "stream": True}
    with client.stream("POST", "/api/v1/answers", json=body) as response:
        response.raise_for_status()
        told = [line for line in response.iter_lines() if line.startswith("data: ")]
    status = json.loads(told[-1].removeprefix("data: "))["status"]
    if status != "answered":
        raise SystemExit(f"An answer came to {status}.")


def search(client: httpx.Client, house: House) -> None:
    found = client.post("/api/v1/search", json={"query": "working days abroad", "limit": 5}).raise_for_status().json()
    if not found["passages"]:
        raise SystemExit("A search found nothing.")


def check(client: httpx.Client, house: House) -> None:
    client.post("/api/v1/policy/check", json={"stage": "input", "text": TEXTS[1]}).raise_for_status()


def listed(client: httpx.Client, house: House) -> None:
    client.get("/api/v1/collections").raise_for_status()


MIX: tuple[Callable[[httpx.Client, House], None], ...] = (ask, search, check, listed, search)


@dataclass(frozen=True)
class Took:
    """Requests a wall-clock second, and processor seconds a request."""

    rate: float
    processor_s: float


def stretch(url: str, house: House, requests: int, roots: Sequence[int]) -> Took:
    """Each client takes the next of the mix when it has its answer. What is recorded is sealed before it ends."""
    share = requests // len(house.keys)

    def client(place: int) -> None:
        with record_stand.caller(url, house.keys[place]) as caller:
            for call in itertools.islice(itertools.cycle(MIX), place, place + share):
                call(caller, house)

    spent = processor.spent(roots)
    with ThreadPoolExecutor(len(house.keys)) as pool:
        began = time.monotonic()
        list(pool.map(client, range(len(house.keys))))
        took = time.monotonic() - began
    record_stand.await_that(lambda: not _waiting(house), "the sealer's rest of a stretch")
    return Took(share * len(house.keys) / took, (processor.spent(roots) - spent) / (share * len(house.keys)))


@contextmanager
def stubbed() -> Iterator[None]:
    """The same signature, owner and grants; another body."""
    with record_stand.as_superuser() as database:
        row = database.execute("SELECT pg_get_functiondef(%s::regprocedure)", [SIGNATURE]).fetchone()
        whole = str(row[0]) if row else ""
        head, _, rest = whole.partition("AS $function$")
        if STUB in whole or not rest:
            raise SystemExit("audit.append is not as the migrations make it: remove the bench's folder and begin anew.")
        database.execute(f"{head}AS $function${STUB}$function$".encode())
        try:
            yield
        finally:
            database.execute(whole.encode())


def compare(recorded: str, unrecorded: str, house: House, rounds: int, requests: int) -> list[dict[str, Took]]:
    """Prints a line a round."""
    roots = [*record_stand.RUNNING.values(), record_stand.postmaster()]

    def with_stub() -> Took:
        with stubbed():
            return stretch(recorded, house, requests, roots)

    kinds: dict[str, Callable[[], Took]] = {
        WITH: lambda: stretch(recorded, house, requests, roots),
        STUBBED: with_stub,
        WITHOUT: lambda: stretch(unrecorded, house, requests, roots),
    }
    orders, found = list(itertools.permutations(kinds)), []
    for number in range(rounds):
        took = {name: _watched(house, kinds[name], records=name == WITH) for name in orders[number % len(orders)]}
        found.append(took)
        told = ", ".join(f"{name} {took[name].rate:.1f}/s {1000 * took[name].processor_s:.1f} ms" for name in kinds)
        print(f"round {number + 1}: {told}; {ratio(took, STUBBED):.3f} and {ratio(took, WITHOUT):.3f}", flush=True)
    return found


def ratio(took: dict[str, Took], other: str) -> float:
    return took[WITH].rate / took[other].rate


def processor_ratio(took: dict[str, Took], other: str) -> float:
    """As if the processor were all that bounds the rate."""
    return took[other].processor_s / took[WITH].processor_s


def _watched(house: House, stretch_of: Callable[[], Took], *, records: bool) -> Took:
    """The stretch, and that it did record, or did not."""
    before = _events(house)
    found = stretch_of()
    if (_events(house) > before) != records:
        raise SystemExit("A stretch that should have recorded did not, or one that should not did.")
    return found


def _events(house: House) -> int:
    return _counted("SELECT count(*) FROM audit.event WHERE tenant_id = %s", house)


def _waiting(house: House) -> int:
    return _counted(
        "SELECT (SELECT count(*) FROM audit.event WHERE tenant_id = %(tenant)s)"
        " - (SELECT count(*) FROM audit.leaf WHERE tenant_id = %(tenant)s)",
        house,
    )


def _counted(query: str, house: House) -> int:
    with record_stand.as_superuser() as database:
        values = {"tenant": house.tenant} if "%(" in query else [house.tenant]
        row = database.execute(query.encode(), values).fetchone()
    return int(str(row[0])) if row else 0


def furnish(clients: int) -> House:
    """A tenant with a shelf that its staff may read, and a person with a key for each client."""
    house = staff.made(f"cost{uuid.uuid4().hex[:8]}", clients)
    record_stand.shelve(house.admin, house.shelf, TEXTS)
    return House(house.system.tenant, house.shelf, house.keys)


def measure(rounds: int, requests: int, clients: int) -> list[dict[str, Took]]:
    house = furnish(clients)
    with (
        record_stand.sealing(),
        record_stand.serving("recorded", "assistant.asgi:application", "assistant", 0) as recorded,
        record_stand.serving("unrecorded", "bench.unrecorded:application", "bench.unrecorded", 1) as unrecorded,
    ):
        for url in (recorded, unrecorded):
            stretch(url, house, clients * len(MIX) * 2, [])  # imports and connections
        return compare(recorded, unrecorded, house, rounds, requests)


def tell(found: list[dict[str, Took]]) -> bool:
    for kind in (WITH, STUBBED, WITHOUT):
        rates = intervals.of_median([took[kind].rate for took in found])
        spent = intervals.of_median([1000 * took[kind].processor_s for took in found])
        print(f"{kind}: requests/s {rates}, processor ms a request {spent}")
    for other in (STUBBED, WITHOUT):
        wall = intervals.of_median([ratio(took, other) for took in found])
        spent = intervals.of_median([processor_ratio(took, other) for took in found])
        print(f"{WITH} ÷ {other}: wall clock {wall}, processor {spent}")
    median = intervals.median([ratio(took, WITHOUT) for took in found])[0]
    print(f"bar {BAR}: {'held' if median >= BAR else 'MISSED'}")
    return median >= BAR


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--requests", type=int, default=100, help="a stretch")
    parser.add_argument("--clients", type=int, default=4)
    asked = parser.parse_args(argv)
    record_stand.prepare()
    print(stack.load(), flush=True)
    found = measure(asked.rounds, asked.requests, asked.clients)
    print(stack.load())
    return 0 if tell(found) else 1


if __name__ == "__main__":
    sys.exit(main())
