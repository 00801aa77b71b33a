"""What an officer chose to see, as it stands in the address: read from it, and written back without what is empty."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistant.views.parsing import parsed_id
from governance.audit import selection
from governance.audit.selection import Filters
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput

T = TypeVar("T")

# The families of events, in an officer's words. What stands nowhere here is administration.
KINDS = {
    "sign-ins": (gettext_lazy("Sign-ins"), {"session"}),
    "questions": (gettext_lazy("Questions"), {"prompt", "search", "embedding", "conversation"}),
    "answers": (gettext_lazy("Answers"), {"retrieval", "answer"}),
    "policy": (gettext_lazy("Policy"), {"policy"}),
    "documents": (gettext_lazy("Documents"), {"document", "collection"}),
    "access": (gettext_lazy("Access"), {"access", "grant"}),
    "administration": (gettext_lazy("Administration"), set[str]()),
    "record": (gettext_lazy("The record itself"), {"record", "case", "erasure", "hold", "retention"}),
}
OTHER = "administration"
OUTCOMES = {
    "troubled": (gettext_lazy("Blocked or redacted"), ("redact", "block", "blocked")),
    "denied": (gettext_lazy("Denied or turned away"), (selection.DENIED,)),
    "answered": (gettext_lazy("Answered"), ("answered",)),
    "refused": (gettext_lazy("Refused for want of evidence"), ("refused",)),
    "cancelled": (gettext_lazy("Stopped by the person"), ("cancelled",)),
    "interrupted": (gettext_lazy("Interrupted"), ("interrupted",)),
    "failed": (gettext_lazy("Failed"), ("failed",)),
}
SPANS = {
    "1h": (gettext_lazy("Last hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("Last 24 hours"), timedelta(days=1)),
    "7d": (gettext_lazy("Last 7 days"), timedelta(days=7)),
    "30d": (gettext_lazy("Last 30 days"), timedelta(days=30)),
}
A_DAY = timedelta(days=1)
GRID = timedelta(minutes=5)  # a span begins on it, so that the same look a minute later is the same look
# In the order in which they stand in the address.
NAMES = (
    "outcome", "person", "concerned", "within", "day", "since", "until", "clock", "collection", "model", "mentions",
    "interaction", "action",
)  # fmt: skip
TIMES = ("within", "day", "since", "until")


def kind_of(action: str) -> str:
    family = action.partition(".")[0]
    return next((kind for kind, (_label, families) in KINDS.items() if family in families), OTHER)


def actions_of(kinds: list[str]) -> list[str]:
    return [str(event) for event in Event if kind_of(str(event)) in kinds]


@dataclass(frozen=True)
class Chosen:
    """`given` are the address's own words, to fill the form with; `who` is a name that is yet to be found."""

    kinds: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    who: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Chosen:
        sent = {name: str(query.get(name, "")).strip() for name in NAMES}
        given = {name: value for name, value in sent.items() if value}
        kinds = [kind for kind in KINDS if kind in query.getlist("kind")]
        return cls(kinds, given, str(query.get("who", "")).strip()[:254])

    def query(self, **more: str) -> str:
        """The address: the same choice is always the same one."""
        query = QueryDict(mutable=True)
        query.setlist("kind", self.kinds)
        said = self.given | more
        for name in (*NAMES, *(name for name in more if name not in NAMES)):
            if said.get(name):
                query[name] = said[name]
        return query.urlencode(safe=":")

    def about(self, person: uuid.UUID) -> Chosen:
        return Chosen(self.kinds, self.given | {"person": str(person)})

    def filters(self, now: datetime | None = None) -> Filters:
        """Raises InvalidInput for what cannot be understood."""
        given = self.given
        wanted: Filters = {
            "interaction": _id(given.get("interaction")),
            "mentions": _id(given.get("mentions")),
            "touched": _id(given.get("collection")),
            "model": given.get("model"),
            "action": given.get("action"),
            "actions": actions_of(self.kinds) if self.kinds else (),
            "outcomes": _choice(OUTCOMES, given["outcome"])[1] if "outcome" in given else (),
            "since": _time(given.get("since")),
            "until": _time(given.get("until")),
            "clock": given.get("clock", ""),
        }
        wanted["about" if "concerned" in given else "person"] = _id(given.get("person"))
        if "within" in given and "since" not in given:
            wanted["since"] = _floor((now or datetime.now(UTC)) - _choice(SPANS, given["within"])[1])
        if day := _time(given.get("day")):  # the narrower of two
            ends = _day_after(day)
            wanted["since"] = max(wanted.get("since") or day, day)
            wanted["until"] = min(wanted.get("until") or ends, ends)
        return wanted

    def fixed(self) -> Chosen:
        """The same with its times as they are now, so that it means the same on another day. Raises InvalidInput."""
        wanted = self.filters()
        since, until = wanted.get("since"), wanted.get("until") or datetime.now(UTC) + timedelta(seconds=1)  # and now's
        kept = {name: value for name, value in self.given.items() if name not in TIMES}
        times = {name: at.strftime("%Y-%m-%dT%H:%M:%S") for name, at in (("since", since), ("until", until)) if at}
        return Chosen(self.kinds, kept | times)

    @property
    def is_open_ended(self) -> bool:
        return not self.given.keys() & {"until", "day"}

    @property
    def is_detailed(self) -> bool:
        """Is anything chosen that stands in the folded part of the form?"""
        return bool(self.given.keys() & {"since", "until", "clock", "mentions", "interaction", "action", "concerned"})


def _id(text: str | None) -> uuid.UUID | None:
    return parsed_id(text) if text else None


def _choice(table: dict[str, T], name: str) -> T:
    if name not in table:
        raise InvalidInput(_("There is no such choice. Clear the filters and choose again."))
    return table[name]


def _time(text: str | None) -> datetime | None:
    """A time without a zone is of UTC, as every time of the record is."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(_("A time is written like 2026-03-31T14:05, in UTC.")) from None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _day_after(day: datetime) -> datetime:
    try:
        return day + A_DAY
    except OverflowError:
        raise InvalidInput(_("A time is written like 2026-03-31T14:05, in UTC.")) from None


def _floor(at: datetime) -> datetime:
    return at - (at - datetime.min.replace(tzinfo=UTC)) % GRID
