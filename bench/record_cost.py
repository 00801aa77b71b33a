"""Requests a second with and without the record, in one run: `python -m bench.record_cost`. A ratio a pair.

    [--pairs 6] [--requests 240] [--clients 4]

Clients of the REST API ask (a scripted model answers), search, have texts checked and list, against a real web process
and a real worker, with the sealer and its witness at work. Each pair is three rounds of the same requests, their order
turned round from pair to pair:

- with the record;
- with `audit.append` replaced by a function that does nothing, in the same database: what Postgres does for the record;
- by a web process and a worker that put nothing on the record at all: what all of it costs, the application's own part
  (canonical bytes, ciphertext, a statement more) with it.

Bar: the median ratio of the first to the last, 0.95.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench import record_stand, stack, staff

BAR = 0.95
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


def rate(url: str, house: House, requests: int) -> float:
    """Requests a second; each client takes the next of the mix when it has its answer."""
    share = requests // len(house.keys)

    def client(place: int) -> None:
        with record_stand.caller(url, house.keys[place]) as caller:
            for call in itertools.islice(itertools.cycle(MIX), place, place + share):
                call(caller, house)

    with ThreadPoolExecutor(len(house.keys)) as pool:
        began = time.monotonic()
        list(pool.map(client, range(len(house.keys))))
        return share * len(house.keys) / (time.monotonic() - began)


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


def compare(recorded: str, unrecorded: str, house: House, pairs: int, requests: int) -> tuple[float, float]:
    """Prints a line a pair; the medians of with ÷ stubbed and of with ÷ without."""

    def with_stub() -> float:
        with stubbed():
            return rate(recorded, house, requests)

    rounds: dict[str, Callable[[], float]] = {
        "with": lambda: rate(recorded, house, requests),
        "append stubbed": with_stub,
        "without": lambda: rate(unrecorded, house, requests),
    }
    ratios = []
    for pair in range(pairs):
        order = list(rounds) if pair % 2 == 0 else list(rounds)[::-1]
        rates = {name: _watched(house, rounds[name], records=name == "with") for name in order}
        ratios.append((rates["with"] / rates["append stubbed"], rates["with"] / rates["without"]))
        told = ", ".join(f"{name} {rates[name]:.1f}/s" for name in rounds)
        print(f"pair {pair + 1}: {told}; ratios {ratios[-1][0]:.3f} and {ratios[-1][1]:.3f}", flush=True)
    return statistics.median(one for one, _ in ratios), statistics.median(one for _, one in ratios)


def _watched(house: House, round_of: Callable[[], float], *, records: bool) -> float:
    """The round, and that it did record, or did not."""
    before = _events(house)
    found = round_of()
    if (_events(house) > before) != records:
        raise SystemExit("A round that should have recorded did not, or one that should not did.")
    return found


def _events(house: House) -> int:
    with record_stand.as_superuser() as database:
        row = database.execute("SELECT count(*) FROM audit.event WHERE tenant_id = %s", [house.tenant]).fetchone()
    return int(str(row[0])) if row else 0


def furnish(clients: int) -> House:
    """A tenant with a shelf that its staff may read, and a person with a key for each client."""
    house = staff.made(f"cost{uuid.uuid4().hex[:8]}", clients)
    record_stand.shelve(house.admin, house.shelf, TEXTS)
    return House(house.system.tenant, house.shelf, house.keys)


def measure(pairs: int, requests: int, clients: int) -> tuple[float, float]:
    house = furnish(clients)
    with (
        record_stand.sealing(),
        record_stand.serving("recorded", "assistant.asgi:application", "assistant", 0) as recorded,
        record_stand.serving("unrecorded", "bench.unrecorded:application", "bench.unrecorded", 1) as unrecorded,
    ):
        for url in (recorded, unrecorded):
            rate(url, house, clients * len(MIX))  # imports and connections
        return compare(recorded, unrecorded, house, pairs, requests)


def tell(name: str, median: float, bar: float | None = None) -> None:
    judged = f", bar {bar}: {'held' if median >= bar else 'MISSED'}" if bar else ""
    print(f"{name}: median ratio {median:.3f}{judged}")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--requests", type=int, default=240, help="a round")
    parser.add_argument("--clients", type=int, default=4)
    asked = parser.parse_args(argv)
    record_stand.prepare()
    print(stack.load(), flush=True)
    in_postgres, whole = measure(asked.pairs, asked.requests, asked.clients)
    print(stack.load())
    tell("with the record ÷ with audit.append stubbed", in_postgres)
    tell("with the record ÷ without", whole, BAR)
    return 0 if whole >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
