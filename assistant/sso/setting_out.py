"""The way to a tenant's provider, in the language that it speaks."""

from __future__ import annotations

import uuid

from django.http import HttpRequest

from assistant.sso import entry, flow
from assistant.sso.saml import flow as saml
from governance.identity.models import Kind
from governance.models import IdentityProvider

WAYS = {Kind.OPENID: flow.outward, Kind.SAML: saml.outward}


def start(request: HttpRequest, slug: str, provider: uuid.UUID, onward: str, *, anew: bool = False) -> str:
    """The address at the provider to send the browser to. Raises Refused, which is recorded.

    `anew`: the provider is to ask who it is, although it may know.
    """
    scope, row = entry.find(request, slug, provider)
    with entry.recorded(scope, provider, row.kind):
        entry.require_open(scope, row)
        return outward(request, slug, row, onward, anew=anew)


def outward(
    request: HttpRequest, slug: str, row: IdentityProvider, onward: str, tester: str = "", *, anew: bool = False
) -> str:
    """For `tester`, an admin's id, where it is only a rehearsal. Raises Refused."""
    return WAYS[Kind(row.kind)](request, slug, row, onward, tester, anew=anew)
