"""Two indexes asked the same questions: what each finds, what one gains and loses, and where the cited passages went.

Each is asked as search asks it, words and all, and as the one who compares: nobody sees a passage by this that they could
not have found.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from governance import access
from governance.actions import Action
from governance.audit import events, reading
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import catalog, indexes, search
from ingestion.indexes import questions
from ingestion.indexes.questions import Asked
from ingestion.models import IndexState
from ingestion.search import Passage

TOP = 10
QUESTIONS_MOST = 50
_LONGEST = 1_000
_NONE = phrase("There are no questions to ask. Write some, one a line.")
_NOT_BUILT = phrase("There is nothing in this index yet.")


@dataclass(frozen=True)
class Place:
    """A passage and where it stands in both, from 1 on; None where it is not among the first."""

    passage: Passage
    now: int | None
    then: int | None
    is_cited: bool


@dataclass(frozen=True)
class Answered:
    """`places` hold what either found, in the order of the next index; they and `text` are empty where the question is
    somebody else's. `overlap` is the share of the longer list that both found.
    """

    text: str
    places: tuple[Place, ...]
    overlap: float
    gained: int
    lost: int
    cited_now: int | None  # of the first cited passage that it found
    cited_then: int | None
    has_cited: bool


@dataclass(frozen=True)
class Comparison:
    now: str
    then: str
    answered: tuple[Answered, ...]

    @property
    def overlap(self) -> float:
        return sum(one.overlap for one in self.answered) / len(self.answered)

    @property
    def moved(self) -> dict[str, int]:
        """Of the questions whose answer cited something: whether the passage stands higher, lower, or as before."""
        counted = dict.fromkeys(("better", "same", "worse"), 0)
        for one in self.answered:
            if one.has_cited:
                now, then = one.cited_now or TOP + 1, one.cited_then or TOP + 1
                counted["same" if now == then else "better" if then < now else "worse"] += 1
        return counted


def own(scope: Scope, index: uuid.UUID, lines: Sequence[str] = ()) -> Comparison:
    """Ask the live index and this one: the given questions, or else those that this person asked last.

    Raises Forbidden, NotFound, Conflict (nothing is built yet), InvalidInput and Unavailable.
    """
    access.require(scope, Action.TENANT_MANAGE)
    written = [" ".join(line.split()) for line in lines if line.strip()]
    if any(len(line) > _LONGEST for line in written):
        raise InvalidInput(sentence("A question has at most %(most)s characters.", most=_LONGEST))
    if len(written) > QUESTIONS_MOST:
        raise InvalidInput(sentence("Ask at most %(most)s questions at once.", most=QUESTIONS_MOST))
    asked = [Asked(line) for line in written] or list(questions.recent(scope, QUESTIONS_MOST))
    return _compared(scope, index, asked, "written" if written else "own", "")


def everyones(scope: Scope, index: uuid.UUID, reason: str) -> Comparison:
    """Ask what everyone asked last. Reading words by machine is reading them: it takes the right to open the record and a
    reason, and it shows nobody's words.
    """
    access.require(scope, Action.TENANT_MANAGE)
    access.require(scope, Action.RECORD_OPEN)
    said = reading.checked_reason(reason)
    asked = questions.recent(scope.as_system(), QUESTIONS_MOST, everyones=True)
    return _compared(scope, index, asked, "everyone", said)


def _compared(scope: Scope, index: uuid.UUID, asked: Sequence[Asked], whose: str, reason: str) -> Comparison:
    row = indexes.get(scope, index)
    if row.state not in {IndexState.BUILDING, IndexState.PAUSED, IndexState.READY} or not row.done:
        raise Conflict(_NOT_BUILT)
    if not asked:
        raise InvalidInput(_NONE)
    now, is_shown = indexes.live(scope), whose != "everyone"
    # Whose words are not shown, of those no passages are shown either, and all that the tenant holds is counted.
    who = scope if is_shown else scope.as_system()
    readable = frozenset(catalog.readable(who))
    answered = tuple(_answered(who, one, (now, row.name), readable, is_shown=is_shown) for one in asked)
    made = Comparison(now, row.name, answered)
    facts = {
        "embedder": row.name,
        "dimensions": row.dimensions,
        "before": now,
        "questions": len(answered),
        "whose": whose,
        "overlap": round(made.overlap, 3),
        "cited": made.moved,
    }
    with scope.transaction():
        payload = {"reason": reason} if reason else None
        events.record(scope, Event.INDEX_COMPARED, resource=(indexes.KIND, row.pk), facts=facts, payload=payload)
    return made


def _answered(
    scope: Scope, asked: Asked, names: tuple[str, str], readable: frozenset[uuid.UUID], *, is_shown: bool
) -> Answered:
    now, then = names
    collections = sorted(readable.intersection(asked.collections))
    found = {name: search.passages(scope, asked.text, collections, TOP, name).passages for name in (now, then)}
    ranks = {name: {one.chunk_id: at for at, one in enumerate(found[name], 1)} for name in found}
    by_id = {one.chunk_id: one for name in found for one in found[name]}
    order = sorted(by_id, key=lambda one: (ranks[then].get(one, TOP + 1), ranks[now].get(one, TOP + 1)))
    both = len(ranks[now].keys() & ranks[then].keys())
    longer = max(len(ranks[now]), len(ranks[then]))
    return Answered(
        text=asked.text if is_shown else "",
        places=tuple(
            Place(by_id[one], ranks[now].get(one), ranks[then].get(one), one in asked.cited)
            for one in order
            if is_shown
        ),
        overlap=both / longer if longer else 1.0,
        gained=len(ranks[then]) - both,
        lost=len(ranks[now]) - both,
        cited_now=_best(ranks[now], asked.cited),
        cited_then=_best(ranks[then], asked.cited),
        has_cited=bool(asked.cited),
    )


def _best(ranks: dict[uuid.UUID, int], cited: Sequence[uuid.UUID]) -> int | None:
    return min((ranks[one] for one in cited if one in ranks), default=None)
