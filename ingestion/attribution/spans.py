"""Spans of a passage that can support a sentence: its sentences, list items and rows of tables, with what they state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingestion.attribution import facts, naming, rows, units
from ingestion.attribution.facts import Fact
from ingestion.attribution.rows import Row
from ingestion.cutting import blocks
from ingestion.cutting.blocks import Unit
from ingestion.search import terms
from ingestion.search.terms import Token

_CLAUSE = re.compile(r"[,;]\s|\s[–—]\s|\b(?:and|but|und|aber|sondern)\b(?!\s*[£€$]?\d)", re.IGNORECASE)
# "No longer than" sets a bound, and "form no. 12" counts: they deny nothing; "--no-cache" is a name. A word that denies in one
# language and means something else in another stands on both sides, or on none.
_BOUND = r"(?!\s+(?:more|less|fewer|longer|later|earlier|higher|lower|greater|smaller|shorter|sooner)\s+than\b)"
_NEGATION = re.compile(
    rf"(?<!-)\b(?:not(?!-){_BOUND}|no(?!-){_BOUND}(?!\.\s?#?\d|\s#?\d+(?![\w-]|\s?%|[.,]\d))"
    r"|never|none|nor|neither|nobody|nothing|nowhere|without|cannot|\w+n['’]t"
    r"|nicht(?!\s+(?:mehr|weniger|länger|später|früher|höher|kürzer)\s+als\b)"
    r"|nie|niemals|niemand\w*|nichts|nirgends|kein\w*|ohne|weder"
    r"|(?:ne\s+|n['’])\w+(?:\s+\w+){0,2}?\s+(?:pas|plus|jamais|rien|aucun\w*)|pas|jamais|aucun\w*|sans"
    r"|non(?!-)|nessun\w*|senza|niet|geen|nooit|zonder|nunca|nadie|ning[uú]n\w*|não|nenhum\w*|sem"
    r"|inte|aldrig|inga|ingen|inget|utan|ikke|aldri|intet|uden|uten)\b",
    re.IGNORECASE,
)
_ONLYS = {
    r"\bnot|n['’]t": "only|just|merely|solely",
    r"\bnicht": "nur|bloß|lediglich",
    r"\b(?:pas|non)": "seulement|uniquement",
    r"\bnon": "solo|soltanto|solamente",
    r"\bniet": "alleen|enkel|slechts",
    r"\bno": "s[oó]lo|solamente|únicamente",
    r"\bnão": "só|somente|apenas",
    r"\b(?:inte|ikke)": "bara|endast|bare|kun|blot",
}
_NOT_ONLY = re.compile("|".join(rf"(?:{no})\s+(?:{only})\b" for no, only in _ONLYS.items()), re.IGNORECASE)
_ONLY = re.compile(rf"\b(?:{'|'.join(_ONLYS.values())})\b", re.IGNORECASE)
# Behind the verb; "not" only ever stands before what it denies.
_BEHIND = re.compile(
    rf"(?!\s+(?:{_NOT_ONLY.pattern}))\s+(?:nicht|niet|inte|ikke)\b(?!\s+(?:mehr|weniger)\b)", re.IGNORECASE
)
_LABEL_END = re.compile(r":(?!\d)")  # not that of 7:45
_COUNTED = re.compile(r"#{1,6}\s+(\d{1,2})[.)]\s")
_WORDS_MIN = 2  # of a sentence, to be told in other words
_APART = re.compile(rf"{_CLAUSE.pattern}|[.!?]\s", re.IGNORECASE)  # a list item may hold several sentences


@dataclass(frozen=True)
class Cell:
    """One cell of a row under the terms of its column's head, less those that every column has."""

    head: frozenset[str]
    values: tuple[Fact, ...]


@dataclass(frozen=True)
class Part:
    """What a figure belongs to: a clause, a list item or a row. `words` tell it from its neighbours: for a row those of
    its labels, else all but the figures. `negations` is how often it says "not".
    """

    words: frozenset[str]
    values: tuple[Fact, ...]
    negations: int

    @property
    def is_negative(self) -> bool:
        return self.negations > 0


@dataclass(frozen=True)
class Span:
    """`text[start:end]` of the passage. For a row of a table `terms` and `values` count those of its header rows too.

    Spans of one `series` are the items of a list or the rows of a table: they say the same of different things. A row's `labels`
    are the cells that name it, its `cells` all others.
    """

    start: int
    end: int
    terms: frozenset[str]
    values: tuple[Fact, ...]
    parts: tuple[Part, ...]
    series: int | None = None
    labels: tuple[Cell, ...] = ()
    cells: tuple[Cell, ...] = ()

    def states(self, fact: Fact, asked: frozenset[str]) -> bool:
        """Whether the fact stands here. In a table it has to stand in a column that the asked terms name best, if they
        name any.
        """
        inside = [cell for cell in self.cells if any(fact.agrees(value) for value in cell.values)]
        if not inside or any(fact.agrees(value) for label in self.labels for value in label.values):
            return any(fact.agrees(other) for other in self.values)
        named = _named(self.cells, asked)
        return not named or any(cell in named for cell in inside)

    def told(self, asked: frozenset[str]) -> tuple[Part, ...]:
        """The parts, and of a row the figures of the columns that the asked terms name best, if they name any."""
        named = _named(self.cells, asked)
        figures = tuple(fact for cell in named for fact in cell.values)
        return tuple(replace(part, values=figures) for part in self.parts) if named else self.parts


def _named(cells: Sequence[Cell], asked: frozenset[str]) -> Sequence[Cell]:
    heads = {cell.head & asked for cell in cells}
    best = {head for head in heads if head and not any(head < other for other in heads)}
    # "Plus" of Standard Plus is not asked for.
    whole = {cell.head for cell in cells if cell.head <= asked}
    return [cell for cell in cells if (head := cell.head & asked) in best and (cell.head == head or head not in whole)]


def read(text: str) -> tuple[Span, ...]:
    """The spans of a passage, in its order."""
    spans: list[Span] = []
    found = list(blocks.units(text))
    in_tables = {unit.block for unit in found if text.startswith("|", unit.start)}
    tables = {block: _table(text, block, found) for block in in_tables}
    for unit in found:
        inside = text[unit.start : unit.end]
        if unit.block in tables:
            spans.append(next(tables[unit.block]))
        else:
            spans.extend(_listed(text, unit) if blocks.is_item(inside) else _told(text, unit))
    return tuple(spans)


def negations(text: str) -> int:
    """How often it denies; "not only" adds to what is said."""
    return sum(1 for _ in _NEGATION.finditer(_NOT_ONLY.sub(" ", text)))


def limits(text: str) -> int:
    """1 where it says "only", −1 where "not only", 0 where neither or both."""
    rest, adding = _NOT_ONLY.subn(" ", text)
    return (_ONLY.search(rest) is not None) - (adding > 0)


def is_put_otherwise(claim: Part, said: str, share: float) -> bool:
    """Whether `said` holds that share of the claim's words and, where they stand nearest together, denies what the claim does
    not; or denies nothing at all where the claim does.
    """
    at = [one for one in terms.tokens(said) if one.term in claim.words]
    held = {one.term for one in at}
    if len(held) < max(share * len(claim.words), _WORDS_MIN):
        return False
    if claim.is_negative:
        return not negations(said)
    start, end = _nearest(at, len(held))
    before = _APART.split(said[:start])[-1]
    near = _APART.split(f"{before}{said[start:end]}")
    shared = [len(claim.words.intersection(terms.terms(one))) for one in near]
    is_denied = any(negations(one) for one, many in zip(near, shared, strict=True) if many == max(shared))
    return is_denied or _BEHIND.match(said, end) is not None


def _nearest(at: Sequence[Token], kinds: int) -> tuple[int, int]:
    """The shortest stretch of the text that has a term of each kind."""
    inside: Counter[str] = Counter()
    first, found = 0, (at[0].start, at[-1].end)
    for one in at:
        inside[one.term] += 1
        while inside[at[first].term] > 1:
            inside[at[first].term] -= 1
            first += 1
        if len(inside) == kinds and one.end - at[first].start < found[1] - found[0]:
            found = (at[first].start, one.end)
    return found


def clauses(sentence: str) -> tuple[Part, ...]:
    """Of a bare sentence."""
    return tuple(map(whole, _CLAUSE.split(sentence)))


def whole(said: str) -> Part:
    """All of a bare text as one part."""
    words = frozenset(term for term in terms.terms(said) if not term[0].isdigit()) - facts.UNITS
    return Part(words, tuple(facts.stated(said)), negations(said))


def _told(text: str, unit: Unit) -> Iterator[Span]:
    for sentence in blocks.sentences(text, unit):
        said = facts.bare(text[sentence.start : sentence.end])
        parts = clauses(said)
        made = _span(sentence, said, parts, parts[0].values if len(parts) == 1 else tuple(facts.stated(said)))
        counted = _COUNTED.match(said)
        yield replace(made, values=tuple(_of_name(made.values, counted.groups()))) if counted else made


def _listed(text: str, unit: Unit) -> Iterator[Span]:
    said = facts.bare(text[unit.start : unit.end])
    label, *rest = _LABEL_END.split(said, maxsplit=1)
    numbered = facts.numbered(label) if rest else frozenset()
    part = whole(said)
    values = (*_of_name(facts.stated(label), numbered), *facts.stated(rest[0])) if numbered else part.values
    part = replace(part, words=part.words | naming.numbered(numbered), values=values)
    yield replace(_span(unit, said, (part,), values), series=unit.block)


def _span(unit: Unit, said: str, parts: tuple[Part, ...], values: tuple[Fact, ...]) -> Span:
    return Span(unit.start, unit.end, _terms(said), values, parts)


def _table(text: str, block: int, units: Sequence[Unit]) -> Iterator[Span]:
    """Its rows, each for itself under the header that all of them have."""
    read = [rows.read(text, unit) for unit in units if unit.block == block]
    labels = rows.labels([row.written for row in read])
    return (_row(row, labels, block) for row in read)


def _row(row: Row, labels: int, block: int) -> Span:
    cells = [Cell(head, tuple(facts.stated(cell))) for head, cell in zip(row.heads, row.written, strict=True)]
    label = " ".join(row.written[:labels])
    numbered = facts.numbered(label)
    before = tuple(Cell(cell.head, tuple(_of_name(cell.values, numbered))) for cell in cells[:labels])
    named = tuple(fact for cell in before for fact in cell.values)
    figures = tuple(fact for cell in cells[labels:] for fact in cell.values)
    part = Part(naming.label(label), figures, negations(row.inside))
    known = _terms(f"{row.header}\n{row.inside}").union(*row.heads)
    values = (*named, *figures, *_of_name(facts.stated(row.header), facts.numbered(row.header)))
    return Span(row.start, row.end, known, values, (part,), block, before, tuple(cells[labels:]))


def _of_name(values: Iterable[Fact], numbers: Collection[str]) -> Iterator[Fact]:
    """The 1 of "priority 1" is not that of "1 hour"."""
    return (fact._replace(kind="name") if not fact.kind and fact.value in numbers else fact for fact in values)


def _terms(said: str) -> frozenset[str]:
    return frozenset(terms.terms(said)) | units.together(said)
