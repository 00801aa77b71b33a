"""What each part of the understanding of questions is worth: `python -m bench.understanding [--own]`.

The questions of `bench/understanding.toml` on the demo's handbook, each for the part that it tries: asked with every part
off, with that part alone, and with all. The measure is what an answer needs: the share of the question's facts that stand in
the first five passages, and the reciprocal rank of the first passage with one of them. Gains are paired, with 95 % intervals.
`--own` asks the demo's own questions too, which want no understanding, with every part off, with all, and with all but one:
what it costs those that it is not for.
"""

from __future__ import annotations

import argparse
import re
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import demo_database

if TYPE_CHECKING:
    from ingestion.search import Found
    from ingestion.understanding import Turn, Understood

SETS = Path(__file__).with_suffix(".toml")
ASKER = "ada@halden.example"
TENANT = "halden"
SHOWN, DEPTH = 5, 10


@dataclass(frozen=True)
class Case:
    """`at` are names of documents; `part` is empty for one that wants no understanding."""

    part: str
    ask: str
    at: tuple[str, ...]
    facts: tuple[str, ...]
    before: tuple[tuple[str, str], ...] = ()
    asker: str = ASKER
    tenant: str = TENANT


@dataclass(frozen=True)
class Seen:
    facts: float
    rank: float
    milliseconds: float
    notes: int


def cases() -> list[Case]:
    told: dict[str, Any] = tomllib.loads(SETS.read_text("utf-8"))
    return [
        Case(
            name.removesuffix("_questions"), one["ask"], tuple(one["at"]), tuple(one["facts"]),
            tuple((question, answer) for question, answer in one.get("before", ())),
        )
        for name, group in told.items() for one in group.get("question", ())
    ]  # fmt: skip


def demo() -> Iterator[Case]:
    from assistant.demo import material

    for one in material.questions():
        if not one.refused:
            at = tuple(Path(key).name for key in (one.document, *one.also))
            yield Case("", one.question, at, one.facts, asker=one.asker, tenant=one.tenant)


def look(case: Case, off: Sequence[str]) -> tuple[Found, Understood]:
    from assistant.demo import seeding
    from ingestion import understanding

    scope = seeding.scope_for(case.tenant, case.asker)
    earlier: list[Turn] = [understanding.Turn(*turn) for turn in case.before]
    return understanding.passages(scope, case.ask, limit=DEPTH, earlier=earlier, off=off)


def see(case: Case, off: Sequence[str]) -> Seen:
    began = time.perf_counter()
    found, understood = look(case, off)
    took = (time.perf_counter() - began) * 1000
    texts = [one.text if one.document_name in case.at else "" for one in found.passages]
    held = [{fact for fact in case.facts if re.search(fact, text, re.IGNORECASE)} for text in texts]
    shown = set().union(*held[:SHOWN]) if held else set()
    rank = next((1 / place for place, one in enumerate(held, 1) if one), 0.0)
    return Seen(len(shown) / len(case.facts), rank, took, len(understood.notes))


def fill() -> None:
    """The handbooks, read. The licences that the demo gathers beside them are not: nothing is asked of them."""
    from assistant.demo import material, seeding
    from governance import tenants
    from governance.scope import Scope
    from ingestion import models, pipeline

    seeding.seed(print)
    gathered = [shelf.name for told in material.TENANTS for shelf in told.collections if shelf.gathered]
    for told in material.TENANTS:
        found = tenants.find_for_login(told.slug)
        assert found is not None
        with Scope.system(found.id).transaction():
            rows = models.Version.objects.exclude(status__in=models.FINAL).exclude(collection__name__in=gathered)
            waiting = list(rows.order_by("created_at").values_list("id", flat=True))
        for version in waiting:
            pipeline.ingest(found.id, version)
        demo_database.recount(found.id)
        print(f"{told.slug}: {len(waiting)} documents were read.", flush=True)


def fill_glossary() -> None:
    from governance import tenants
    from governance.scope import Scope
    from ingestion import glossary

    found = tenants.find_for_login(TENANT)
    assert found is not None
    scope = Scope.system(found.id)
    there = {row.term for row in glossary.listed(scope)}
    for term, meanings in tomllib.loads(SETS.read_text("utf-8"))["glossary"].items():
        if term not in there:
            glossary.add(scope, term, meanings)


def tell(name: str, asked: Sequence[Case], ways: dict[str, list[str]], *, rows: bool) -> None:
    from assistant.evaluation import measures

    seen: dict[str, list[Seen]] = {way: [] for way in ways}
    for case in asked:
        for way, off in ways.items():  # in turns, so that each meets the same machine
            seen[way].append(see(case, off))
        if rows:
            told = "  ".join(f"{way} {one[-1].facts:.2f}/{one[-1].rank:.2f}" for way, one in seen.items())
            print(f"    {told}  {case.ask}  {list(look(case, [])[1].searches)}")
    print(f"\n{name}, {len(asked)} questions")
    before = seen["off"]
    for way, after in seen.items():
        facts = measures.gain([one.facts for one in before], [one.facts for one in after])
        rank = measures.gain([one.rank for one in before], [one.rank for one in after])
        took = sorted(one.milliseconds for one in after)[len(after) // 2]
        print(
            f"  {way:<5} facts in {SHOWN} {measures.mean([one.facts for one in after])}  MRR"
            f" {measures.mean([one.rank for one in after])}  gain {facts}, {rank}  p50 {took:.0f} ms,"
            f" {sum(one.notes > 0 for one in after)} understood otherwise",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", action="store_true", help="a line a question")
    parser.add_argument("--only", help="one part")
    parser.add_argument("--own", action="store_true", help="the demo's own questions too")
    options = parser.parse_args()
    demo_database.prepare()
    fill()
    from ingestion.understanding import Part

    fill_glossary()
    everything = [str(part) for part in Part]
    asked = cases()
    for part in everything:
        if options.only in {None, part}:
            ways = {"off": everything, "part": [one for one in everything if one != part], "all": []}
            tell(part, [one for one in asked if one.part == part], ways, rows=options.rows)
    if options.only is None:
        tell("all of these", asked, {"off": everything, "all": []}, rows=False)
    if options.own:
        alone = {f"-{part[:4]}": [part] for part in everything}
        tell("the demo's own", list(demo()), {"off": everything, "all": [], **alone}, rows=options.rows)


if __name__ == "__main__":
    main()
