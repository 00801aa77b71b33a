"""Who may do what, and why: one person over all collections, or all collections of a manager over all their holders."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from assistant import why
from governance import access, grants, models, pages, people
from governance.access import Decision
from governance.actions import Action
from governance.errors import InvalidInput, NotFound
from governance.grants import Held, Holder
from governance.pages import Page
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog

ASKED = (Action.COLLECTION_READ, Action.DOCUMENT_WRITE, Action.COLLECTION_MANAGE)
ROWS, COLUMNS = 25, 10
DENY = "deny"


@dataclass(frozen=True)
class Right:
    """`decisions` answer ASKED in its order; `held` are the grants that count here, with who holds them."""

    collection: uuid.UUID
    name: str
    decisions: tuple[Decision, ...]
    held: tuple[tuple[str, Held], ...]


@dataclass(frozen=True)
class Party:
    """Whom a grant may go to."""

    id: uuid.UUID
    name: str
    is_group: bool

    @property
    def kind(self) -> str:
        return "group" if self.is_group else "person"

    @property
    def holder(self) -> Holder:
        return Holder(group=self.id) if self.is_group else Holder(person=self.id)


@dataclass(frozen=True)
class Cell:
    collection: uuid.UUID
    collection_name: str
    party: Party
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Line:
    collection: uuid.UUID
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    lines: Page[Line]
    parties: Page[Party]


def of(scope: Scope, person: uuid.UUID, words: str = "", number: int = 1) -> Page[Right]:
    """What a person may do with each collection the asking admin sees. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    row = people.get(scope, person)
    found = catalog.found(scope, Action.COLLECTION_SEE, words, number, pages.SIZE)
    given = grants.on(scope, [one.pk for one in found.rows])
    subject = people.scope_in(scope.tenant, person) if row.is_active else None
    decided = explained(subject, [one.pk for one in found.rows])
    mine = subject.groups if subject else frozenset()
    rights = [
        Right(
            one.pk,
            one.name,
            decided[one.pk],
            tuple(
                (str(grant.group or ""), Held.of(grant))
                for grant in given
                if grant.resource_id == one.pk and (grant.person_id == person or grant.group_id in mine)
            ),
        )
        for one in found.rows
    ]
    return Page(rights, found.number, found.total, found.size)


def explained(subject: Scope | None, collections: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[Decision, ...]]:
    """What is decided of ASKED for each; None is somebody who is switched off."""
    if subject is None:
        off = "they are switched off"
        return {one: tuple(Decision(False, action, off, one) for action in ASKED) for one in collections}
    answers = [access.decide_each(subject, action, collections) for action in ASKED]
    return {one: tuple(answer[one] for answer in answers) for one in collections}


def matrix(scope: Scope, words: str, who: str, number: int, across: int) -> Matrix:
    """Of the collections this scope manages. `words` are of a collection's name, `who` of a holder's.

    Raises Forbidden for those who manage none.
    """
    found = catalog.found(scope, Action.COLLECTION_MANAGE, words, number, ROWS)
    if not found.total and not manages_any(scope):
        access.require(scope, Action.COLLECTION_MANAGE)
    parties = _parties(scope, who, across)
    given = grants.on(scope, [one.pk for one in found.rows])
    held: dict[tuple[uuid.UUID, uuid.UUID], list[Held]] = {}
    for grant in given:
        key = grant.person_id or grant.group_id
        assert key is not None  # noqa: S101  the database sees to it
        held.setdefault((grant.resource_id, key), []).append(Held.of(grant))
    lines = [
        Line(
            one.pk,
            one.name,
            tuple(Cell(one.pk, one.name, party, tuple(held.get((one.pk, party.id), ()))) for party in parties.rows),
        )
        for one in found.rows
    ]
    return Matrix(Page(lines, found.number, found.total, found.size), parties)


def manages_any(scope: Scope) -> bool:
    return bool(catalog.found(scope, Action.COLLECTION_MANAGE, "", 1, 1).total)


def cell(scope: Scope, collection: uuid.UUID, kind: str, holder: uuid.UUID) -> tuple[Cell, tuple[Decision, ...], int]:
    """One cell; what is decided of the person all in all; the members, where it is a group. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    party = _party(scope, kind, holder)
    name = catalog.get(scope, collection).name
    with scope.transaction():
        found = Cell(collection, name, party, grants.held_by(collection, party.holder))
        members = models.Membership.objects.filter(group=holder).values("person").distinct().count()
    if party.is_group:
        return found, (), members
    row = people.get(scope, holder)
    subject = people.scope_in(scope.tenant, holder) if row.is_active else None
    return found, explained(subject, [collection])[collection], 0


def change(
    scope: Scope, collection: uuid.UUID, kind: str, holder: uuid.UUID, choice: str, until: str | None = None
) -> tuple[Cell, str]:
    """The cell as it is now, and the choice that undoes it. `until` is the last day on which it is to count, empty for no end;
    None leaves ends as they are. Raises NotFound, Forbidden, InvalidInput.
    """
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    party = _party(scope, kind, holder)
    name = catalog.get(scope, collection).name
    with scope.transaction():
        held = grants.held_by(collection, party.holder)
        wanted = held_from(_with_end(choice, until, held), held)
        before = grants.replace(scope, collection, party.holder, wanted)
    return Cell(collection, name, party, wanted), undone_by(before)


def held_from(choice: str, held: Iterable[Held]) -> tuple[Held, ...]:
    """From "read", "deny-read", "manage,deny-contribute", or "none". A word may say its end ("read@2026-03-03T12:00Z"), or that
    it has none ("read@"); one that does not ends as what is held of its kind does. Raises InvalidInput.
    """
    ends = {one.denies: one.until for one in held if not one.has_ended}
    found = []
    for word in choice.split(","):
        named, at, end = word.partition("@")
        level, denies = named.removeprefix(f"{DENY}-").upper(), named.startswith(f"{DENY}-")
        if word == "none":
            continue
        if level not in Level.__members__:
            raise InvalidInput("Choose what they may do.")
        found.append(Held(Level[level], denies, why.moment(end) if at else ends.get(denies)))
    return tuple(found)


def choice_of(held: Iterable[Held]) -> str:
    return ",".join(_word(one) for one in held) or "none"


def undone_by(held: Iterable[Held]) -> str:
    """The same with the ends, which are gone where it was taken away meanwhile; what has ended does not come back."""
    words = [f"{_word(one)}@{one.until.isoformat() if one.until else ''}" for one in held if not one.has_ended]
    return ",".join(words) or "none"


def _with_end(choice: str, until: str | None, held: Iterable[Held]) -> str:
    """Words that say no end get the form's; the day on which it ends already stands for its hour, too."""
    if until is None:
        return choice
    kept = [one.until.isoformat() for one in held if one.until and f"{one.until:%Y-%m-%d}" == until.strip()]
    end = kept[0] if kept else until.strip()
    return ",".join(word if word == "none" or "@" in word else f"{word}@{end}" for word in choice.split(","))


def _word(one: Held) -> str:
    return f"{DENY}-{one.level.name.lower()}" if one.denies else one.level.name.lower()


def _party(scope: Scope, kind: str, holder: uuid.UUID) -> Party:
    with scope.transaction():
        if kind == "group":
            group = models.Group.objects.filter(pk=holder).first()
            if group:
                return Party(group.pk, group.name, is_group=True)
        elif kind == "person":
            person = models.Person.objects.filter(pk=holder).first()
            if person:
                return Party(person.pk, str(person), is_group=False)
    raise NotFound("There is no such person or group.")


def _parties(scope: Scope, who: str, number: int) -> Page[Party]:
    """Groups first. Without words: all groups, and the people who hold something themselves."""
    with scope.transaction():
        teams = models.Group.objects.order_by("name")
        staff = models.Person.objects.order_by("name", "email")
        if who:
            teams = teams.filter(name__icontains=who)
            staff = staff.filter(Q(name__icontains=who) | Q(email__icontains=who), is_active=True)
        else:
            managed = access.access_filter(scope, Action.COLLECTION_MANAGE, "resource")
            held = models.Grant.objects.filter(managed, person__isnull=False)
            staff = staff.filter(pk__in=held.values("person"))
        in_groups, total = teams.count(), teams.count() + staff.count()
        number = pages.there(number, total, COLUMNS)
        start = (number - 1) * COLUMNS
        found = [Party(one.pk, one.name, is_group=True) for one in teams[start : start + COLUMNS]]
        start, left = max(0, start - in_groups), COLUMNS - len(found)
        found += [Party(one.pk, str(one), is_group=False) for one in staff[start : start + left]]
    return Page(found, number, total, COLUMNS)
