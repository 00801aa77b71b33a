"""Citations that are wrong on purpose: `python -m bench.answering.planted [--answers RUN.jsonl] [--misses]`.

A sentence that a passage carries is marked with another passage's number, or gets another figure, in digits or in words,
or another date or name, or is negated. Flagged is what does not come out as supported by the passage that it names.
Beside it stand the false alarms: the same sentences, left alone. Sentences are the passages' own, reworded by rule
(lead-ins, two put together, words for words), or with `--answers` what a model wrote in a run of `bench.answers`, of
which those count that the check holds to be supported.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import intervals
from bench.answering import unseen

if TYPE_CHECKING:
    from ingestion.search import Passage

SEED = 11
EACH = 400  # sentences that are tried
_NUMBER = re.compile(r"(?<![\w.,/:-])\d{1,4}(?:[.,]\d{1,3})?(?![\w/:-]|[.,]\d)")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONATE = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
_DATE = re.compile(rf"\b(?:{'|'.join([*_MONTHS, *_MONATE])})\b|\b(?:19|20)\d\d\b")
# Each before another of its kind.
_IN_WORDS = """two four three six four seven five three six eight ten twelve second fourth third fifth fourth sixth fifth third
twice once zwei vier drei sechs vier sieben fünf drei sechs acht zehn zwölf zweiten vierten dritten fünften vierten sechsten
fünften dritten zweimal dreimal"""
_WORDS = dict(zip(_IN_WORDS.split()[::2], _IN_WORDS.split()[1::2], strict=True))
_UNIT = r"(?:hour|day|week|month|year|percent|Stunde|Tag|Woche|Monat|Jahr)"
_WORDED = re.compile(
    rf"(?<![\w-])(?:{'|'.join(_WORDS)})(?=\s(?!as\b|part(?:y|ies)\b)\w)|\b(?P<one>one|eine?[nmrs]?)(?=\s{_UNIT})"
)
_NAME = re.compile(r"(?<=[a-zäöüß,] )[A-Z][A-Za-z]{3,}\b")
_REWORDED = {
    r"\bmust\b": "has to",
    r"(?i)\bhowever\b,?": "",
    r"(?i)\byou can\b": "one can",
    r"(?i)\bfor example,?": "e.g.",
    r"\busing\b": "with",
    r"\ballows?\b": "lets",
    r"\balso\b ?": "",
    r"\bkann man\b": "lässt sich",
    r"\bbeispielsweise\b": "etwa",
}


@dataclass(frozen=True)
class Pair:
    """`right` is the place in `passages` of the one that carries the sentence."""

    sentence: str
    language: str
    passages: tuple[Passage, ...]
    right: int


@dataclass(frozen=True)
class Planted:
    kind: str
    sentence: str
    named: int  # the passage whose number it carries
    pair: Pair


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=Path, help="a run of bench.answers, whose sentences are taken")
    parser.add_argument("--unseen", action="store_true", help="sentences of FAQs that the check was not set by")
    parser.add_argument("--misses", action="store_true", help="print what was not flagged, and false alarms")
    options = parser.parse_args()
    from bench.answering import setup

    if options.unseen:
        setup.without_search()
    else:
        setup.django()
    pairs = _unseen() if options.unseen else _written(options.answers) if options.answers else _reworded()
    chance = random.Random(SEED)
    wrong = [one for pair in pairs for one in planted(pair, chance)]
    by_kind: dict[str, list[bool]] = {}
    for one in wrong:
        flagged = is_flagged(one)
        by_kind.setdefault(one.kind, []).append(flagged)
        if options.misses and not flagged:
            print(f"missed, {one.kind}: {one.sentence.strip()}\n    ← {one.pair.sentence.strip()}")
    print(f"{len(pairs)} sentences, {dict(Counter(pair.language for pair in pairs))}")
    for kind, flags in sorted(by_kind.items()):
        print(f"  {kind:<10} flagged {intervals.told(sum(flags), len(flags))}")
    every = [flag for flags in by_kind.values() for flag in flags]
    print(f"  {'all':<10} flagged {intervals.told(sum(every), len(every))}")
    if not options.answers:
        alarms = [is_flagged(Planted("none", pair.sentence, pair.right, pair)) for pair in pairs]
        print(f"  untouched, false alarms {intervals.told(sum(alarms), len(alarms))}")
        for pair, alarm in zip(pairs, alarms, strict=True):
            if options.misses and alarm:
                print(f"alarm: {pair.sentence.strip()}")
    return 0


def is_flagged(one: Planted) -> bool:
    """Not supported by the passage that it names; moved to another one is flagged too."""
    from assistant.answering import checking
    from assistant.models import Support

    marked = f"{one.sentence.rstrip()} [{one.named + 1}]"
    return checking.check(marked, one.pair.passages).support is not Support.SUPPORTED


def planted(pair: Pair, chance: random.Random) -> Iterator[Planted]:
    """One of each kind that the sentence gives room for."""
    others = [at for at, one in enumerate(pair.passages) if one.document_id != pair.passages[pair.right].document_id]
    if others:
        yield Planted("swapped", pair.sentence, chance.choice(others), pair)
    for kind, changed in (
        ("figure", _figure(pair, chance)),
        ("word", _word(pair)),
        ("date", _date(pair, chance)),
        ("name", _name(pair, chance)),
        ("negated", unseen.denied(pair.sentence, pair.language)),
    ):
        if changed and changed != pair.sentence:
            yield Planted(kind, changed, pair.right, pair)


def _figure(pair: Pair, chance: random.Random) -> str:
    found = [one for one in _NUMBER.finditer(pair.sentence) if not _DATE.fullmatch(one.group())]
    if not found:
        return ""
    one = chance.choice(found)
    value = one.group()
    head = value.split(".")[0].split(",")[0]
    other = str(int(head) + chance.choice((1, 2, 5, 10))) + value[len(head) :]
    return pair.sentence[: one.start()] + other + pair.sentence[one.end() :]


def _word(pair: Pair) -> str:
    """Another figure in words for the first that is in words. No chance is in it, so that all others are planted as ever."""
    found = _WORDED.search(pair.sentence)
    if found is None:
        return ""
    other = _WORDS.get(found.group()) or ("three" if found.group() == "one" else "drei")
    return pair.sentence[: found.start()] + other + pair.sentence[found.end() :]


def _date(pair: Pair, chance: random.Random) -> str:
    found = list(_DATE.finditer(pair.sentence))
    if not found:
        return ""
    one = chance.choice(found)
    names = _MONTHS if one.group() in _MONTHS else _MONATE
    said = one.group()
    other = str(int(said) + chance.choice((-1, 1, 3))) if said.isdigit() else names[(names.index(said) + 3) % 12]
    return pair.sentence[: one.start()] + other + pair.sentence[one.end() :]


def _name(pair: Pair, chance: random.Random) -> str:
    """Another name that the passages beside it hold, or one that none holds."""
    if pair.language == "de":  # every noun has a capital
        return ""
    found = list(_NAME.finditer(pair.sentence))
    if not found:
        return ""
    one = chance.choice(found)
    held = pair.passages[pair.right].text
    near = sorted({name for passage in pair.passages for name in _NAME.findall(passage.text) if name not in held})
    other: str = chance.choice(near or ["Wellington"])
    return pair.sentence[: one.start()] + other + pair.sentence[one.end() :]


def _unseen() -> list[Pair]:
    chance = random.Random(SEED)
    found = unseen.sentences(chance)
    return [Pair(_rewritten(said, chance), language, passages, 0) for said, language, passages in found]


def _reworded() -> list[Pair]:
    from bench.answering import cases, found
    from ingestion.attribution import neutral
    from ingestion.cutting import blocks

    chance, pairs = random.Random(SEED), list[Pair]()
    for one in found.of([case for case in cases.measured(cases.every()) if case.is_answerable]):
        passages = one.passages[:5]
        for at, passage in enumerate(passages[:3]):
            spans = [two for unit in blocks.units(passage.text) for two in blocks.sentences(passage.text, unit)]
            said = [passage.text[two.start : two.end] for two in spans]
            plain = [
                text for text in said if 50 <= len(text) <= 260 and text.rstrip().endswith(".") and "|" not in text
            ]
            plain = [text for text in plain if not neutral.is_neutral(text)]
            if plain:
                pairs.append(Pair(_rewritten(chance.choice(plain), chance), one.case.language, passages, at))
    return chance.sample(pairs, min(EACH, len(pairs)))


def _rewritten(sentence: str, chance: random.Random) -> str:
    """As somebody who gives it back would say it: other small words, an aside left out, a lead-in before it."""
    text = " ".join(sentence.split())
    for pattern, other in _REWORDED.items():
        text = re.sub(pattern, other, text)
    text = re.sub(r" ?\([^()]*\)", "", text)
    parts = re.split(r"(?<=[a-z]), (?=which|so|and|but|because|whereas)", text)
    if len(parts) > 1 and len(parts[0]) > 50 and chance.random() < 0.5:
        text = parts[0].rstrip(".") + "."
    return text


def _written(path: Path) -> list[Pair]:
    """Sentences of a run that the check holds to be supported, each with the first passage that it cites."""
    from assistant.answering import checking
    from assistant.models import Support
    from bench import answers
    from bench.answering import cases, found

    told = {row.id: row for row in answers.load(path)}
    pairs = []
    for one in found.of([case for case in cases.measured(cases.every()) if case.id in told]):
        passages = one.passages[:5]
        places = {passage.chunk_id: at for at, passage in enumerate(passages)}
        for piece in answers.pieces(told[one.case.id].text):
            checked = checking.check(piece, passages)
            if checked.support is Support.SUPPORTED:
                pairs.append(Pair(piece, one.case.language, passages, places[checked.found[0].key]))
    return pairs


if __name__ == "__main__":
    sys.exit(main())
