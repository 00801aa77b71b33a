"""How well the detectors of the content policy do: `python -m bench.policy_quality`. One line a figure.

Each set by itself, with counts and 95 % intervals. Bars: structured personal data precision 0.98 and recall 0.95, generated
keys found 0.95, at most one finding of a rule that redacts or blocks in 10,000 words of documents nobody here wrote.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.evaluation.measures import wilson
from bench import policy_layouts, policy_samples, policy_texts
from bench.intervals import told
from bench.policy_samples import Sample
from governance.policy import builtin, detectors, engine
from governance.policy.rules import Action, Rule, Stage

THRESHOLD = 0.6  # that of the rules a tenant starts with
MOST_PIECES = 400
STRICT = tuple(rule for rule in builtin.rules() if rule.action >= Action.REDACT)


@dataclass
class Score:
    """Counts by type."""

    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.found.total() + self.missed.total()

    @property
    def recall(self) -> float:
        return self.found.total() / max(1, self.found.total() + self.missed.total())

    @property
    def precision(self) -> float:
        return self.found.total() / max(1, self.found.total() + self.wrong.total())


def keys(seed: int, each: int) -> Score:
    """A key counts as found when findings cover every character of it."""
    score = Score()
    for kind, sample in policy_samples.keys(seed, each):
        start, end, _ = sample.truth[0]
        found = detectors.get("secrets").detect(sample.text, {})
        covered = {place for one in found for place in range(one.start, one.end)}
        (score.found if covered.issuperset(range(start, end)) else score.missed)[kind] += 1
    return score


def personal(samples: Iterable[Sample], threshold: float = 0.6) -> Score:
    """A finding is right when it is of the true type and covers all of the true span, and nothing but it."""
    score = Score()
    for sample in samples:
        found = {
            (one.start, one.end, one.type)
            for one in detectors.get("pii").detect(sample.text, {})
            if one.score >= threshold
        }
        for truth in sample.truth:
            (score.found if truth in found else score.missed)[truth[2]] += 1
        for extra in found - set(sample.truth):
            score.wrong[extra[2]] += 1
    return score


def benign(limit: int, also: Iterable[tuple[str, Path]] = ()) -> dict[str, tuple[int, Counter[str], list[str]]]:
    """By group of documents: words, findings of strict rules by rule and stage, and what was found."""
    result: dict[str, tuple[int, Counter[str], list[str]]] = {}
    for group, text in policy_texts.benign(limit, also):
        words, counts, shown = result.setdefault(group, (0, Counter(), []))
        for stage in (Stage.INPUT, Stage.PASSAGE, Stage.OUTPUT):
            for decision in engine.evaluate(STRICT, stage, text).decisions:
                counts[f"{decision.rule} at {stage}"] += len(decision.spans)
                shown += [f"{decision.rule}: {kind}: {text[start:end][:60]!r}" for start, end, kind in decision.spans]
        result[group] = (words + len(text.split()), counts, shown)
    return result


def laid_out(seed: int, each: int, *, disguised: bool) -> dict[str, Score]:
    """By layout, as the engine sees it: a key counts as found when findings cover every sign of it."""
    rule = Rule("keys", frozenset({Stage.INPUT}), "secrets", Action.BLOCK, THRESHOLD, "A key.")
    scores: dict[str, Score] = {}
    for layout, kind, text, places in policy_layouts.keys(seed, each, disguised=disguised):
        found = [one for seen in engine.inspect([rule], Stage.INPUT, text) for one in seen.findings]
        covered = {place for one in found for place in range(one.start, one.end)}
        score = scores.setdefault(layout, Score())
        (score.found if covered.issuperset(places) else score.missed)[kind] += 1
    return scores


def pace(limit: int) -> tuple[float, float]:
    """Milliseconds of the processor for 4 KB of documents under all rules of the stage `passage`: median, 95th of 100."""
    rules = [rule for rule in builtin.rules() if Stage.PASSAGE in rule.stages]
    pieces = [
        text[at : at + 4_096] for _, text in policy_texts.benign(limit) for at in range(0, len(text) - 4_096, 4_096)
    ]
    engine.evaluate(rules, Stage.PASSAGE, pieces[0])
    took = sorted(_processor_ms(rules, piece) for piece in pieces[:MOST_PIECES])
    return took[len(took) // 2], took[len(took) * 95 // 100]


def _processor_ms(rules: Sequence[Rule], text: str) -> float:
    began = time.process_time()
    engine.evaluate(rules, Stage.PASSAGE, text)
    return (time.process_time() - began) * 1000


def speed() -> dict[str, float]:
    """Seconds for one megabyte of hostile text, by detector: the slowest of several texts."""
    texts = {
        "prose": "Please send the report to the office on 12 March 2024 before noon. " * 15_000,
        "digits": "4111 1111 1111 1112 " * 50_000,
        "heads": "-----BEGIN RSA PRIVATE KEY-----\n" * 32_000,
        "jwt": "eyJ" * 340_000,
        "addresses": "a@b." * 250_000,
        "urls": "http://a:b" * 100_000,
        "passwords": "password: " * 100_000,
        "phones": "tel +49 30 901820 " * 55_000,
        "spaces": " " * 1_000_000,
        "orders": "ignore all your previous " * 40_000,
        "ibans": "DE89370400440532013001 " * 43_000,
    }
    return {
        f"{name}/{kind}": _seconds(name, text)
        for name in detectors.names()
        if name not in ("pattern", "topic", "judge")
        for kind, text in texts.items()
    }


def _seconds(name: str, text: str) -> float:
    began = time.perf_counter()
    detectors.get(name).detect(text, {})
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=200, help="samples of each kind")
    parser.add_argument("--limit", type=int, default=4_000_000, help="characters of each group of documents")
    parser.add_argument(
        "--also", action="append", default=[], help="NAME=FOLDER of more documents that nobody here wrote"
    )
    parser.add_argument("--show", action="store_true", help="print what was found in benign documents")
    asked = parser.parse_args()
    also = [(name, Path(folder)) for name, _, folder in (one.partition("=") for one in asked.also)]
    for disguised in (False, True):
        for layout, score in laid_out(asked.seed, max(2, asked.each // 5), disguised=disguised).items():
            print(f"keys, {layout}: {told(score.found.total(), score.total)}  missed: {dict(score.missed)}")
    data = personal(policy_texts.personal(asked.seed, asked.each))
    for kind in policy_texts.PERSONAL:
        right, missed, wrong = data.found[kind], data.missed[kind], data.wrong[kind]
        print(f"{kind}: recall {told(right, right + missed)}, precision {told(right, right + wrong)}")
    for group, (words, counts, shown) in benign(asked.limit, also).items():
        for rule, count in sorted(counts.items()) or [("no strict rule", 0)]:
            low, high = wilson(count, words)
            rate = count * 10_000 / max(1, words)
            print(
                f"benign {group}: {words:,} words, {rule}: {count} ({rate:.3f}, {low * 1e4:.3f}–{high * 1e4:.3f} per 10,000)"
            )
        if asked.show:
            print("\n".join(f"    {line}" for line in sorted(set(shown))[:200]))
    median, high = pace(asked.limit)
    print(f"4 KB under all rules for a passage: median {median:.1f} ms, p95 {high:.1f} ms of the processor")
    slowest = sorted(speed().items(), key=lambda item: -item[1])[:6]
    print("slowest on 1 MB: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest))


if __name__ == "__main__":
    main()
