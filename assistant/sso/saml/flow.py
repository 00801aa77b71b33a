"""One sign-in through a tenant's SAML provider: out, back by way of the form that its page posts, and in.

Only an answer to a request of ours is taken. One that the provider sends by itself is refused: whoever has stolen one could put
somebody else's browser into a session of their own with it.
"""

from __future__ import annotations

import functools
import uuid
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from assistant.sso import entry
from assistant.sso.entry import Back, Said
from assistant.sso.saml import answers, asking, claims
from assistant.sso.saml.asking import Asked
from governance.identity import assertions
from governance.identity.identities import Presented
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider
from governance.scope import Scope


def outward(
    request: HttpRequest, slug: str, row: IdentityProvider, onward: str, tester: str = "", *, anew: bool = False
) -> str:
    """The address at the provider to send the browser to. `anew`: it is to ask who it is, although it may know."""
    return asking.ask(request, slug, row, entry.within_site(onward), tester, anew=anew)


def keep(request: HttpRequest, slug: str, scope: Scope, row: IdentityProvider) -> str:
    """What another site's page had the browser post, until it is seen whose browser it is. Returns its RelayState.

    Raises Refused, which is recorded.
    """
    state, answer = request.POST.get("RelayState", ""), request.POST.get("SAMLResponse", "")
    with entry.recorded(scope, row.pk, row.kind):
        try:
            asking.keep(row, state, answer)
        except Refused as refusal:
            if refusal.reason != Reason.STATE:
                raise
            entry.brake(slug)
            if answers.is_unasked(answer):
                raise Refused(Reason.UNASKED) from None
            raise
    return state


def take_back(request: HttpRequest, slug: str, scope: Scope, row: IdentityProvider) -> Back:
    """What this very session had asked, with the answer to it. Raises Refused."""
    try:
        asked, answer = asking.take(request, row, request.GET.get("state", ""))
    except Refused:
        entry.brake(slug)
        raise
    service = asking.service(request, slug, row.pk)
    return Back(
        row,
        asked.onward,
        uuid.UUID(asked.tester) if asked.tester else None,
        functools.partial(_verify, scope, row, service, asked, answer),
    )


def _verify(
    scope: Scope, row: IdentityProvider, service: asking.Service, asked: Asked, answer: str, said: Said
) -> tuple[Presented, dict[str, Any]]:
    """What says it is used up by this."""
    expected = answers.Expected(
        row.issuer, row.certificates, service.entity, service.answers, asked.request, timezone.now()
    )
    asserted = answers.verify(answer, expected)
    said["assertion"] = asserted.attributes | {"NameID": f"{asserted.name} ({asserted.name_format})"}
    assertions.use(scope, row, asserted.assertion, asserted.ends_at)
    if asked.anew:
        entry.require_anew(asserted.signed_in_at.timestamp(), f"AuthnInstant is {asserted.signed_in_at}")
    return claims.presented(asserted, row), claims.assurance(asserted)
