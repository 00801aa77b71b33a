"""The ledger: what policy decided, rule by rule, and the way to the words of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from assistant.views import signed_in
from assistant.views.record import filters
from assistant.views.record.filters import Chosen
from governance import models, people
from governance.policy import ledger
from governance.policy.ledger import Filters
from governance.scope import Scope

A_PAGE = 50
CANDIDATES = 12
TEXTS = ("person", "rule", "stage", "within", "since", "until", "interaction", "collection")


@dataclass(frozen=True)
class Choice:
    """As it stands in the address. `time` reads what the record's own list has in its address too."""

    verdicts: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    failed: bool = False
    who: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Choice:
        given = {name: value for name in TEXTS if (value := str(query.get(name, "")).strip())}
        return cls(
            [action for action in ledger.ACTIONS if action in query.getlist("verdict")],
            given,
            "failed" in query,
            str(query.get("who", "")).strip()[:254],
        )

    def query(self, **more: str) -> str:
        """The address of this choice with something else in it, or without what is empty."""
        query = QueryDict(mutable=True)
        query.setlist("verdict", self.verdicts)
        for name, value in (self.given | ({"failed": "1"} if self.failed else {}) | more).items():
            if value:
                query[name] = value
        return query.urlencode(safe=":")

    def filters(self) -> Filters:
        """Raises InvalidInput for what cannot be understood."""
        timed = {"since", "until", "within", "person", "interaction"}
        found = Chosen(given={name: value for name, value in self.given.items() if name in timed}).filters()
        shelf = Chosen(given={"mentions": self.given.get("collection", "")}).filters()
        return {
            "person": found["person"],
            "interaction": found["interaction"],
            "since": found["since"],
            "until": found["until"],
            "collection": shelf["mentions"],
            "rule": self.given.get("rule", ""),
            "stage": self.given.get("stage", ""),
            "actions": self.verdicts,
            "failed": self.failed,
        }


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    choice = Choice.of(request.GET)
    if choice.who:
        return _with_person(request, scope, choice)
    wanted, cursor = choice.filters(), request.GET.get("cursor", "")
    found = ledger.listed(scope, cursor=cursor, limit=A_PAGE, **wanted)
    tally = ledger.tallied(scope, **wanted)
    context = _form(scope, choice) | {
        "rows": _named(scope, found.rows),
        "tally": tally,
        "total": sum(tally.values()),
        "is_more": sum(tally.values()) >= ledger.COUNTED_MOST,
        "older": choice.query(cursor=found.next) if found.next else "",
        "is_first": not cursor,
    }
    return render(request, "record/verdicts.html", context)


def _form(scope: Scope, choice: Choice) -> dict[str, Any]:
    person = choice.filters().get("person")
    return {
        "room": "record",
        "choice": choice,
        "query": choice.query(),
        "actions": [(action, action in choice.verdicts) for action in ledger.ACTIONS[::-1]],
        "stages": ledger.STAGES,
        "spans": [(name, label) for name, (label, _of) in filters.SPANS.items()],
        "rules": ledger.rules(scope),
        "who": people.names(scope, [person]).get(person, str(person)) if person else "",
        "everybody": choice.query(person=""),
    }


def _with_person(request: HttpRequest, scope: Scope, choice: Choice) -> HttpResponse:
    """A name becomes a number in the address, as in the record's own list."""
    rules = _form(scope, choice)  # asks for the role first
    found = people.matching(scope, choice.who, CANDIDATES)
    if len(found) == 1 or (found and choice.who.casefold() in {found[0].email.casefold(), found[0].name.casefold()}):
        return redirect(f"{reverse('record-verdicts')}?{choice.query(person=str(found[0].pk))}")
    several = _("Several people match “%(who)s”. Choose one.")
    nobody = _("Nobody here is called “%(who)s”. Try a part of the name or of the address.")
    return render(
        request,
        "record/verdicts.html",
        rules
        | {
            "who": choice.who,
            "candidates": [(person, choice.query(person=str(person.pk))) for person in found],
            "fault": (several if found else nobody) % {"who": choice.who},
        },
    )


def _named(scope: Scope, rows: list[models.PolicyDecision]) -> list[tuple[models.PolicyDecision, str]]:
    """Each with the name of who had it judged, where they are still here."""
    wanted: set[uuid.UUID] = {row.person for row in rows if row.person}
    names = people.names(scope, wanted)
    return [(row, names.get(row.person, "") if row.person else "") for row in rows]
