"""What kept answers are worth: as the model wrote them, as the checks let them leave at each strictness, and extracts alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench import answers, intervals

if TYPE_CHECKING:
    from assistant.answering.checking import Checked
    from assistant.answering.evidence import Evidence
    from assistant.answering.quotations import Quote
    from bench.answering.found import Found
    from bench.answers import Row
    from governance.policy.streaming import Piece
    from ingestion.search import Passage


@dataclass
class Told:
    """What its reader gets of one answer. `states` are those of its segments; `cited` its citations' documents, in order."""

    refused: bool = False
    warned: bool = False
    texts: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)
    quoted: bool = False

    @property
    def text(self) -> str:
        return "".join(self.texts)


@dataclass
class _Desk:
    """Stands where deliveries are sent from, and keeps them."""

    passages: Sequence[Passage]
    told: Told

    def send(self, piece: Piece, checked: Checked) -> None:
        self.told.texts.append(checked.text)
        self.told.states.append(str(checked.support))
        by_id = {one.chunk_id: one.document_name for one in self.passages}
        self.told.cited += [by_id[one.key] for one in checked.found]

    def withhold(self, text: str, why: str) -> None:
        """Nobody gets it."""

    def quote(self, quote: Quote, before: str = "") -> bool:
        self.told.texts.append(f"{before}{quote.above}{quote.text}\n\n")
        self.told.states.append("extract")
        self.told.cited.append(quote.passage.document_name)
        return True


def weighed(one: Found, strictness: str = "balanced") -> Evidence:
    from assistant import answering
    from assistant.answering import evidence
    from ingestion.models import Strictness

    passages = one.passages[: answering.PASSAGES]
    return evidence.weigh(one.case.question, passages, evidence.NEAR, Strictness(strictness))


def tell(found: Sequence[Found], rows: Sequence[Row], *, kinds: bool) -> None:
    by_id = {one.case.id: one for one in found}
    runs: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.id in by_id:
            runs[row.prompt, row.send][row.id] = row
    _tell("extracts alone", [(one, _extracts(one)) for one in found], kinds=kinds)
    for (version, way), told in sorted(runs.items()):
        asked = [one for one in found if one.case.id in told or not weighed(one).suffices]
        print(
            f"\n{version}, {way}: {len(told)} answers, tokens read {_mean([row.prompt_tokens for row in told.values()])}, "
            f"written {_mean([row.tokens for row in told.values()])}, seconds {_mean([row.seconds for row in told.values()])}"
        )
        _tell(
            "as written, no gate, unmarked",
            [(one, as_written(one, told[one.case.id])) for one in asked if one.case.id in told],
            kinds=kinds,
        )
        for level in ("lenient", "balanced", "strict"):
            for adds in (False, True):
                _tell(
                    f"gate and checks, {level}" + (", what it leaves out under it" if adds else ""),
                    [(one, delivered(one, told.get(one.case.id), level, adds=adds)) for one in asked],
                    kinds=kinds,
                )
    for (version, way), told in sorted(runs.items()):
        if way != answers.WHOLE and (naive := runs.get((version, answers.WHOLE))):
            _tell_beside(f"{version}, {way}", [one for one in found if one.case.facts], told, naive)


def _tell_beside(name: str, found: Sequence[Found], told: dict[str, Row], naive: dict[str, Row]) -> None:
    """On the questions that both were asked: the facts as the model states them, and the tokens that it read for it."""
    from assistant.evaluation import measures

    both = [one for one in found if one.case.id in told and one.case.id in naive]
    before, after = ([facts(one, as_written(one, rows[one.case.id]).text) for one in both] for rows in (naive, told))
    read = [sum(rows[one.case.id].prompt_tokens for one in both) for rows in (told, naive)]
    print(
        f"\n{name} beside five whole passages, as written: facts {measures.mean(after)} and {measures.mean(before)}, "
        f"gain {measures.gain(before, after)}; tokens read {read[0] / max(read[1], 1):.3f}"
    )


def delivered(one: Found, row: Row | None, level: str, *, adds: bool) -> Told:
    from assistant.answering import quotations
    from assistant.answering.evidence import Decision
    from assistant.answering.holding import Holding
    from governance.policy.engine import Verdict
    from governance.policy.rules import Action
    from governance.policy.streaming import Piece
    from ingestion.models import Strictness

    evidence = weighed(one, level)
    told = Told(refused=not evidence.suffices or row is None, warned=evidence.decision is Decision.WARN)
    if told.refused or row is None:
        return told
    passages = [passage for passage, _ in answers.sent(one, row.send)]
    desk: Any = _Desk(passages, told)
    holding = Holding(desk, lambda: _quotes(one, passages), Strictness(level))
    for text in answers.pieces(row.text):
        holding.say(Piece(text, text, Verdict(Action.ALLOW, (), text, "")))
        if holding.is_hopeless:
            break
    told.quoted = bool(holding.end())
    if adds and not told.quoted and row.finish == "stop":
        holding.add(lambda passage, text: quotations.left_out(one.case.question, passage, text, answers.near))
    return told


def as_written(one: Found, row: Row) -> Told:
    """Its states are what a reader is not told."""
    from assistant.answering import checking

    told = Told()
    passages: Any = [passage for passage, _ in answers.sent(one, row.send)]
    desk = _Desk(passages, told)
    for text in answers.pieces(row.text):
        desk.send(Any, checking.check(text, passages))  # type: ignore[arg-type]
    return told


def _extracts(one: Found) -> Told:
    told = Told(refused=not weighed(one).suffices)
    told.quoted = not told.refused
    if not told.refused:
        desk = _Desk(one.passages, told)
        for quote in _quotes(one, one.passages):
            desk.quote(quote)
    return told


def _quotes(one: Found, passages: Sequence[Passage]) -> list[Quote]:
    from assistant.answering import quotations

    return quotations.instead(one.case.question, passages, answers.near)


def _tell(name: str, told: Sequence[tuple[Found, Told]], *, kinds: bool) -> None:
    print(f"  {name}")
    _figures(told, "    ")
    if kinds:
        for kind in sorted({(one.case.set, one.case.kind) for one, _ in told}):
            print(f"    {kind[0]}, {kind[1]}")
            _figures([(one, said) for one, said in told if (one.case.set, one.case.kind) == kind], "      ")


def _figures(told: Sequence[tuple[Found, Told]], indent: str) -> None:
    can = [(one, said) for one, said in told if one.case.is_answerable]
    cannot = [said for one, said in told if not one.case.is_answerable]
    for line in [*(_of_answerable(can) if can else ()), *(_of_unanswerable(cannot) if cannot else ())]:
        print(indent + line)


def _of_answerable(can: Sequence[tuple[Found, Told]]) -> Iterator[str]:
    from assistant.evaluation import measures

    shares = [facts(one, said.text) for one, said in can]
    answered = [(one, said) for one, said in can if not said.refused]
    first = [said.cited[0] in one.case.documents for one, said in answered if said.cited]
    states = [state for _, said in can for state in said.states if state not in ("neutral", "extract")]
    wrongly = sum(_wrongly(one, said) for one, said in can)
    length = sum(len(said.text) for _, said in answered) // max(1, len(answered))
    yield f"facts present {measures.mean(shares)}, in {length} characters of an answer"
    yield f"first citation right {intervals.told(sum(first), len(first))}, {len(answered) - len(first)} without any"
    yield f"statements without support {intervals.told(states.count('unsupported'), len(states))}"
    yield f"statements held to be supported, by no right document {intervals.told(wrongly, len(states))}"
    yield f"in the documents' own words {intervals.told(sum(said.quoted for _, said in can), len(can))}"
    yield f"refused, answerable {intervals.told(sum(said.refused for _, said in can), len(can))}"


def _of_unanswerable(cannot: Sequence[Told]) -> Iterator[str]:
    yield f"refused, unanswerable {intervals.told(sum(said.refused for said in cannot), len(cannot))}"
    either = sum(said.refused or said.warned for said in cannot)
    yield f"refused or warned, unanswerable {intervals.told(either, len(cannot))}"


def facts(one: Found, text: str) -> float:
    """The share of the question's facts that stand in the text."""
    return sum(fact.is_in(text) for fact in one.case.facts) / len(one.case.facts)


def _wrongly(one: Found, said: Told) -> int:
    """Sentences that passed for supported in an answer that cites no right document at all."""
    if not said.cited or set(said.cited) & one.case.documents:
        return 0
    return sum(state in ("supported", "moved") for state in said.states)


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.1f}" if values else "none"
