"""What an answer to a FAQ's question has to hold, read out of the FAQ's own answer: `python -m bench.faqs.facts` proposes.

A proposal is a figure, a command, a name or a quoted term that stands where the answer begins and not in the question.
The rarer it is among the FAQ's other answers and the more often it stands in this one, the more it tells; what tells
nearly as much in the same sentence may be said instead. Every proposal was then read beside its answer, and thrown away,
kept or mended:
`facts_kept.tsv` holds what is left, an entry's id and what may be said, any one of which is enough. All that was kept is
asked for anew of the text that is there: an entry whose answer holds none of it has no fact.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.faqs import material, packages
from bench.faqs.material import Entry

KEPT = Path(__file__).resolve().parent / "facts_kept.tsv"

OPENING = 500  # characters of an answer: what somebody who asked reads first
ALTERNATIVES = 4
_TELLS = 1.9  # what a fact has to weigh: rarer than one in seven answers, or said again
_BESIDE = 0.6  # of its weight, for what may be said instead
_WORTH = {"code": 1.0, "figure": 0.7, "quoted": 0.6, "name": 0.45}  # a name that is said once is told by the way

_OPTION = r"(?<![^\s(])--?[a-zA-Z][\w-]+(?![\w-])"
_PATH = r"(?<![\w/:.])~?/[\w.-]+(?:/[\w.*-]+)*"
_CALL = r"\b[A-Za-z_][\w.:]*\(\)"
_DOTTED = r"\b[A-Za-z_]\w+(?:(?:\.|::)[A-Za-z_]\w+)+\b"
_SNAKE = r"\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b"
_INNER = r"\b[A-Z]?[a-z]+[A-Z]\w*\b|\b[A-Z]{2,}[a-z]\w*\b|\b[A-Z]{3,}\d*\b"
_CODE = re.compile("|".join((_CALL, _DOTTED, _SNAKE, _PATH, _OPTION, _INNER)))
_NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:[.,]\d+)*(?![\w/]|[.,]\d|-\w)")
_QUOTED = re.compile(r"[“»«‘\"'`]\s?([^\s“”»«‘’\"'`][^“”»«\"'`\n]{1,28}[^\s“”»«‘’\"'`])\s?[”«»’\"'`](?!\w)")
_NAME = re.compile(r"(?<=[a-zéèàç,;] )[A-Z][a-zéèàç]+(?: [A-Z][a-zéèàç]+)?\b")
_ASIDE = re.compile(
    r"https?://\S+|\((?:partly |originally )?contributed by[^)]*\)|\([Ss](?:ee|iehe) [^)]*\)|\([Vv]oir [^)]*\)"
    r"|\b(?:Section|Abschnitt) [\d.]+"
)
# What a reader is to put something else for, and what only an example calls so.
_EXAMPLE = re.compile(r"(?i)foo|bar\b|_\d\b|^hello|your|example|beispiel|exemple|xxx|nnn|answer|quux|baz|paquet\b")
_CODE_LINE = re.compile(r"(?m)^(?:[ \t]{2,}\S|>>>|\.\.\.|[$#%] |.*[;{}]\s*$|.*\|).*$")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_a-z])|\n\s*\n")
_WORD = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Found:
    """`kind` is figure, code, quoted or name."""

    text: str
    kind: str


def proposed(entries: Sequence[Entry], language: str) -> dict[str, tuple[Found, ...]]:
    """By the entry's id, the best first; an entry without any is left out."""
    often = Counter(
        text for entry in entries for text in {fold(one.text) for one in _candidates(entry.answer, language)}
    )
    found: dict[str, tuple[Found, ...]] = {}
    for entry in entries:
        if chosen := _chosen(entry, often, len(entries), language):
            found[entry.id] = chosen
    return found


def _chosen(entry: Entry, often: Counter[str], answers: int, language: str) -> tuple[Found, ...]:
    """Of the sentence that has the most telling one: what tells nearly as much there may be said instead."""
    best: list[tuple[float, Found]] = []
    for sentence in _opening(entry.answer):
        weighed = {
            one: _weight(one, entry, often, answers)
            for one in _candidates(sentence, language)
            if not _is_asked(one.text, entry.question)
        }
        ranked = sorted(((weight, one) for one, weight in weighed.items()), key=lambda one: -one[0])
        if ranked and ranked[0][0] >= _TELLS and (not best or ranked[0][0] > best[0][0]):
            best = [one for one in ranked if one[0] >= _BESIDE * ranked[0][0]]
    return tuple(one for _, one in best[:ALTERNATIVES])


def _weight(one: Found, entry: Entry, often: Counter[str], answers: int) -> float:
    rare = math.log((answers + 1) / (often[fold(one.text)] + 0.5))
    again = min(3, fold(entry.answer).count(fold(one.text)))
    return rare * (0.6 + 0.4 * again) * _WORTH[one.kind]


def _opening(answer: str) -> list[str]:
    """Its first sentences, up to OPENING characters, and at least one; without the lines of programs."""
    kept, length = list[str](), 0
    for sentence in _SENTENCE.split(_CODE_LINE.sub("\n", answer)):
        if kept and length + len(sentence) > OPENING:
            break
        kept.append(_SPACE.sub(" ", _ASIDE.sub(" ", sentence)))
        length += len(sentence)
    return kept


def _candidates(text: str, language: str) -> Iterator[Found]:
    for kind, pattern in (("code", _CODE), ("figure", _NUMBER), ("quoted", _QUOTED), ("name", _NAME)):
        if kind == "name" and language == "de":  # German writes every noun with a capital
            continue
        for match in pattern.finditer(text):
            said = (match.group(1) if kind == "quoted" else match.group()).strip().rstrip(".,:;")
            if _is_telling(said, kind):
                yield Found(said, kind)


def _is_telling(said: str, kind: str) -> bool:
    if _EXAMPLE.search(said):
        return False
    if kind == "figure":
        return len(said) > 1
    return 2 < len(said) <= 40 and any(len(word) > 3 for word in _WORD.findall(said))


def _is_asked(text: str, question: str) -> bool:
    """Also in another form: what is asked for with "files" is not told by "file"."""
    asked = {word[:5] for word in _WORD.findall(fold(question))}
    return fold(text) in fold(question) or {word[:5] for word in _WORD.findall(fold(text))} <= asked


def fold(text: str) -> str:
    return _SPACE.sub(" ", text).casefold()


def kept(entries: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
    """By the entry's id: what may be said, any one of which is enough."""
    rows = [line.split("\t") for line in KEPT.read_text("utf-8").splitlines() if line]
    wanted = {key: tuple(said.split(" / ")) for key, said in rows}
    held = {entry.id: fold(entry.answer) for entry in entries}
    return {key: said for key, said in wanted.items() if key in held and any(fold(one) in held[key] for one in said)}


def main() -> int:
    for faq in material.FAQS:
        try:
            entries = faq.entries()
        except packages.NotThere as fault:
            print(f"{faq.name}: left out, {fault}", file=sys.stderr)
            continue
        for key, found in proposed(entries, faq.language).items():
            print(f"{key}\t{' / '.join(one.text for one in found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
