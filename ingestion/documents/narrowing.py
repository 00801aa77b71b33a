"""What narrows a document, now or at any moment that the history knows, and the one rule of who sees it then.

Postgres has the same rule on every row (`chancery.hidden_documents`), which is what decides; tests hold the two together.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance import history, remembered
from governance.errors import InvalidInput
from governance.grants import Holder
from governance.history import Then
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion.models import Document, Reader

UNNAMED = phrase("the document is restricted, and names neither the person nor a group of theirs")
ABOVE = phrase("the document's label is above what the person is cleared for")
PERSON = phrase("the document is restricted, and names the person")
GROUP = phrase("the document is restricted, and names a group of the person's")


@dataclass(frozen=True)
class Reason:
    """`said` is a part of a sentence, for a person to read."""

    seen: bool
    said: str


@dataclass(frozen=True)
class Narrowing:
    """`label` is the rank that the outermost document carried; `readers` whom each restricted one names, from the inside out."""

    label: int
    readers: tuple[frozenset[Holder], ...]


def read(told: Mapping[str, Any]) -> Narrowing:
    """As what outlives a document keeps it: {"label": 2, "readers": [[{"person": …}, {"group": …}]]}."""
    return Narrowing(told["label"], tuple(frozenset(map(_holder, named)) for named in told["readers"]))


def judge(
    narrowing: Narrowing, person: uuid.UUID | None, groups: frozenset[uuid.UUID], cleared: int | None
) -> Reason | None:
    """Why they see it or not; None where nothing narrows it for them. Who may read its collection is asked before."""
    if cleared is not None and narrowing.label > cleared:
        return Reason(False, ABOVE)
    found = None
    for holders in narrowing.readers:
        if Holder(person=person) in holders:
            found = Reason(True, PERSON)
        elif any(one.group in groups for one in holders if one.group is not None):
            found = Reason(True, GROUP)
        else:
            return Reason(False, UNNAMED)
    return found


def now(row: Document) -> Narrowing:
    """As the rows stand. In a transaction of the tenant's own work."""
    above = list(_up(row))
    return Narrowing(rank(above[-1]), tuple(frozenset(holders(one)) for one in above if one.is_restricted))


def then(scope: Scope, row: Document, moment: datetime) -> Narrowing:
    """As they stood at that moment. Raises InvalidInput for a time before the history of labels and restrictions."""
    begun = history.labels_known_since(scope)
    if moment < begun:
        said = f"{begun:%Y-%m-%d %H:%M} UTC"
        raise InvalidInput(
            sentence("How documents were narrowed is known from %(since)s on, and not before.", since=said)
        )
    with scope.as_system().transaction():
        above = list(_up(row))
        ids = [one.pk for one in above]
        said_of = {one.row: one.said for one in remembered.rows("document", moment).filter(row__in=ids)}
        named: dict[uuid.UUID | None, set[Holder]] = {}
        for one in remembered.rows("document_reader", moment).filter(resource__in=ids):
            named.setdefault(one.resource, set()).add(Holder(one.person, one.group))
        shelf = remembered.rows("collection", moment).filter(row=row.collection_id).first()
    own = said_of.get(ids[-1], {}).get("label")
    label = own if own is not None else shelf.said["label"] if shelf else 0
    restricted = (one for one in ids if said_of.get(one, {}).get("is_restricted"))
    return Narrowing(label, tuple(frozenset(named.get(one, ())) for one in restricted))


def why_then(
    scope: Scope, stood: Then, document: uuid.UUID, people: Iterable[uuid.UUID]
) -> dict[uuid.UUID, Reason | None]:
    """What narrowed the document for each of these people then. Raises InvalidInput for a time before that history."""
    with scope.as_system().transaction():
        row = Document.objects.filter(pk=document).select_related("collection").first()
    if row is None:
        return {}
    found = then(scope, row, stood.at)
    return {one: judge(found, one, stood.groups_of(one), stood.clearance(one)) for one in people}


def holders(row: Document) -> set[Holder]:
    return {Holder(one.person_id, one.group_id) for one in Reader.objects.filter(document=row)}


def _holder(told: Mapping[str, str]) -> Holder:
    return Holder(**{kind: uuid.UUID(one) for kind, one in told.items()})


def root(row: Document) -> Document:
    *_, last = _up(row)
    return last


def rank(row: Document) -> int:
    return row.collection.label if row.label is None else row.label


def _up(row: Document) -> Iterator[Document]:
    """It, and what it came within."""
    yield row
    while row.parent is not None:
        row = row.parent
        yield row
