"""A whole sign-in against providers that other people wrote: one lenient and in Python, one certified and strict."""

from __future__ import annotations

import functools
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt
import pytest
import requests
from django.test import Client

from assistant.sso import tokens
from governance import grants, groups, people
from governance.identity import providers
from governance.identity.refusals import Reason
from governance.roles import Level
from governance.service_accounts import accounts, acting
from ingestion import catalog
from tests.assistant.service_accounts import exchange
from tests.assistant.sso import journeys
from tests.assistant.sso import strict as certified
from tests.cast import House
from tests.governance.database import leaves
from tests.governance.service_accounts import programs

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what the lenient provider is made of


@dataclass
class Real:
    issuer: str
    tell: Callable[[str, dict[str, Any]], None]  # who somebody is
    authorize: Callable[[str, str], str]  # sign them in there; the address that their browser is sent back to


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Real]]:
    mock = pytest.importorskip("oidc_provider_mock", reason="needs oidc-provider-mock: make venv-dev")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    server = make_server("127.0.0.1", 0, mock.app(require_nonce=True), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    issuer = f"http://127.0.0.1:{server.server_port}"

    def tell(login: str, claims: dict[str, Any]) -> None:
        requests.put(f"{issuer}/users/{login}", json=claims, timeout=certified.PATIENCE_S).raise_for_status()

    def authorize(address: str, login: str) -> str:
        response = requests.post(address, data={"sub": login}, allow_redirects=False, timeout=certified.PATIENCE_S)
        return response.headers["Location"]

    yield lambda _: Real(issuer, tell, authorize)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")  # it is started once, and told of each door
def strict() -> Iterator[Callable[[str], Real]]:
    with certified.standing("http://testserver/nowhere") as issuer:

        def known(redirect_address: str) -> Real:
            certified.send_back_to(issuer, redirect_address)
            return Real(issuer, functools.partial(certified.tell, issuer), _through_the_pages)

        yield known


def _through_the_pages(address: str, login: str) -> str:
    """Its own sign-in and consent pages, as a browser without scripts would fill them in."""
    browser, response = requests.Session(), None
    for _ in range(12):
        response = browser.get(address, allow_redirects=False, timeout=certified.PATIENCE_S)
        while response.is_redirect:
            address = urljoin(address, response.headers["Location"])
            if address.startswith("http://testserver/"):
                return address
            response = browser.get(address, allow_redirects=False, timeout=certified.PATIENCE_S)
        form = re.search(r'<form[^>]*action="([^"]+)"', response.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', response.text)
        assert form, response.text[:2000]
        assert prompt, response.text[:2000]
        sent = {"prompt": prompt[1], "login": login, "password": "any"}
        response = browser.post(
            urljoin(address, form[1]), data=sent, allow_redirects=False, timeout=certified.PATIENCE_S
        )
        address = urljoin(address, response.headers["Location"])
    pytest.fail("the provider's pages go round in circles")


@pytest.fixture(params=["lenient", "strict"])
def real(request: pytest.FixtureRequest, house: House) -> tuple[Real, uuid.UUID]:
    """The provider, and the id under which the house will set it up."""
    chosen = uuid.uuid4()
    callback = f"http://testserver/t/{house.slug}/sso/{chosen}/callback"
    return request.getfixturevalue(request.param)(callback), chosen


def test_a_group_opens_a_collection_and_losing_it_closes_it_at_the_next_sign_in(
    house: House, real: tuple[Real, uuid.UUID]
) -> None:
    idp, chosen = real
    readers = groups.create(house.ada, "Readers")
    shelf = catalog.create(house.ada, "The reading room").pk
    grants.give(house.ada, shelf, grants.Holder(group=readers), Level.READ)
    draft = journeys.draft(house, idp.issuer, groups=frozenset({("reading", readers)}))
    providers.create(house.ada, draft, chosen)
    claims = {"email": f"sam@{house.slug}.example", "email_verified": True, "name": "Sam Ortiz"}

    idp.tell("sam", claims | {"groups": ["reading", "cycling"]})
    first = _signed_in(house, chosen, idp)
    assert first.get(f"/collections/{shelf}").status_code == 200

    idp.tell("sam", claims | {"groups": ["cycling"]})
    second = _signed_in(house, chosen, idp)
    assert second.get(f"/collections/{shelf}").status_code == 404
    assert first.get(f"/collections/{shelf}").status_code == 404  # the session of before, too

    idp.tell("sam", claims | {"groups": ["reading"]})
    assert _signed_in(house, chosen, idp).get(f"/collections/{shelf}").status_code == 200
    assert [leaf["facts"]["how"] for leaf in leaves(house, "session.signed_in")] == ["created", "known", "known"]
    assert leaves(house, "session.refused") == []


def test_a_code_without_its_verifier_is_refused_by_the_strict_one(
    house: House, strict: Callable[[str], Real], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the sign-in above went through because PKCE was really used."""
    chosen = uuid.uuid4()
    idp = strict(f"http://testserver/t/{house.slug}/sso/{chosen}/callback")
    providers.create(house.ada, journeys.draft(house, idp.issuer), chosen)
    idp.tell("sam", {"email": f"sam@{house.slug}.example", "email_verified": True})
    browser = Client()
    address = browser.get(f"/t/{house.slug}/sso/{chosen}/start")["Location"]
    back = idp.authorize(address, "sam").removeprefix("http://testserver")
    monkeypatch.setattr("assistant.sso.flow._verifier", lambda _: "x" * 64)
    browser.get(back)
    assert "_auth_user_id" not in browser.session
    assert [leaf["facts"]["reason"] for leaf in leaves(house, "session.refused")] == ["the code was refused"]
    assert people.find_by_email(house.system, f"sam@{house.slug}.example") is None


def test_an_id_token_of_the_real_one_names_who_it_is_about_and_a_wrong_one_nobody(
    house: House, neighbour: House, strict: Callable[[str], Real], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown by a program, in exchange for a token: for a client that is named, in its time, and of the tenant's own provider."""
    chosen = uuid.uuid4()
    idp = strict(f"http://testserver/t/{house.slug}/sso/{chosen}/callback")
    idp.tell("sam", {"email": f"sam@{house.slug}.example", "email_verified": True})
    idp.tell("stranger", {})
    providers.create(house.ada, journeys.draft(house, idp.issuer), chosen)
    sam = _signed_in(house, chosen, idp).session["_auth_user_id"]
    made = programs.program(house, "ask", "read", "act_for", acts_for="everybody")

    def token_of(who: str) -> str:
        return certified.id_token(idp.issuer, lambda address: idp.authorize(address, who))

    token, unknown = token_of("sam"), token_of("stranger")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["sub"], "nonce" in claims) == ("intranet", "sam", False)

    def shown(program: programs.Program, one: str, *clients: str) -> Any:
        accounts.permit(program.house.ada, program.id, "everybody", audiences=clients)
        return exchange.asked(program.key.secret, one, exchange.ID_TOKEN)

    def refused(program: programs.Program, one: str, *clients: str) -> str:
        """The reason on the record: the program is told the same of each."""
        answer = shown(program, one, *clients)
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, acting.NOBODY)
        return str(leaves(program.house, "access.denied")[-1]["facts"]["reason"])

    answer = shown(made, token, "intranet")
    assert answer.status_code == 200, answer.json()
    assert exchange.bearer(answer.json()["access_token"]).get("/api/v1/me").json()["id"] == sam
    assert leaves(house, "key.exchanged")[-1]["facts"]["person"] == sam

    head, body, signature = token.split(".")
    assert refused(made, token, journeys.CLIENT) == f"ID token: {Reason.AUDIENCE}"
    # Another first letter is another signature and always one that can be read; the last one carries bits that must be zero.
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert refused(made, f"{head}.{body}.{other}", "intranet") == f"ID token: {Reason.SIGNATURE}"
    assert "ID token" not in refused(made, unknown, "intranet"), "it is good, and of somebody who is not known here"
    theirs = programs.program(neighbour, "ask", "read", "act_for", acts_for="everybody")
    assert refused(theirs, token, "intranet") == f"ID token: {Reason.ISSUER}", "another tenant's provider"
    providers.create(neighbour.ada, journeys.draft(neighbour, idp.issuer))
    assert "ID token" not in refused(theirs, token, "intranet"), "theirs as well, where nobody is Sam"
    with monkeypatch.context() as later:
        later.setattr("jwt.api_jwt.datetime", _later(claims["exp"] + tokens.LEEWAY_S + 1))
        assert refused(made, token, "intranet") == f"ID token: {Reason.EXPIRED}"
    assert shown(made, token, "intranet").status_code == 200
    providers.change(house.ada, chosen, journeys.draft(house, idp.issuer, is_enabled=False))
    assert refused(made, token, "intranet") == f"ID token: {Reason.ISSUER}", "switched off"


def _later(moment: float) -> type[datetime]:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(moment, tz)

    return Later


def _signed_in(house: House, provider: uuid.UUID, idp: Real) -> Client:
    browser = Client()
    address = browser.get(f"/t/{house.slug}/sso/{provider}/start")["Location"]
    back = idp.authorize(address, "sam").removeprefix("http://testserver")
    response = browser.get(back)
    assert response["Location"] == "/c/", [leaf["facts"] for leaf in leaves(house, "session.refused")]
    return browser
