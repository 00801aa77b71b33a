"""The figures of a run, and what changed since another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.evaluation import measures
from assistant.evaluation.measures import Mean
from assistant.evaluation.rows import Row
from assistant.models import Status

Measure = Callable[[Row], float | None]

CHANCE_MOST = 0.05


@dataclass(frozen=True)
class Figure:
    """`unit` is empty for shares and ranks."""

    key: str
    title: str
    mean: Mean
    unit: str = ""


@dataclass(frozen=True)
class Change:
    """`gain` is of the questions that both runs have, oriented so that more is better; `chance` is how often chance alone makes
    as much of the pairs that differ.
    """

    key: str
    title: str
    before: Mean
    after: Mean
    gain: Mean
    chance: float
    unit: str = ""

    @property
    def verdict(self) -> str:
        """better, worse, or within chance. The interval alone is too sure where few pairs differ."""
        if self.chance > CHANCE_MOST:
            return "within chance"
        if self.gain.low > 0:
            return "better"
        return "worse" if self.gain.high < 0 else "within chance"


@dataclass(frozen=True)
class _Kind:
    key: str
    title: str
    of: Measure
    is_higher_better: bool = True
    unit: str = ""


def _ranking(way: str, measure: Callable[[Sequence[str], Sequence[str]], float]) -> Measure:
    def of(row: Row) -> float | None:
        if not row.relevant or way not in row.ranked:
            return None
        return measure(row.relevant, row.ranked[way])

    return of


def _searched(way: str) -> list[_Kind]:
    return [
        _Kind(f"{way}.ndcg10", f"nDCG@10, {way}", _ranking(way, lambda a, b: measures.ndcg(a, b, 10))),
        _Kind(f"{way}.hit5", f"hit@5, {way}", _ranking(way, lambda a, b: measures.hit(a, b, 5))),
        _Kind(f"{way}.recall5", f"recall@5, {way}", _ranking(way, lambda a, b: measures.recall(a, b, 5))),
        _Kind(f"{way}.mrr", f"MRR, {way}", _ranking(way, measures.reciprocal_rank)),
    ]


def _is_answered(row: Row) -> bool:
    return row.answered is not None and row.answered.status == Status.ANSWERED


def _facts(row: Row) -> float | None:
    """Of a question that was not answered no fact is met."""
    if row.answered is None or not row.answered.met:
        return None
    return sum(row.answered.met) / len(row.answered.met)


def _whole(row: Row) -> float | None:
    return None if row.answered is None or not row.answered.met else float(all(row.answered.met))


def _cites_right(row: Row) -> float | None:
    if not _is_answered(row) or not row.relevant or row.answered is None:
        return None
    return float(bool(row.answered.cited) and row.answered.cited[0] in row.relevant)


def _citation_precision(row: Row) -> float | None:
    if row.answered is None or not row.answered.cited or not row.relevant:
        return None
    return sum(one in row.relevant for one in row.answered.cited) / len(row.answered.cited)


def _citation_recall(row: Row) -> float | None:
    if not _is_answered(row) or not row.relevant or row.answered is None:
        return None
    return float(bool(set(row.answered.cited) & set(row.relevant)))


def _refused(*, answerable: bool) -> Measure:
    def of(row: Row) -> float | None:
        if row.answered is None or row.is_answerable is not answerable:
            return None
        return float(row.answered.status == Status.REFUSED)

    return of


def _held_back(*, answerable: bool) -> Measure:
    def of(row: Row) -> float | None:
        return None if row.suffices is None or row.is_answerable is not answerable else float(not row.suffices)

    return of


def _doubted(*, answerable: bool) -> Measure:
    def of(row: Row) -> float | None:
        if row.suffices is None or row.is_doubtful is None or row.is_answerable is not answerable:
            return None
        return float(not row.suffices or row.is_doubtful)

    return of


def _quoted(row: Row) -> float | None:
    return None if not _is_answered(row) or row.answered is None else float(row.answered.quoted > 0)


def _unsupported(row: Row) -> float | None:
    if row.answered is None or not row.answered.sentences:
        return None
    return row.answered.unsupported / row.answered.sentences


def _of_answer(name: str) -> Measure:
    def of(row: Row) -> float | None:
        value = getattr(row.answered, name) if _is_answered(row) else None
        return None if value is None else float(value)

    return of


KINDS: tuple[_Kind, ...] = (
    *_searched("both"),
    *_searched("vectors"),
    *_searched("words"),
    _Kind("evidence.refusals", "held back by the evidence, of the unanswerable", _held_back(answerable=False)),
    _Kind("evidence.false", "held back by the evidence, of the answerable", _held_back(answerable=True), False),
    _Kind("evidence.doubted", "held back or warned of, of the unanswerable", _doubted(answerable=False)),
    _Kind("evidence.doubted.false", "held back or warned of, of the answerable", _doubted(answerable=True), False),
    _Kind("facts", "facts present", _facts),
    _Kind("facts.all", "answers with every fact", _whole),
    _Kind("citations.first", "first citation is right", _cites_right),
    _Kind("citations.precision", "citations that are right", _citation_precision),
    _Kind("citations.recall", "answers that cite the right document", _citation_recall),
    _Kind("unsupported", "sentences delivered as unsupported", _unsupported, False),
    _Kind("quoted", "answers in the documents' own words", _quoted, False),
    _Kind("refusals", "refused, of the unanswerable", _refused(answerable=False)),
    _Kind("refusals.false", "refused, of the answerable", _refused(answerable=True), False),
    _Kind("search_ms", "search", lambda row: float(row.search_ms), False, "ms"),
    _Kind("first_ms", "first words after", _of_answer("first_ms"), False, "ms"),
    _Kind("whole_ms", "whole answer after", _of_answer("whole_ms"), False, "ms"),
    _Kind("prompt_tokens", "tokens read", _of_answer("prompt_tokens"), False, "tokens"),
    _Kind("tokens", "tokens written", _of_answer("tokens"), False, "tokens"),
)


def of(rows: Sequence[Row]) -> list[Figure]:
    """Those that there is something to measure for."""
    figures = []
    for kind in KINDS:
        values = [value for row in rows if (value := kind.of(row)) is not None]
        if values:
            figures.append(Figure(kind.key, kind.title, measures.mean(values), kind.unit))
    return figures


def changes(before: Sequence[Row], after: Sequence[Row]) -> list[Change]:
    """Paired by question: what only one of them asked, or each in other words, is left out."""
    old = {row.id: row for row in before}
    pairs = [(old[row.id], row) for row in after if row.id in old and row.is_of_the_same(old[row.id])]
    found = []
    for kind in KINDS:
        both = [(kind.of(one), kind.of(other)) for one, other in pairs]
        known = [(one, other) for one, other in both if one is not None and other is not None]
        if known:
            found.append(_change(kind, [one for one, _ in known], [other for _, other in known]))
    return found


def _change(kind: _Kind, then: Sequence[float], now: Sequence[float]) -> Change:
    gain = measures.gain(then, now) if kind.is_higher_better else measures.gain(now, then)
    before, after = measures.mean(then), measures.mean(now)
    return Change(kind.key, kind.title, before, after, gain, measures.chance(then, now), kind.unit)
