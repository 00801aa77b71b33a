"""Why somebody may or may not, and who may: what was asked in the portal or by the API, and what is told with its names."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from governance import access, explanations, grants, history, models, operators
from governance.actions import Action
from governance.errors import InvalidInput
from governance.explanations import ALSO, BEATEN, DECIDES, Explanation, Supported, Way
from governance.requests import deciding
from governance.requests.deciding import Behind
from governance.roles import GRANT_LEVELS
from governance.scope import Scope
from governance.sentence import phrase
from ingestion.documents import narrowing, restrictions
from ingestion.documents.narrowing import Reason
from ingestion.models import Collection, Document

NOTHING = phrase("There is nothing here that you may see.")
ASKABLE = tuple(GRANT_LEVELS)


@dataclass(frozen=True)
class Asked:
    """`person` alone asks of themselves what the tenant lets them do; without one it is asked who may."""

    action: Action = Action.COLLECTION_READ
    person: uuid.UUID | None = None
    collection: uuid.UUID | None = None
    document: uuid.UUID | None = None
    at: datetime | None = None
    key: uuid.UUID | None = None


@dataclass(frozen=True)
class Told:
    """`one` where a person was named, `those` where it was asked who may; `names` of all people that are spoken of.

    `support` are operators to whom it is opened, or was at that moment, beside those people; of a whole collection alone.
    """

    action: Action
    at: datetime | None
    collection: uuid.UUID | None
    collection_name: str
    one: Explanation | None
    those: tuple[Explanation, ...]
    names: dict[uuid.UUID, str]
    known_since: datetime
    asked: dict[uuid.UUID, Behind]  # by grant: who asked for it when, and who approved it
    support: tuple[Supported, ...] = ()


def tell(scope: Scope, asked: Asked) -> Told:
    """Raises NotFound, Forbidden, InvalidInput."""
    collection = _collection(scope, asked)
    one: Explanation | None = None
    those: tuple[Explanation, ...] = ()
    helping: tuple[Supported, ...] = ()
    if asked.person is not None:
        one = explanations.why(scope, asked.person, asked.action, collection, at=asked.at, key=asked.key)
    elif collection is None:
        raise InvalidInput("Name a person or a collection, or both.")
    else:
        those = tuple(explanations.who(scope, asked.action, collection, at=asked.at))
        helping = tuple(explanations.support(scope, asked.action, collection, at=asked.at))
    if asked.document is not None:
        narrowed = _narrowed(scope, [one] if one else those, asked.document, asked.at)
        one = narrowed[0] if one else None
        those = () if one else tuple(each for each in narrowed if each.allowed)
    found = (one,) if one else those
    with scope.transaction():
        names = _names(found) | operators.names(one.operator for one in helping)
        shelf = Collection.objects.filter(pk=collection).values_list("name", flat=True).first() if collection else ""
    those = tuple(sorted(those, key=lambda each: names.get(each.person, "")))
    begun = history.known_since(scope)
    given = [way.grant for each in found for way in each.ways if way.grant and way.source == grants.REQUEST]
    requests = deciding.behind(scope, given)
    return Told(asked.action, asked.at, collection, shelf or "", one, those, names, begun, requests, helping)


def moment(text: str) -> datetime | None:
    """From a time in ISO 8601, of UTC where it says no zone, or from a day, of which it is the end. Raises InvalidInput."""
    if not text.strip():
        return None
    try:
        at: datetime | None = parse_datetime(text.strip())
        day: date | None = parse_date(text.strip())
    except ValueError:
        at = day = None
    if day is not None and "T" not in text.upper() and ":" not in text:
        at = datetime.combine(day, time.max)
    if at is None:
        raise InvalidInput("Give a day such as 2026-03-03, or a time such as 2026-03-03T12:00.")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def action(text: str) -> Action:
    """Raises InvalidInput."""
    try:
        return Action(text or Action.COLLECTION_READ)
    except ValueError:
        raise InvalidInput("There is no such action.") from None


def _collection(scope: Scope, asked: Asked) -> uuid.UUID | None:
    """Of the document that is asked about. What is not there, what is not theirs and what is kept from them are one answer."""
    if asked.document is None:
        return asked.collection
    with scope.as_system().transaction():
        found: uuid.UUID | None = (
            Document.objects.filter(pk=asked.document).values_list("collection", flat=True).first()
        )
    if found is None or _is_kept_from(scope, asked.document, found):
        raise access.unseen(asked.action, "document", asked.document, NOTHING)
    return found


def _is_kept_from(scope: Scope, document: uuid.UUID, collection: uuid.UUID) -> bool:
    """Whoever runs the collection is told that it is there."""
    if access.decide(scope, Action.COLLECTION_MANAGE, collection).allowed:
        return False
    return document in restrictions.hidden(scope)


def _narrowed(
    scope: Scope, found: Sequence[Explanation], document: uuid.UUID, at: datetime | None
) -> list[Explanation]:
    """With what kept the document from them at that moment. Raises InvalidInput for a time before that is known."""
    moment = at or timezone.now()
    asked = [
        one.person for one in found if one.allowed and one.action in (Action.COLLECTION_READ, Action.DOCUMENT_WRITE)
    ]
    if not asked:
        return list(found)
    stood = history.at(scope, moment, person=asked[0] if len(asked) == 1 else None)
    reasons = narrowing.why_then(scope, stood, document, asked)
    return [_kept(one, reasons.get(one.person)) for one in found]


def _kept(found: Explanation, reason: Reason | None) -> Explanation:
    if reason is None or reason.seen:
        return found
    ways = (way if way.standing not in (DECIDES, ALSO) else replace(way, standing=BEATEN) for way in found.ways)
    return replace(found, allowed=False, reason=reason.said, ways=tuple(ways))


def _names(found: Iterable[Explanation]) -> dict[uuid.UUID, str]:
    people = {one.person for one in found} | {way.by for one in found for way in one.ways if way.by}
    return {person.pk: str(person) for person in models.Person.objects.filter(pk__in=people)}


def as_json(told: Told) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "action": str(told.action),
        "collection": {"id": told.collection, "name": told.collection_name} if told.collection else None,
        "known_since": told.known_since.isoformat(),
    }
    if told.one is not None:
        return shared | _one(told, told.one)
    return shared | {
        "at": told.at.isoformat() if told.at else None,
        "people": [_one(told, each) for each in told.those],
        "support": [_supported(told, each) for each in told.support],
    }


def _supported(told: Told, found: Supported) -> dict[str, Any]:
    return {
        "operator": {"id": found.operator, "name": told.names.get(found.operator, "")} if found.operator else None,
        "support_access": found.access,
        "level": found.level.name.lower(),
        "reason": found.reason,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
    }


def _one(told: Told, found: Explanation) -> dict[str, Any]:
    return {
        "person": {"id": found.person, "name": told.names.get(found.person, "")},
        "at": found.at.isoformat(),
        "allowed": found.allowed,
        "reason": found.reason,
        "key": found.key,
        "ways": [_way(told, way) for way in found.ways],
    }


def _way(told: Told, way: Way) -> dict[str, Any]:
    through = {
        "id": way.group,
        "name": way.group_name,
        "sources": list(way.sources),
        "member_since": _iso(way.member_since),
    }
    return {
        "kind": way.kind,
        "standing": way.standing,
        "gives": way.said,
        "denies": way.denies,
        "through": through if way.group else None,
        "since": _iso(way.since),
        "until": _iso(way.until),
        "by": {"id": way.by, "name": told.names.get(way.by, "")} if way.by else None,
        "source": way.source or None,
        "grant": way.grant,
        "request": told.asked[way.grant].told() if way.grant in told.asked else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
