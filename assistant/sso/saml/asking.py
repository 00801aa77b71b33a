"""What we ask a provider, and which answers are waited for.

The answer comes as a form that another site posts, so the browser sends no cookie of ours along with it, and what it posts is
nobody's yet. It is kept, by its RelayState, and the browser is sent on to an address of our own. Only there is it seen whether
this is the session that asked, and only then is the answer read.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import asdict, dataclass
from html import escape  # of XML, too: its five characters, the quotes by number
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request  # type: ignore[import-untyped]
from onelogin.saml2.settings import OneLogin_Saml2_Settings  # type: ignore[import-untyped]

from assistant.sso.saml import markup
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider

SECONDS = 600  # as long as somebody may take to sign in at the provider
ANSWER_SECONDS = 120  # as long as a browser may take from one address of ours to the next
TABS = 5  # that one session may sign in from at once
PLACE = "saml_asked"


@dataclass(frozen=True)
class Asked:
    """In the session, under its RelayState. `tester` is the admin who only wants to see what would come of it;
    `anew` is set for whoever has to show once more who they are.
    """

    provider: str
    request: str
    onward: str
    tester: str
    anew: bool
    at: float


@dataclass(frozen=True)
class Service:
    """What we are to one provider of one tenant."""

    entity: str
    answers: str


def service(request: HttpRequest, slug: str, provider: uuid.UUID) -> Service:
    named = [
        request.build_absolute_uri(reverse(name, args=[slug, provider])) for name in ("saml-metadata", "saml-answer")
    ]
    return Service(*named)


def ask(request: HttpRequest, slug: str, row: IdentityProvider, onward: str, tester: str, *, anew: bool = False) -> str:
    """The address at the provider to send the browser to, which this session is bound to from now on."""
    settings = _settings(row, service(request, slug, row.pk))
    made = OneLogin_Saml2_Authn_Request(settings, force_authn=anew, set_nameid_policy=False)
    state = secrets.token_urlsafe(32)
    asked = Asked(str(row.pk), made.get_id(), onward, tester, anew, time.time())
    kept = list(request.session.get(PLACE, {}).items())[1 - TABS :]
    request.session[PLACE] = dict([*kept, (state, asdict(asked))])
    cache.set(_place("asked", state), str(row.pk), SECONDS)
    joint = "&" if "?" in row.sign_in_address else "?"
    return f"{row.sign_in_address}{joint}{urlencode({'SAMLRequest': made.get_request(), 'RelayState': state})}"


def keep(row: IdentityProvider, state: str, answer: str) -> None:
    """What was posted, for the session that asked. Raises Refused where nobody did, or where there is an answer already."""
    if cache.get(_place("asked", state)) != str(row.pk):
        raise Refused(Reason.STATE)
    markup.decoded(answer)  # no more than an answer takes is kept for a stranger
    if not cache.add(_place("answer", state), answer, ANSWER_SECONDS):
        raise Refused(Reason.STATE, "it was answered already")


def take(request: HttpRequest, row: IdentityProvider, state: str) -> tuple[Asked, str]:
    """What this session asked, and the answer to it: once. Raises Refused."""
    kept: dict[str, Any] = request.session.get(PLACE, {})
    found = kept.pop(state, None)
    if found is None:
        raise Refused(Reason.STATE, "this browser's session did not ask")
    request.session[PLACE] = kept
    asked, answer = Asked(**found), cache.get(_place("answer", state))
    # Two requests at once could both find it in the session: only the first of them gets past the cache.
    is_first = cache.add(_place("taken", state), 1, SECONDS)
    if asked.provider != str(row.pk) or asked.at + SECONDS < time.time() or answer is None or not is_first:
        raise Refused(Reason.STATE)
    cache.delete(_place("answer", state))
    return asked, answer


def _settings(row: IdentityProvider, ours: Service) -> Any:
    """For python3-saml, which writes the addresses into XML as they are."""
    told = {
        "strict": True,
        "sp": {"entityId": escape(ours.entity), "assertionConsumerService": {"url": escape(ours.answers)}},
        "idp": {
            "entityId": escape(row.issuer),
            "singleSignOnService": {"url": escape(row.sign_in_address)},
            "x509cert": row.certificates[0],
        },
        "security": {"requestedAuthnContext": list(row.demanded_acr) or False, "allowSingleLabelDomains": True},
    }
    return OneLogin_Saml2_Settings(told)


def _place(what: str, state: str) -> str:
    return f"saml-{what}:{hashlib.sha256(state.encode()).hexdigest()}"
