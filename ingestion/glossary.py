"""The tenant's glossary: what its abbreviations stand for, and what is also called otherwise. It widens what is searched for.

Everybody of the tenant searches by it and may see it, so nothing belongs into it that not everybody may know.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion.models import GlossaryTerm
from ingestion.understanding.widening import Entry

KIND = "glossary"
NAME_MAX = 80
MEANINGS_MAX = 8
ENTRIES_MAX = 2_000
_GONE = phrase("There is no such entry in the glossary.")
_WRONG_NAME = phrase(
    "A term and each of its meanings has 2 to %(most)s characters, and a letter or a digit among them."
)
_WRONG_AMOUNT = phrase("A term has 1 to %(most)s meanings that differ from it.")
_FULL = phrase("The glossary holds %(most)s terms, and takes no more.")


def listed(scope: Scope) -> list[GlossaryTerm]:
    """By term. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        return list(GlossaryTerm.objects.order_by("key"))


def entries(scope: Scope) -> list[Entry]:
    """As a search reads it."""
    with scope.transaction():
        return [Entry(term, tuple(meanings)) for term, meanings in GlossaryTerm.objects.values_list("term", "meanings")]


def get(scope: Scope, entry: uuid.UUID) -> GlossaryTerm:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        return _found(entry)


def add(scope: Scope, term: str, meanings: Sequence[str]) -> GlossaryTerm:
    """Raises Forbidden, InvalidInput, Conflict (it is there already, or the glossary is full)."""
    access.require(scope, Action.TENANT_MANAGE)
    row = GlossaryTerm(tenant_id=scope.tenant, created_by=scope.actor)
    _fill(row, term, meanings)
    with scope.transaction():
        if GlossaryTerm.objects.count() >= ENTRIES_MAX:
            raise Conflict(sentence(_FULL, most=ENTRIES_MAX))
        _save(row)
        _record(scope, Event.GLOSSARY_ADDED, row)
    return row


def change(scope: Scope, entry: uuid.UUID, term: str, meanings: Sequence[str]) -> GlossaryTerm:
    """Raises Forbidden, NotFound, InvalidInput, Conflict (another entry has this term)."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        row = _found(entry)
        before = {"term": row.term, "meanings": row.meanings}
        _fill(row, term, meanings)
        _save(row)
        _record(scope, Event.GLOSSARY_CHANGED, row, before)
    return row


def remove(scope: Scope, entry: uuid.UUID) -> None:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        row = _found(entry)
        _record(scope, Event.GLOSSARY_REMOVED, row)
        row.delete()


def split(written: str) -> list[str]:
    """Meanings as a form has them: one a line, or with semicolons between."""
    return [one.strip() for one in re.split(r"[;\n]", written) if one.strip()]


def _found(entry: uuid.UUID) -> GlossaryTerm:
    row = GlossaryTerm.objects.filter(pk=entry).first()
    if row is None:
        raise access.unseen(Action.TENANT_MANAGE, KIND, entry, _GONE)
    return row


def _fill(row: GlossaryTerm, term: str, meanings: Sequence[str]) -> None:
    row.term = _name(term)
    row.key = row.term.casefold()
    kept = {one.casefold(): one for one in map(_name, meanings)}
    kept.pop(row.key, None)
    if not 1 <= len(kept) <= MEANINGS_MAX:
        raise InvalidInput(sentence(_WRONG_AMOUNT, most=MEANINGS_MAX))
    row.meanings = list(kept.values())
    row.changed_at = timezone.now()


def _name(written: str) -> str:
    name = " ".join(written.replace("\x00", "").split())
    if not 2 <= len(name) <= NAME_MAX or not re.search(r"[^\W_]", name):
        raise InvalidInput(sentence(_WRONG_NAME, most=NAME_MAX))
    return name


def _save(row: GlossaryTerm) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(sentence("“%(term)s” is in the glossary already.", term=row.term)) from None


def _record(scope: Scope, event: Event, row: GlossaryTerm, before: Mapping[str, object] | None = None) -> None:
    payload = {"term": row.term, "meanings": row.meanings} | ({"before": before} if before else {})
    events.record(scope, event, resource=(KIND, row.pk), facts={"number": len(row.meanings)}, payload=payload)
