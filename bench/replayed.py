"""Whether an answer of the deterministic lane comes again to the byte: `python -m bench.replayed --model NAME`.

Questions of the demo handbook are answered in the lane by the real pipeline and the real model; then all of them are run
again, in another order, so that none is run behind what it was run behind before. After that one ingredient is changed at a
time, on the first of them: another model file (`--other`), a passage's text, its label, the policy, and a permission that is
withdrawn. Each has to be named, and nothing beside it. Figures: bench/README.md.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from bench import demo_database, worker_servers
from bench.worker_servers import Sizes

BAR = 1.0  # of those that were answered come again to the byte
CHANGED = 3  # answers on which each change is tried


@contextmanager
def served(model: str, sizes: Sizes) -> Iterator[None]:
    from django.conf import settings
    from django.test import override_settings

    home = Path(os.environ["CHANCERY_HOME"])
    with worker_servers.ours(model, home, sizes) as server:
        options = {"base_url": f"{server.url}/v1", "api_key": server.key, "read_timeout": 600.0}
        chat = {"BACKEND": "inference.runners.openai_compatible.OpenAICompatible", "OPTIONS": options}
        with override_settings(CHANCERY_RUNNERS=settings.CHANCERY_RUNNERS | {"chat": chat}):
            yield


def answer(slug: str, asker: str, question: str, most: int) -> tuple[Any, Any]:
    """(scope, row), answered here and in the lane."""
    from assistant import answering, conversations
    from assistant.demo import seeding

    scope = seeding.scope_for(slug, asker)
    with mock.patch.object(conversations, "ring"):
        row = conversations.ask(scope, question, sampler={"is_deterministic": True}, max_tokens=most)
    answering.answer(scope.tenant, row.pk)
    return scope, conversations.answer_of(scope, row.pk)


def asked(wanted: int) -> list[Any]:
    from assistant.demo import material

    found = [one for one in material.questions() if not one.refused]
    random.Random(1).shuffle(found)
    return found[: wanted * 2]


def named(scope: Any, row: Any) -> tuple[list[str], bool]:
    from assistant import replaying

    found = replaying.replay(scope, row.pk)
    return [str(one.ingredient) for one in found.changed], found.is_identical


@contextmanager
def other_passage(scope: Any, row: Any) -> Iterator[None]:
    """Only documents' owners write passages, by reading a new version."""
    more, sha256 = "Nothing of this holds on Sundays.", "0" * 64
    with otherwise(row, lambda one: {"text": f"{one.text} {more}", "content_hash": sha256}):
        yield


@contextmanager
def other_label(scope: Any, row: Any) -> Iterator[None]:
    """A tenant's labels, once written, are not taken back."""
    from ingestion.documents.labelled import Mark

    with otherwise(row, lambda one: {"label": Mark(one.label.rank + 1 if one.label else 0, "Of the bench")}):
        yield


@contextmanager
def otherwise(row: Any, fields: Callable[[Any], dict[str, Any]]) -> Iterator[None]:
    """The first passage as it would be read had it been changed."""
    from dataclasses import replace

    from ingestion import search

    read, first = search.again, uuid.UUID(row.capsule["sent"][0]["chunk"])

    def changed(person: Any, chunks: Any) -> Any:
        found = read(person, chunks)
        return found | {first: replace(found[first], **fields(found[first]))}

    with mock.patch.object(search, "again", changed):
        yield


@contextmanager
def withdrawn(scope: Any, row: Any) -> Iterator[None]:
    """Nobody may read the collections that the answer stands on."""
    from governance import grants
    from governance.roles import Level
    from governance.scope import Scope

    system = Scope.system(scope.tenant)
    collections = {uuid.UUID(one["collection"]) for one in row.capsule["ingredients"]["passages"]}
    taken = [(collection, one) for collection in collections for one in grants.listed(system, collection)]
    for collection, one in taken:
        grants.withdraw(system, collection, one.pk)
    yield
    for collection, one in taken:
        holder = grants.Holder(person=one.person_id, group=one.group_id)
        grants.give(system, collection, holder, Level(one.level), denies=one.denies)


@contextmanager
def other_policy(scope: Any, row: Any) -> Iterator[None]:
    """Another version is published, which lets through what the first let through."""
    from governance.policy import documents, publishing, versions
    from governance.policy.rules import Action, Fixture, Rule, Stage
    from governance.scope import Scope

    system = Scope.system(scope.tenant)
    number = versions.draft(system).number
    shown = (Fixture("It is Rosebud there.", Action.FLAG), Fixture("Nothing of the kind.", Action.ALLOW))
    more: dict[str, Any] = {"fixtures": shown, "options": {"words": ["Rosebud"]}, "message": "Of a sledge."}
    rule = Rule(f"bench-{number}", frozenset({Stage.OUTPUT}), "pattern", Action.FLAG, 0.5, **more)
    versions.put_rule(system, number, documents.of(rule))
    publishing.publish(system, number)
    yield


# The last one is not undone.
CHANGES = {"passage": other_passage, "label": other_label, "permission": withdrawn, "policy": other_policy}


def answered(wanted: int, most: int) -> list[tuple[Any, Any]]:
    rows: list[tuple[Any, Any]] = []
    for one in asked(wanted):
        scope, row = answer(one.tenant, one.asker, one.question, most)
        if row.status == "answered" and row.capsule.get("lane"):
            rows.append((scope, row))
            print(len(rows), row.capsule["usage"]["prompt_tokens"], row.capsule["lane"], flush=True)
        if len(rows) == wanted:
            break
    return rows


def main(wanted: int, model: str, other: str, most: int, sizes: Sizes) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever ends the bench, what it started ends with it
    demo_database.prepare()
    demo_database.fill(print)
    told, seen = Counter[str](), {name: Counter[str]() for name in (*CHANGES, "model")}
    with served(model, sizes):
        rows = answered(wanted, most)
        for scope, row in random.Random(2).sample(rows, len(rows)):
            changed, is_identical = named(scope, row)
            told.update(["identical"] * is_identical + ["promised"] * (not changed))
            print(dict(told), changed, flush=True)
    with served(other, sizes):
        for scope, row in rows[:CHANGED]:
            seen["model"][",".join(named(scope, row)[0])] += 1
    with served(model, sizes):
        for name, change in CHANGES.items():
            for scope, row in rows[:1] if name == "policy" else rows[:CHANGED]:
                with change(scope, row):
                    seen[name][",".join(named(scope, row)[0])] += 1
    print(f"{model}: {told['identical']} of {len(rows)} to the byte, {told['promised']} with nothing changed")
    for name, found in seen.items():
        print(f"changed {name}: named {dict(found)}")
    is_named = all(set(found) == {name} for name, found in seen.items())
    return 0 if is_named and rows and told["identical"] >= BAR * len(rows) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=50)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--other", default="qwen2.5-coder-1.5b-instruct")
    parser.add_argument("--most", type=int, default=96, help="tokens of an answer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--window", type=int, default=4096)
    given = parser.parse_args()
    sizes = Sizes(given.threads, given.slots, given.window)
    sys.exit(main(given.answers, given.model, given.other, given.most, sizes))
