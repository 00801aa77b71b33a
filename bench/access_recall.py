"""What people with few and with many rights find in 200,000 passages, and what it costs: `python -m bench.access_recall`.

For those who may read 0.1 %, 1 %, 10 % and 100 %: recall@10 against the exact cosine of numpy over what they may read, how
often a row was missing, and milliseconds of the search by vector, by words and of both together. One statement without
row-level security, by a superuser over all of the tenant, takes its turn among them: that is `unfiltered`.

Then the density oracle: the same people with the same rights where 180,000 passages that they may not read stand beside, half
of them around the very questions, and where none does. Rows, scores, idf and counts must be equal, and the time within the
noise.

Bars: recall 0.98, no row missing, p50 ≤ 2 × unfiltered, nothing differs. The first run loads (minutes); `--plans` shows plans.

`--graphs` asks of vectors alone, in a tenant of its own that takes a minute to load: what exact search and what graphs of
collections (docs/adr/0018) cost by how much is searched, what graphs lose, and the four readers again with both in place.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from assistant.local import testing
from bench import access_graphs, access_ground, demo_database, intervals
from bench.access_ground import SHARES, Ground, Material

if TYPE_CHECKING:
    from governance.scope import Scope

K = 10
RECALL, TIMES = 0.98, 2.0
UNFILTERED = "unfiltered"
FREE = (
    "SELECT chunk_id, 1 - (vector <=> %s::vector) FROM embedding WHERE tenant_id = %s AND index_name = %s"
    " ORDER BY 2 DESC, 1 LIMIT 10"
)


@dataclass
class Told:
    took: dict[str, list[float]] = field(default_factory=dict)
    recall: dict[str, list[float]] = field(default_factory=dict)
    short: dict[str, int] = field(default_factory=dict)

    def time(self, name: str, act: Callable[..., Any], *given_to: Any) -> Any:
        began = time.perf_counter()
        given = act(*given_to)
        self.took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        return given

    def p50(self, name: str) -> float:
        return statistics.median(self.took[name])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--questions", type=int, default=access_ground.QUESTIONS)
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--graphs", action="store_true")
    asked = parser.parse_args()
    demo_database.prepare()
    home = Path(os.environ["CHANCERY_HOME"])
    if asked.graphs:
        return graphs(access_ground.drawn(home).of(asked.questions), asked.rounds)
    made = access_ground.material(home).of(asked.questions)
    superuser = testing.services(home).superuser_url
    alone = access_ground.tenant("alone", made, 3, superuser)
    crowded = access_ground.tenant("crowded", made, SHARES["100 %"], superuser)
    if asked.plans:
        show_plans(crowded, made)
    is_held = tell_vectors(by_vector(crowded, made, superuser, asked.rounds))
    is_held = tell_words(by_words(crowded, made, asked.rounds)) and is_held
    return 0 if density(alone, crowded, made, asked.rounds) and is_held else 1


def graphs(made: Material, rounds: int) -> int:
    services = testing.services(Path(os.environ["CHANCERY_HOME"]))
    ground = access_ground.tenant("graphs", made, SHARES["100 %"], services.superuser_url)
    began = time.perf_counter()
    demo_database.as_owner(services, "vector_graphs", "--tenant", "graphs")
    print(f"graphs made, those that were not there, in {time.perf_counter() - began:.0f} s", flush=True)
    access_graphs.tell(access_graphs.by_amount(ground, made, rounds))
    return 0 if tell_vectors(by_vector(ground, made, services.superuser_url, rounds)) else 1


def by_vector(ground: Ground, made: Material, superuser: str, rounds: int) -> Told:
    with psycopg.connect(superuser, dbname="chancery", autocommit=True) as free:
        free.execute("SET max_parallel_workers_per_gather = 0")  # as a search under row-level security: by one process
        return _by_vector(ground, made, free, rounds)


def _by_vector(ground: Ground, made: Material, free: psycopg.Connection[Any], rounds: int) -> Told:
    from inference import runners
    from ingestion import catalog, stores

    told, name = Told(), runners.embedder().name
    readable = {share: catalog.readable(ground.readers[share]) for share in SHARES}
    right = {share: access_graphs.nearest(ground, made, readable[share], K) for share in SHARES}

    def unfiltered(text: str) -> Any:
        return free.execute(FREE, [text, ground.tenant, name]).fetchall()

    for turn in range(rounds + 1):  # the first warms
        if turn == 1:
            told.took.clear()
        for at, query in enumerate(made.asked):
            text = "[" + ",".join(map(str, query.tolist())) + "]"
            told.time(UNFILTERED, unfiltered, text)
            for share, scope in ground.readers.items():
                hits = told.time(share, stores.store().search, scope, name, query, readable[share], K)
                if turn == 0:
                    judge(told, share, [hit.chunk for hit in hits], right[share][at])
    return told


def judge(told: Told, share: str, found: Sequence[uuid.UUID], right: Sequence[uuid.UUID]) -> None:
    told.recall.setdefault(share, []).append(len(set(right).intersection(found)) / len(right))
    told.short[share] = told.short.get(share, 0) + (len(found) < len(right))


def tell_vectors(told: Told) -> bool:
    print(f"\nby vector, milliseconds, interleaved; unfiltered p50 {told.p50(UNFILTERED):.1f}")
    is_held = True
    for share in SHARES:
        recall, ratio = statistics.mean(told.recall[share]), told.p50(share) / told.p50(UNFILTERED)
        is_held = is_held and recall >= RECALL and not told.short[share] and ratio <= TIMES
        print(
            f"  {share:>6}: recall@{K} {recall:.4f} (n {len(told.recall[share])}), {told.short[share]} short, p50"
            f" {intervals.of_median(told.took[share])}, {ratio:.2f} × unfiltered",
            flush=True,
        )
    return is_held


def by_words(ground: Ground, made: Material, rounds: int) -> Told:
    from ingestion import catalog, search
    from ingestion.search import candidates, postings

    told = Told()
    readable = {share: catalog.readable(ground.readers[share]) for share in SHARES}

    def words(scope: Scope, question: str, shelves: Sequence[uuid.UUID]) -> Any:
        weights = postings.weigh(scope, question, shelves)
        return postings.search(scope, weights, shelves, candidates.MOST)

    for turn in range(rounds + 1):
        if turn == 1:
            told.took.clear()
        for question in made.questions:
            for share, scope in ground.readers.items():
                told.time(share, words, scope, question, readable[share])
                told.time(f"{share} whole", search.passages, scope, question)
    return told


def tell_words(told: Told) -> bool:
    print("\nby words (idf and BM25), and the whole search with its embedder, milliseconds, interleaved")
    for share in SHARES:
        whole = told.took[f"{share} whole"]
        print(
            f"  {share:>6}: words p50 {intervals.of_median(told.took[share])}, whole p50 {intervals.of_median(whole)}"
        )
    return all(told.p50(share) <= TIMES * told.p50("100 %") for share in SHARES)


def density(alone: Ground, crowded: Ground, made: Material, rounds: int) -> bool:
    """The same people, where what they may not read stands beside and where it does not."""
    from ingestion import search
    from ingestion.search import postings

    print("\ndensity oracle: crowded ÷ alone, interleaved")
    is_held = True
    for share in [one for one in SHARES if one in alone.readers]:
        told, differing = Told(), 0
        for turn in range(rounds + 2):
            for question in made.questions:
                given = {}
                for ground in (alone, crowded) if turn % 2 else (crowded, alone):
                    scope, shelves = ground.readers[share], ground.shelves[: SHARES[share]]
                    name = "alone" if ground is alone else "crowded"
                    found = told.time(name, search.passages, scope, question, (), K)
                    rows = [(one.chunk_id, one.score, one.dense, one.lexical, one.coverage) for one in found.passages]
                    weights = postings.weigh(scope, question, shelves)
                    given[name] = (rows, found.receipt["chunks"], found.receipt["candidates"], weights)
                differing += given["alone"] != given["crowded"]
        ratios = [one / other for one, other in zip(told.took["crowded"], told.took["alone"], strict=True)]
        is_held = is_held and not differing
        print(
            f"  {share:>6}: {differing} of {len(ratios)} searches differ; p50 {told.p50('alone'):.1f} and"
            f" {told.p50('crowded'):.1f} ms, median ratio {intervals.of_median(ratios)}",
            flush=True,
        )
    return is_held


def show_plans(ground: Ground, made: Material) -> None:
    """As the application's role sees them, with what each node read."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from ingestion import search
    from ingestion.stores import narrow

    for share in ("0.1 %", "100 %"):
        with CaptureQueriesContext(connection) as captured:
            search.passages(ground.readers[share], made.questions[0])
        for query in captured:
            if "WITH shown" in query["sql"]:
                with ground.readers[share].transaction():
                    bare = query["sql"].removeprefix(narrow.BEFORE).removesuffix(narrow.AFTER)
                    explained = f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {bare.replace('%', '%%')}"
                    lines = [line for (line,) in narrow.rows(explained, {})]
                print(f"\n--- {share}", *(line[:170] for line in lines), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
