"""How much a tenant uses: counted over its rows, for admins who see numbers and no content.

The rows are a person's own or a collection's, so the tenant's own scope counts them; only numbers leave here, and what a
group of fewer than SMALLEST_GROUP people asked is not told apart from all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, TruncDate

from assistant import models
from assistant.models import Status
from governance import access, quotas, tenants
from governance.actions import Action
from governance.errors import NotFound
from governance.models import Group, Person, Reservation
from governance.scope import Scope
from ingestion import documents
from ingestion.models import Collection, Version

SPANS = (7, 30, 90)
SMALLEST_GROUP = 3
STATUSES = (Status.ANSWERED, Status.REFUSED, Status.BLOCKED, Status.FAILED, Status.INTERRUPTED, Status.CANCELLED)

CITED = """
SELECT d.collection_id, count(DISTINCT s.answer_id)
FROM segment s CROSS JOIN LATERAL jsonb_array_elements(s.citations) c
JOIN document d ON d.tenant_id = s.tenant_id AND d.id = (c->>'document_id')::uuid
WHERE s.created_at >= %s GROUP BY 1
"""


@dataclass
class Day:
    """One day of UTC. `answers` counts by status; what is still under way is in `questions` alone."""

    day: date
    questions: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    tokens: int = 0
    documents: int = 0
    people: int = 0


@dataclass(frozen=True)
class Shelf:
    """`cited` are the answers that cite it."""

    name: str
    documents: int
    cited: int


@dataclass(frozen=True)
class Team:
    """`questions` is None for a group too small to be told apart."""

    name: str
    members: int
    questions: int | None


@dataclass(frozen=True)
class Held:
    """What is taken of the limits now. `tokens_today` counts a day of UTC."""

    documents: int
    documents_max: int
    tokens_today: int
    tokens_per_day: int | None
    people: int


@dataclass(frozen=True)
class Usage:
    span: int
    days: list[Day]
    shelves: list[Shelf]
    teams: list[Team]
    people: int
    held: Held

    @property
    def questions(self) -> int:
        return sum(day.questions for day in self.days)

    @property
    def tokens(self) -> int:
        return sum(day.tokens for day in self.days)

    @property
    def documents(self) -> int:
        return sum(day.documents for day in self.days)

    @property
    def answered(self) -> int:
        return sum(day.answers.get(Status.ANSWERED, 0) for day in self.days)


def over(scope: Scope, span: int) -> Usage:
    """The last `span` days, today among them. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    today = datetime.now(UTC).date()
    days = {one: Day(one) for one in (today - timedelta(days=back) for back in reversed(range(span)))}
    since = datetime.combine(min(days), datetime.min.time(), UTC)
    with scope.as_system().transaction():
        _count_answers(days, since)
        _count_tokens(days, since)
        _count_documents(days, since)
        asked = models.Answer.objects.filter(created_at__gte=since)
        people = asked.aggregate(people=Count("person", distinct=True))["people"]
        shelves, teams = _shelves(since), _teams(since)
    return Usage(span, list(days.values()), shelves, teams, people, held(scope))


def held(scope: Scope) -> Held:
    """Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    there = documents.room(scope)
    with scope.as_system().transaction():
        return Held(
            documents=there.held,
            documents_max=there.limit,
            tokens_today=quotas.taken_today(),
            tokens_per_day=tenants.current(scope.as_system()).tokens_per_day,
            people=Person.objects.filter(is_active=True).count(),
        )


def table(usage: Usage, what: str) -> tuple[list[str], Iterable[list[Any]]]:
    """The head and the rows of one table: days, collections or groups. Raises NotFound."""
    if what == "days":
        head = ["day", "questions", *(str(status) for status in STATUSES), "tokens", "documents", "active_people"]
        return head, [
            [
                one.day.isoformat(),
                one.questions,
                *(one.answers.get(status, 0) for status in STATUSES),
                one.tokens,
                one.documents,
                one.people,
            ]
            for one in usage.days
        ]
    if what == "collections":
        return ["collection", "documents", "answers_citing_it"], [[s.name, s.documents, s.cited] for s in usage.shelves]
    if what == "groups":
        rows = [[t.name, t.members, "" if t.questions is None else t.questions] for t in usage.teams]
        return ["group", "members", "questions"], rows
    raise NotFound("There is no such table. There are days, collections and groups.")


def _count_answers(days: dict[date, Day], since: datetime) -> None:
    rows = models.Answer.objects.filter(created_at__gte=since).annotate(day=TruncDate("created_at", tzinfo=UTC))
    for day, status, number in rows.values_list("day", "status").annotate(number=Count("pk")):
        if day in days:
            days[day].questions += number
            days[day].answers[status] = number
    for day, number in rows.values_list("day").annotate(number=Count("person", distinct=True)):
        if day in days:
            days[day].people = number


def _count_tokens(days: dict[date, Day], since: datetime) -> None:
    rows = Reservation.objects.filter(day__gte=since.date())
    for day, number in rows.values_list("day").annotate(number=Sum(Coalesce("used", "reserved"))):
        if day in days:
            days[day].tokens = number


def _count_documents(days: dict[date, Day], since: datetime) -> None:
    rows = Version.objects.filter(created_at__gte=since).annotate(day=TruncDate("created_at", tzinfo=UTC))
    for day, number in rows.values_list("day").annotate(number=Count("document", distinct=True)):
        if day in days:
            days[day].documents = number


def _shelves(since: datetime) -> list[Shelf]:
    rows = Collection.objects.filter(deleted_at=None).annotate(held=Count("documents"))
    with connection.cursor() as cursor:
        cursor.execute(CITED, [since])
        cited = dict(cursor.fetchall())
    shelves = [Shelf(row.name, row.held, cited.get(row.pk, 0)) for row in rows]
    return sorted(shelves, key=lambda shelf: (-shelf.cited, -shelf.documents, shelf.name))


def _teams(since: datetime) -> list[Team]:
    members = dict(
        Group.objects.annotate(number=Count("memberships__person", distinct=True)).values_list("pk", "number")
    )
    asked = """
        SELECT m.group_id, count(DISTINCT a.id) FROM membership m
        JOIN answer a ON a.tenant_id = m.tenant_id AND a.person_id = m.person_id WHERE a.created_at >= %s GROUP BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(asked, [since])
        questions = dict(cursor.fetchall())
    teams = [
        Team(name, members[pk], questions.get(pk, 0) if members[pk] >= SMALLEST_GROUP else None)
        for pk, name in Group.objects.values_list("pk", "name")
    ]
    return sorted(teams, key=lambda team: (team.questions is None, -(team.questions or 0), team.name))
