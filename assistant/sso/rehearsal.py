"""A whole sign-in that signs nobody in: what came, what would be made of it, and what is amiss. It changes nothing."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from assistant.sso import setting_out
from assistant.sso.entry import Back, Said
from governance import access, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.identity import assurance, identities, providers
from governance.identity.identities import Presented, Preview
from governance.identity.refusals import Reason, Refused, storable
from governance.models import IdentityProvider
from governance.scope import Scope


@dataclass
class Report:
    """`claims` are (name, value, where it stood). What is missing was not come to: `refusal` says why."""

    provider: IdentityProvider
    claims: list[tuple[str, str, str]] = field(default_factory=list)
    presented: Presented | None = None
    preview: Preview | None = None
    refusal: Refused | None = None


def start(request: HttpRequest, scope: Scope, provider: uuid.UUID) -> str:
    """The address to send the admin's browser to. Raises Refused, which is recorded, or Denied."""
    row = providers.get(scope, provider)
    try:
        return setting_out.outward(request, tenants.current(scope).slug, row, "", tester=str(scope.person))
    except Refused as refusal:
        _record(scope, row, refusal)
        raise


def report(scope: Scope | None, back: Back) -> Report:
    """Raises Refused where whoever comes back is not the admin who set out, and Denied where they are none any more."""
    row = back.row
    if scope is None or scope.tenant != row.tenant_id or scope.actor != back.tester:
        raise Refused(Reason.STATE, "the test was started by somebody else")
    access.require(scope, Action.PEOPLE_MANAGE)
    made, said = Report(row), Said()
    try:
        made.presented, how = back.verify(said)
        assurance.require(row, how.get("acr", ""), how.get("amr", ()))
        made.preview = identities.preview(scope, row, made.presented)
    except Refused as refusal:
        made.refusal = refusal
    made.claims = [
        (storable(name), _shown(value), place) for place in said for name, value in sorted(said[place].items())
    ]
    _record(scope, row, made.refusal)
    return made


def _record(scope: Scope, row: IdentityProvider, refusal: Refused | None) -> None:
    facts = {"outcome": refusal.reason if refusal else "a sign-in would succeed"}
    events.record(scope, Event.PROVIDER_TESTED, resource=("identity_provider", row.pk), facts=facts)


def _shown(value: Any) -> str:
    return storable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
