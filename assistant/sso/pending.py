"""The two halves of linking a local person: they came from their provider, and now they give their password.

Neither half is enough. Both have to be done in one browser's session, within ten minutes.
"""

from __future__ import annotations

import time
import uuid

from django.http import HttpRequest

from governance.identity import identities
from governance.scope import Scope

PLACE = "sso_pending"
SECONDS = 600


def keep(request: HttpRequest, provider: uuid.UUID, presented: identities.Presented, person: uuid.UUID) -> None:
    request.session[PLACE] = {
        "provider": str(provider),
        "issuer": presented.issuer,
        "subject": presented.subject,
        "person": str(person),
        "at": time.time(),
    }


def is_kept_for(request: HttpRequest, person: uuid.UUID) -> bool:
    """Does the other half wait for this person?"""
    kept = request.session.get(PLACE)
    return kept is not None and kept["person"] == str(person) and bool(time.time() - kept["at"] <= SECONDS)


def link(request: HttpRequest, scope: Scope, person: uuid.UUID) -> bool:
    """For whoever has just given their password: True where the other half was theirs. Raises Refused on a race."""
    is_theirs, kept = is_kept_for(request, person), request.session.pop(PLACE, None)
    if not is_theirs or kept is None:
        return False
    return identities.link(scope, uuid.UUID(kept["provider"]), kept["issuer"], kept["subject"], person)
