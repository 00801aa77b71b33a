"""How well the detectors of the content policy do: `python -m bench.policy_quality`. One line a figure.

Bars: structured personal data precision 0.98 and recall 0.95, generated keys found 0.95, at most one
finding of a rule that redacts or blocks in 10,000 words of documents nobody here wrote.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench import policy_samples, policy_texts
from bench.policy_samples import Sample
from governance.policy import builtin, detectors, engine
from governance.policy.rules import Action, Stage

STRICT = tuple(rule for rule in builtin.rules() if rule.action >= Action.REDACT)


@dataclass
class Score:
    """Counts by type."""

    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

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


def benign(limit: int) -> dict[str, tuple[int, Counter[str], list[str]]]:
    """By group of documents: words, findings of strict rules by rule and stage, and what was found."""
    result: dict[str, tuple[int, Counter[str], list[str]]] = {}
    for group, text in policy_texts.benign(limit):
        words, counts, shown = result.setdefault(group, (0, Counter(), []))
        for stage in (Stage.INPUT, Stage.PASSAGE, Stage.OUTPUT):
            for decision in engine.evaluate(STRICT, stage, text).decisions:
                counts[f"{decision.rule} at {stage}"] += len(decision.spans)
                shown += [f"{decision.rule}: {kind}: {text[start:end][:60]!r}" for start, end, kind in decision.spans]
        result[group] = (words + len(text.split()), counts, shown)
    return result


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
        if name != "pattern"
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
    parser.add_argument("--show", action="store_true", help="print what was found in benign documents")
    asked = parser.parse_args()
    found = keys(asked.seed, asked.each)
    print(f"keys found: {found.recall:.4f}  missed: {dict(found.missed)}")
    data = personal(policy_texts.personal(asked.seed, asked.each))
    print(f"personal data: precision {data.precision:.4f}, recall {data.recall:.4f}")
    print(f"  missed: {dict(data.missed)}  wrong: {dict(data.wrong)}")
    for group, (words, counts, shown) in benign(asked.limit).items():
        for rule, count in sorted(counts.items()) or [("no strict rule", 0)]:
            rate = count * 10_000 / max(1, words)
            print(f"benign {group}: {words:,} words, {rule}: {count} ({rate:.3f} per 10,000)")
        if asked.show:
            print("\n".join(f"    {line}" for line in sorted(set(shown))[:200]))
    slowest = sorted(speed().items(), key=lambda item: -item[1])[:6]
    print("slowest on 1 MB: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest))


if __name__ == "__main__":
    main()
