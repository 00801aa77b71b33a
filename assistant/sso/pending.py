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


def link(request: HttpRequest, scope: Scope, person: uuid.UUID) -> bool:
    """For whoever has just given their password: True where the other half was theirs. Raises Refused on a race."""
    kept = request.session.pop(PLACE, None)
    if not kept or kept["person"] != str(person) or time.time() - kept["at"] > SECONDS:
        return False
    return identities.link(scope, uuid.UUID(kept["provider"]), kept["issuer"], kept["subject"], person)
