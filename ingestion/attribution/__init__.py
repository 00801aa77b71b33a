"""Which passages a sentence stands on, found by us and not said by the model.

A passage is cited if it shares the sentence's telling terms and if every number, date, amount, share, code and proper
name of the sentence stands in it. Overlap finds candidates; the facts decide, for look-alikes differ in nothing else.
What this cannot see is a sentence that puts right figures into a wrong relation within one sentence of the passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Generic, TypeVar

from ingestion.attribution import facts, names, naming, neutral, numbers, spans, units
from ingestion.attribution.facts import Fact
from ingestion.attribution.spans import Part, Span
from ingestion.search import terms

K = TypeVar("K", bound=Hashable)

ENOUGH = 0.5  # of the sentence's weight
ENOUGH_AGAINST = 0.8  # where one says "not" and the other does not
_SAME = 0.75  # of a clause's words, both ways: from there on it is that clause of the passage which is given back
_CLAUSE_MIN = 3  # words of a clause that is held against one
_NEAR_BEST = 0.8  # a further passage is cited if it supports the sentence nearly as well as the best
_RUN = 3  # spans that a quote may run over
_PER_SPAN = 0.05  # what a longer quote has to bring
_PRIOR = 0.6
_IN_CONTEXT = 0.8  # a term that only the title or a heading has
_IN_COMPOUND = 0.7  # "Zulage" for "Nachtzulage"
_COMPOUND_MIN = 5

# "No, the key is not kept" denies once.
_ANSWERED = re.compile(r"\A\W*(?:no|nein|non|nee|nej|não)(?=,|\s[–—])", re.IGNORECASE)


@dataclass(frozen=True)
class Attribution(Generic[K]):
    """`quote` is `text[start:end]` of the passage; `score` is 0 to 1, the share of the sentence's weight found there."""

    key: K
    score: float
    quote: str
    start: int
    end: int


@dataclass(frozen=True)
class _Claim:
    """What a sentence says, and how much each of its terms tells. `ones` are told apart as in `facts.ones`."""

    weights: Mapping[str, float]
    values: tuple[Fact, ...]
    ones: tuple[Fact, ...]
    names: frozenset[str]
    placed: Mapping[str, str]
    compounds: frozenset[str]
    asked: frozenset[str]
    whole: Part
    clauses: tuple[Part, ...]
    limits: int

    @property
    def is_negative(self) -> bool:
        return self.whole.is_negative

    @cached_property
    def figures(self) -> tuple[Fact, ...]:
        return (*self.values, *self.ones)


@dataclass(frozen=True)
class _Passage:
    text: str
    spans: tuple[Span, ...]
    terms: frozenset[str]
    above: str
    context: frozenset[str]
    context_values: tuple[Fact, ...]

    @cached_property
    def in_order(self) -> tuple[str, str]:
        """Only asked for by a sentence with a code of several parts."""
        return facts.in_order(facts.bare(self.text)), facts.in_order(facts.bare(self.above))


def attribute(
    sentence: str,
    passages: Sequence[tuple[K, str]],
    *,
    most: int = 2,
    contexts: Mapping[K, str] | None = None,
) -> list[Attribution[K]]:
    """At most `most` passages that support the sentence, the best first; none for a neutral sentence.

    `contexts` are title and headings over a passage: years and names may stand there, quotes are never taken from it.
    """
    if neutral.is_neutral(sentence):
        return []
    above = contexts or {}
    read = [(key, _read(text, above.get(key, ""))) for key, text in passages]
    claim = _claim(_ANSWERED.sub("", facts.bare(sentence)), [passage for _, passage in read])
    found = [best for key, passage in read if (best := _best(key, claim, passage)) is not None]
    found.sort(key=lambda one: -one.score)
    return [one for one in found[:most] if one.score >= found[0].score * _NEAR_BEST]


@lru_cache(maxsize=256)  # every sentence of an answer is held against the same few passages
def _read(text: str, context: str) -> _Passage:
    inside = spans.read(text)
    above = frozenset(terms.terms(context))
    known = frozenset(term for span in inside for term in span.terms)
    return _Passage(text, inside, known, context, above, tuple(facts.values(numbers.in_figures(context))))


def _claim(sentence: str, read: Sequence[_Passage]) -> _Claim:
    texts = [passage.text for passage in read]
    sentence = units.as_written(sentence, texts)
    stated = tuple(dict.fromkeys(facts.values(sentence)))
    required = names.required(sentence, texts)
    weights = {term: _weight(term, read) for term in terms.terms(sentence) if term not in facts.UNITS}
    clauses = tuple(part for part in spans.clauses(sentence) if len(part.words) >= _CLAUSE_MIN)
    compounds = frozenset(facts.compounds(sentence))
    called = naming.called(sentence) - facts.UNITS | naming.numbered(value.value for value in stated if not value.kind)
    ones = tuple(dict.fromkeys(facts.ones(sentence)))
    placed = names.placed(sentence)
    whole, limits = spans.whole(sentence), spans.limits(sentence)
    return _Claim(weights, stated, ones, required, placed, compounds, called, whole, clauses, limits)


def _weight(term: str, read: Sequence[_Passage]) -> float:
    """The rarer among these passages and the longer, the more it tells. A term that stands nowhere weighs most."""
    often = sum(term in passage.terms or term in passage.context for passage in read)
    rare = math.log(1 + (len(read) - often + 0.5) / (often + 0.5))
    tells = 1.0 if any(sign.isdigit() for sign in term) else min(len(term), 8) / 8
    return (_PRIOR + rare) * tells if term not in neutral.WORDS else _PRIOR / 4


def _best(key: K, claim: _Claim, passage: _Passage) -> Attribution[K] | None:
    if not all(_is_named(name, passage) for name in claim.names):
        return None
    # B2-114 and C1-115 do not make a B2-115.
    if not all(any(f" {code} " in told for told in passage.in_order) for code in claim.compounds):
        return None
    held = [{term: _share(term, span.terms) for term in claim.weights} for span in passage.spans]
    said = [_said(claim, passage, span) for span in passage.spans]
    tried = ((_score(claim, passage, run, held, said), run) for run in _runs(len(held)))
    score, run = max(tried, key=lambda one: one[0], default=(0.0, slice(0)))
    if score < ENOUGH:
        return None
    start, end = passage.spans[run][0].start, passage.spans[run][-1].end
    return Attribution(key, round(min(score, 1.0), 4), passage.text[start:end], start, end)


def _runs(spans: int) -> Iterator[slice]:
    for length in range(1, _RUN + 1):
        for at in range(spans - length + 1):
            yield slice(at, at + length)


def _score(
    claim: _Claim,
    passage: _Passage,
    at: slice,
    held: Sequence[Mapping[str, float]],
    said: Sequence[Mapping[Fact, bool]],
) -> float:
    """0 unless the run of spans states every value; else the share of the claim's weight that it holds. `held` says for each
    span how far each term of the claim is found there, and `said` which of its values, as `_said` does.
    """
    run = passage.spans[at]
    is_stated = all(_is_stated(value, passage, said[at]) for value in claim.values)
    if not is_stated or any(_is_contradicted(one, claim, run, said[at]) for one in claim.ones):
        return 0.0
    whole = sum(claim.weights.values())
    shares = {term: max(span[term] for span in held[at]) for term in claim.weights}
    own = sum(weight * shares[term] for term, weight in claim.weights.items())
    if not whole or own * 3 < whole:
        return 0.0
    above = sum(weight * _with_context(shares[term], term, passage.context) for term, weight in claim.weights.items())
    share = above / whole
    parts = [part for span in run for part in span.parts if part.words & claim.asked]
    against = bool(parts) and all(part.is_negative != claim.is_negative for part in parts)
    if share < (ENOUGH_AGAINST if against else ENOUGH) or _is_denied(claim, passage, run, parts):
        return 0.0
    if _is_elsewhere(claim, shares, passage.text[run[0].start : run[-1].end]):
        return 0.0
    return max(share - _PER_SPAN * (len(run) - 1), min(share, ENOUGH))


def _is_elsewhere(claim: _Claim, shares: Mapping[str, float], told: str) -> bool:
    """Whether all that the words lack of the claim is one that may be a name, and they have another in its place."""
    missing = [term for term, share in shares.items() if not share] if claim.placed else []
    return len(missing) == 1 and names.is_replaced(claim.placed.get(missing[0], ""), told, claim.weights)


def _is_denied(claim: _Claim, passage: _Passage, run: Sequence[Span], parts: Sequence[Part]) -> bool:
    """Whether a clause of the sentence says "not" where the clause that it is taken from does not, or the other way round;
    or all of it says it more or less often than the words that it gives back. Of one sentence of the passage that holds the
    claim's words it is the words' own surroundings that count, however long the sentence and its neighbours are.
    """
    if any(spans.is_put_otherwise(claim.whole, passage.text[one.start : one.end], _SAME) for one in run):
        return True
    for clause in claim.clauses:
        nearest = max(parts, key=lambda part: len(part.words & clause.words), default=None)
        if nearest and _is_same(nearest, clause) and nearest.is_negative != clause.is_negative:
            return True
    text = facts.bare(passage.text[run[0].start : run[-1].end])
    if claim.limits and claim.limits == -spans.limits(text):
        return True
    told = spans.whole(text)
    return _is_same(told, claim.whole) and told.negations != claim.whole.negations


def _is_same(one: Part, other: Part) -> bool:
    return len(one.words & other.words) >= _SAME * max(len(one.words), len(other.words), 1)


def _said(claim: _Claim, passage: _Passage, span: Span) -> dict[Fact, bool]:
    """Which of the claim's values the span says, and whether of what the claim speaks of."""
    return {
        value: not _is_of_another(value, claim, passage, span)
        for value in claim.figures
        if span.states(value, claim.asked)
    }


def _is_stated(value: Fact, passage: _Passage, said: Sequence[Mapping[Fact, bool]]) -> bool:
    """`said` is of a run of spans."""
    if any(value in one for one in said):
        return any(one.get(value, False) for one in said)
    # A year may stand in the title alone; an amount may not.
    return not value.kind and any(value.agrees(other) for other in passage.context_values)


def _is_contradicted(one: Fact, claim: _Claim, run: Sequence[Span], said: Sequence[Mapping[Fact, bool]]) -> bool:
    """Whether the run says it of something else alone; or says another value of its unit, which the sentence does not say."""
    if any(one in each for each in said):
        return not any(each.get(one, False) for each in said)
    others = [value for span in run for value in span.values if value.kind == one.kind]
    return any(not any(value.agrees(other) for value in claim.values) for other in others)


def _is_of_another(value: Fact, claim: _Claim, passage: _Passage, span: Span) -> bool:
    """Whether the span says the value of something else, and says another of what the sentence speaks of.

    "Deck work stops at 14 m/s, lifting at 11 m/s" does not support that deck work stops at 11.
    """
    series = [other for other in passage.spans if other.series == span.series] if span.series is not None else [span]
    is_table = bool(span.cells)
    rivals = [
        part for other in series for part in other.told(claim.asked) if _has_another(value, claim, part, is_table)
    ]
    holding = [part for part in span.told(claim.asked) if any(value.agrees(other) for other in part.values)]
    return bool(holding) and all(_is_beaten(part, rivals, claim) for part in holding)


def _has_another(value: Fact, claim: _Claim, part: Part, is_row: bool) -> bool:
    """Whether the part says a value of that kind, and none that the sentence says too. The 1 of "priority 1" is no "1 day"."""
    rivals = [other for other in part.values if (other.is_comparable if is_row else other.is_alike)(value)]
    said = [each for each in claim.figures if each.kind or not is_row or not value.kind]
    return bool(rivals) and not any(each.agrees(other) for each in said for other in rivals)


def _is_beaten(part: Part, rivals: Sequence[Part], claim: _Claim) -> bool:
    own = _common(claim, part)
    theirs = [(rival, _common(claim, rival)) for rival in rivals]
    # "Senior managers" are called by all of a name that holds "managers".
    if len(own) >= len(part.words):
        return bool(own) and any(own < held == rival.words for rival, held in theirs)
    return any(own < held or (own and own == held == rival.words) for rival, held in theirs)


def _common(claim: _Claim, part: Part) -> frozenset[str]:
    words = {term for term in claim.weights if not term[0].isdigit() and _share(term, part.words)}
    return frozenset(words | (part.words & claim.asked))


def _is_named(name: str, passage: _Passage) -> bool:
    return _share(name, passage.terms) > 0 or name in passage.context


def _with_context(own: float, term: str, context: frozenset[str]) -> float:
    """A term that stands above the text as it is counts for more than one that stands in the text inside a longer word."""
    return max(own, _IN_CONTEXT) if term in context else own


def _share(term: str, inside: frozenset[str]) -> float:
    """How far a term is found in the text: by itself, or as a part of a longer word."""
    # Figures are compared by value, not by spelling, and were found; 12a is a name.
    if term in inside or (term[0].isdigit() and not any(map(str.isalpha, term))):
        return 1.0
    if len(term) < _COMPOUND_MIN or not term.isalpha():
        return 0.0
    return _IN_COMPOUND if any(_is_part(term, other) for other in inside) else 0.0


def _is_part(term: str, other: str) -> bool:
    if len(other) > len(term):
        return other.startswith(term) or other.endswith(term)
    return len(other) >= _COMPOUND_MIN and (term.startswith(other) or term.endswith(other))
