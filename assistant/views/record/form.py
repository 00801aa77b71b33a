"""What the forms of the room offer to choose from, and who is meant by a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from assistant.views.record import filters
from assistant.views.record.filters import Chosen
from governance import people
from governance.audit import reading
from governance.models import Person
from governance.scope import Scope
from ingestion import catalog

PEOPLE_SHOWN = 12


def fields(scope: Scope, chosen: Chosen) -> dict[str, Any]:
    """What `record/fields.html` and `record/filters.html` are filled with. Raises Forbidden and InvalidInput."""
    wanted = chosen.filters()
    person = wanted.get("person") or wanted.get("about")
    shelves = [(str(shelf), name) for shelf, name in catalog.labels(scope)]
    kept = chosen.given.get("collection", "")
    if kept and kept not in dict(shelves):
        shelves.append((kept, _("Deleted, %(number)s") % {"number": kept[:8]}))
    return {
        "room": "record",
        "chosen": chosen,
        "query": chosen.query(),
        "kinds": [(name, label, name in chosen.kinds) for name, (label, _families) in filters.KINDS.items()],
        "outcomes": [(name, label) for name, (label, _of) in filters.OUTCOMES.items()],
        "spans": [(name, label) for name, (label, _of) in filters.SPANS.items()],
        "shelves": shelves,
        "models": reading.models(scope),
        "who": people.names(scope, [person]).get(person, str(person)) if person else "",
    }


def people_called(scope: Scope, who: str) -> Sequence[Person]:
    """One, where one alone matches or is called exactly so; else all that match. Raises Forbidden."""
    reading.require(scope)
    found = people.matching(scope, who, PEOPLE_SHOWN)
    is_exact = bool(found) and who.casefold() in {found[0].email.casefold(), found[0].name.casefold()}
    return found[:1] if is_exact else found


def fault_of(who: str, found: Sequence[Person]) -> str:
    """Where it was not one."""
    if found:
        return _("Several people match “%(who)s”. Choose one.") % {"who": who}
    return _("Nobody here is called “%(who)s”. Try a part of the name or of the address.") % {"who": who}
