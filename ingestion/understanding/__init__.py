"""What a question means, worked out before it is searched for: cheap rules, each of which can be switched off.

    follow-up → spelling → glossary → facets, each searched under the filters that were said → merged, the named first

Nothing of it needs a model. What was understood stands in the receipt; whoever asked can switch a part of it off and ask
again, and `settings.UNDERSTANDING` switches parts off for the installation.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from governance import stopwatch
from governance.errors import InvalidInput
from governance.scope import Scope
from governance.sentence import sentence
from inference import runners
from ingestion import search
from ingestion.search import Found, Passage, phrases, receipts
from ingestion.search.place import Place
from ingestion.understanding import facets, followups, lookalikes, narrowing, spelling, widening
from ingestion.understanding.followups import Turn as Turn

WIDER = 3  # times as many are looked at as are kept, where the order may change
NOBODY: frozenset[str] = frozenset()


class Part(StrEnum):
    FOLLOW_UP = "follow_up"
    SPELLING = "spelling"
    GLOSSARY = "glossary"
    FACETS = "facets"
    FILTERS = "filters"
    NAMES = "names"
    QUOTES = "quotes"


@dataclass(frozen=True)
class Note:
    """That `said` was taken for `meant`, by which part."""

    part: Part
    said: str
    meant: str


@dataclass(frozen=True)
class Understood:
    """`question` stands alone and is spelled right; `searches` are what was looked for, one a facet, with what the glossary adds.

    `documents` is None where no filter was said.
    """

    question: str
    searches: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    documents: tuple[uuid.UUID, ...] | None = None
    off: tuple[str, ...] = ()
    parts: frozenset[Part] = field(default_factory=frozenset)
    own: tuple[search.Own | None, ...] = ()  # of each search, where the glossary added to it
    quoted: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """The question without the names that it says it does not mean: what evidence is weighed by."""
        return lookalikes.without(self.question) if Part.NAMES in self.parts else self.question

    @property
    def explained(self) -> tuple[tuple[str, str], ...]:
        """(said, meant) by the glossary: a passage may say the one for the other."""
        return tuple((one.said, one.meant) for one in self.notes if one.part is Part.GLOSSARY)

    def as_json(self) -> dict[str, Any]:
        notes = [{"part": str(one.part), "said": one.said, "meant": one.meant} for one in self.notes]
        return {"searched": list(self.searches), "notes": notes, "off": list(self.off)}


def chosen(off: Collection[str] = NOBODY) -> frozenset[Part]:
    """The parts that are at work: those of the settings without `off`."""
    try:
        wanted = {Part(one) for one in settings.UNDERSTANDING if one != "none"}
    except ValueError as fault:
        raise ImproperlyConfigured(f"CHANCERY_UNDERSTANDING: {fault}; there are {', '.join(Part)}.") from None
    return frozenset(one for one in wanted if one not in off)


def switched_off(wanted: Collection[str]) -> list[str]:
    """Names of parts, in their order, each once. Raises InvalidInput for what is none."""
    if unknown := set(wanted) - set(Part):
        raise InvalidInput(sentence("There is no part “%(name)s” of the understanding.", name=min(unknown)[:80]))
    return [one for one in Part if one in wanted]


def passages(
    scope: Scope,
    question: str,
    collections: Sequence[uuid.UUID] = (),
    limit: int = 8,
    *,
    earlier: Sequence[Turn] = (),
    off: Collection[str] = NOBODY,
) -> tuple[Found, Understood]:
    """What this scope may read about what the question means; as `search.passages`, whose errors it raises.

    `earlier` are the turns before, oldest first: only such as this scope may still read the sources of.
    """
    with scope.transaction():
        place = search.where(scope, collections)
        understood = read(scope, question, place.collections, earlier=earlier, off=off)
    found = _found(place, understood, limit)
    if understood.documents is not None and _is_far(found):
        # Better an answer from elsewhere, and said to be so, than none for a filter that was read into the question.
        dropped = replace(understood, documents=None, notes=_unmet(understood.notes, Part.FILTERS))
        found, understood = _found(place, dropped, limit), dropped
    shown = [one.whole for one in found.passages if not one.is_quarantined]
    unheld = [one for one in understood.quoted if not any(phrases.holds(one, text) for text in shown)]
    understood = replace(understood, notes=_unmet(understood.notes, Part.QUOTES, unheld))
    return replace(found, receipt=found.receipt | {"understood": understood.as_json()}), understood


@stopwatch.step("understanding")
def read(
    scope: Scope,
    question: str,
    readable: Sequence[uuid.UUID],
    *,
    earlier: Sequence[Turn] = (),
    off: Collection[str] = NOBODY,
) -> Understood:
    """What is made of the question; nothing is searched yet. `readable` are the collections that will be."""
    from ingestion import glossary

    parts, notes, text = chosen(off), list[Note](), question
    if Part.FOLLOW_UP in parts and (whole := followups.standalone(text, earlier)):
        notes.append(Note(Part.FOLLOW_UP, question, whole))
        text = whole
    documents: tuple[uuid.UUID, ...] | None = None
    quoted = phrases.quoted(text) if Part.QUOTES in parts else []
    notes += [Note(Part.QUOTES, one, one) for one in quoted]
    with scope.transaction():
        entries = glossary.entries(scope) if Part.GLOSSARY in parts else []
        if Part.SPELLING in parts:
            text, slips = spelling.corrected(scope, text, readable, phrases.spans(text) if quoted else ())
            notes += [Note(Part.SPELLING, one.said, one.meant) for one in slips]
        if Part.FILTERS in parts:
            documents, said = narrowing.documents(scope, text, readable)
            notes += [Note(Part.FILTERS, *one) for one in said]
    asked = facets.split(text) if Part.FACETS in parts else [text]
    if not all(any(phrase in one for one in asked) for phrase in quoted):
        asked = [text]  # what stands in quotes is no two questions
    if len(asked) > 1:
        notes += [Note(Part.FACETS, text, one) for one in asked]
    meant = text
    if Part.NAMES in parts:  # before the glossary, or it would put in other words what is not meant
        notes += [Note(Part.NAMES, text, name) for name in lookalikes.excluded(text)]
        meant, asked = lookalikes.without(text), [lookalikes.without(one) for one in asked]
    notes += [Note(Part.GLOSSARY, one.said, ", ".join(one.added)) for one in widening.widened(meant, entries)]
    added = [widening.widened(one, entries) for one in asked]
    searches = [widening.put_together(one, found) for one, found in zip(asked, added, strict=True)]
    own = [_own(one, found) for one, found in zip(asked, added, strict=True)]
    off = tuple(sorted(off))
    return Understood(text, tuple(searches), tuple(notes), documents, off, parts, tuple(own), tuple(quoted))


def _own(question: str, found: Sequence[widening.Widened]) -> search.Own | None:
    meanings = tuple((one.said, name) for one in found for name in one.added)
    return search.Own(question, meanings) if meanings else None


def _found(place: Place, understood: Understood, limit: int) -> Found:
    narrowed, most = replace(place, documents=understood.documents), min(limit * WIDER, search.LIMIT_MAX)
    # Each with its own phrases: those of one facet would take the places of the others.
    quoted = [[phrase for phrase in understood.quoted if phrase in one] for one in understood.searches]
    asked = zip(understood.searches, understood.own, quoted, strict=True)
    found = [search.within(narrowed, one, most, own, its) for one, own, its in asked]
    lists = [list(one.passages) for one in found]
    if Part.NAMES in understood.parts:
        lists = [_by_names(understood.question, one, its) for one, its in zip(lists, quoted, strict=True)]
    return _together(found, lists, limit)


def _by_names(question: str, found: Sequence[Passage], quoted: Sequence[str]) -> list[Passage]:
    """What holds its phrases stays before what does not, as the search has it."""
    return sorted(lookalikes.ordered(question, found), key=lambda one: phrases.lacking(quoted, one.whole))


def _together(found: Sequence[Found], lists: Sequence[Sequence[Passage]], limit: int) -> Found:
    """One result of several, in the order of `lists`, turn and turn about. A passage keeps its best score."""
    best: dict[uuid.UUID, Passage] = {}
    for one in (one for part in lists for one in part):
        if one.chunk_id not in best or one.score > best[one.chunk_id].score:
            best[one.chunk_id] = one
    order = facets.merge([[one.chunk_id for one in part] for part in lists], len(best))
    kept, left = [best[one] for one in order[:limit]], [best[one] for one in order[limit : 2 * limit]]
    copies = [line for one in found for line in one.receipt["cut"] if "repeats" in line]
    first = found[0]
    receipt = first.receipt | {
        "candidates": max(one.receipt["candidates"] for one in found),
        "kept": [receipts.line(rank, one) for rank, one in enumerate(kept, 1)],
        "cut": [*(receipts.left_out(one.chunk_id, one.score, limit) for one in left), *copies],
    }
    return replace(
        first,
        passages=tuple(kept),
        receipt=receipt,
        nearest=max((one.dense for one in kept), default=0.0),
        covered=max(one.covered for one in found),
    )


def _is_far(found: Found) -> bool:
    return found.nearest < runners.embedder(found.receipt["index"]).near


def _unmet(notes: Sequence[Note], part: Part, said: Collection[str] | None = None) -> tuple[Note, ...]:
    """With nothing meant by what that part read into the question, or by `said` of it."""
    return tuple(
        replace(one, meant="") if one.part is part and (said is None or one.said in said) else one for one in notes
    )
