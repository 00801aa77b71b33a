"""The whole API against its own OpenAPI file, as every role: schemathesis on a real web process.

    python -m bench.contract_fuzz [--examples 20] [--phases examples coverage fuzzing stateful] [--only PART] [--roles …]

Each role has a house of its own with the things that addresses name; what is deleted is made anew after some hundreds of
requests. Exits 1 where a server answered with a fault of its own or otherwise than the schema says.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

from bench import demo_database

if TYPE_CHECKING:
    from tests.assistant.contract import Found, Ids
    from tests.cast import House

ROLES = (
    "employee",
    "collection manager",
    "tenant admin",
    "compliance officer",
    "service account",
    "key with one scope",
    "anonymous",
)
ANEW_AFTER = 400  # requests
PHASES = ("examples", "coverage", "fuzzing", "stateful")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--phases", nargs="+", default=PHASES, choices=PHASES)
    parser.add_argument("--roles", nargs="+", default=ROLES, choices=ROLES)
    parser.add_argument("--only", default="", help="operations whose address has this in it")
    parser.add_argument("--seed", type=int, default=8)
    asked = parser.parse_args()
    os.environ["CHANCERY_CHAT_RUNNER"] = "inference.runners.scripted.ScriptedChat"
    os.environ["CHANCERY_EMBEDDING_RUNNER"] = "inference.runners.scripted.ScriptedEmbedder"
    os.environ["CHANCERY_HOSTS"] = "localhost,127.0.0.1,testserver"
    demo_database.prepare()
    logging.disable(logging.WARNING)  # a refusal is what is asked for here
    from tests.assistant import contract, serving, test_contract

    ids = contract.Ids()
    contract.watch(ids)
    bad = 0
    with serving.web() as address, serving.workers(), test_contract.unawaited():
        print(
            f"{'role':<20} {'operations':>10} {'cases':>7} {'server errors':>13} {'violations':>10} {'took':>7}",
            flush=True,
        )
        for role in asked.roles:
            began = time.monotonic()
            found = fuzz(role, address, ids, asked)
            bad += len(found.faults) + len(found.broken)
            print(
                f"{role:<20} {len(found.operations):>10} {found.cases:>7} {found.server_errors:>13} {found.violations:>10} "
                f"{time.monotonic() - began:>6.0f}s  {dict(sorted(found.statuses.items()))}",
                flush=True,
            )
    return 1 if bad else 0


def fuzz(role: str, address: str, ids: Ids, asked: argparse.Namespace) -> Found:
    import schemathesis

    from tests.assistant import contract

    headers: dict[str, str] = {}
    settle(role, ids, headers)
    schema: Any = schemathesis.openapi.from_url(
        f"{address}/api/schema/",
        config=contract.config(seed=asked.seed, examples=asked.examples, phases=tuple(asked.phases)),
        headers={"Accept": "application/json"},
    )
    schema.config.headers = headers
    if asked.only:
        schema = schema.include(path_regex=asked.only)
    found, anew = contract.Found(), ANEW_AFTER
    for _ in contract.run(schema, found):
        tell(found)
        if found.cases > anew:
            anew = found.cases + ANEW_AFTER
            settle(role, ids, headers)
    return found


def tell(found: Found) -> None:
    """What has not been told yet: the rows of the table come when their role is through."""
    for (check, operation, _), told in list(found.faults.items())[found.told :]:
        print(f"  {check} {operation}\n    {told}", flush=True)
    found.told = len(found.faults)


def settle(role: str, ids: Ids, headers: dict[str, str]) -> None:
    """A fresh house with everything in it, and the key of its person."""
    from tests.assistant import test_matrix

    made = test_matrix.furnished(contextlib.nullcontext())
    ids.real = made.ids
    if key := key_of(role, made.houses["no grant"], made.ids["collection"]):
        headers["Authorization"] = f"Bearer {key}"


def key_of(role: str, house: House, collection: object) -> str:
    from governance import grants
    from governance.roles import Level
    from tests.governance.service_accounts import programs

    levels = {"employee": Level.READ, "collection manager": Level.MANAGE, "key with one scope": Level.CONTRIBUTE}
    if role in levels:
        grants.give(house.ada, uuid.UUID(str(collection)), grants.Holder(person=house.ids["bob"]), levels[role])
    if role == "service account":
        return programs.program(house, "ask", "read", "write", "act_for", acts_for="everybody").key.secret
    if role == "anonymous":
        return ""
    name = {"tenant admin": "ada", "compliance officer": "olga"}.get(role, "bob")
    return house.key(name, "read" if role == "key with one scope" else "all")


if __name__ == "__main__":
    sys.exit(main())
