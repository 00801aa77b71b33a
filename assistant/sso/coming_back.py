"""The way back from a tenant's provider, in the language that it speaks."""

from __future__ import annotations

import uuid

from django.http import HttpRequest

from assistant.sso import entry, flow
from assistant.sso.entry import Back
from assistant.sso.saml import flow as saml
from governance.identity import assurance
from governance.identity.models import Kind
from governance.scope import Scope

WAYS = {Kind.OPENID: flow.take_back, Kind.SAML: saml.take_back}


def take(request: HttpRequest, slug: str, provider: uuid.UUID, kind: Kind) -> tuple[Scope, Back]:
    """What this session had asked this provider, with the answer to it: once. Raises Refused, which is recorded."""
    scope, row = entry.find(request, slug, provider, kind)
    with entry.recorded(scope, provider, kind):
        back = WAYS[kind](request, slug, scope, row)
        if not back.tester:
            entry.require_open(scope, row)
        return scope, back


def finish(request: HttpRequest, scope: Scope, back: Back) -> None:
    """Start the session of whoever signed in. Raises Refused, which is recorded."""
    with entry.recorded(scope, back.row.pk, back.row.kind):
        presented, how = back.verify({})
        assurance.require(back.row, how.get("acr", ""), how.get("amr", ()))
        entry.begin(request, scope, back.row, presented, how)
