"""A whole sign-in against providers that other people wrote: one lenient and in Python, one certified and strict."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from django.test import Client

from governance import grants, groups, people
from governance.identity import providers
from governance.roles import Level
from ingestion import catalog
from tests import npm
from tests.assistant.sso import journeys
from tests.cast import House
from tests.governance.database import leaves

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what the lenient provider is made of
HERE = Path(__file__).parent


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
    threading.Thread(target=server.serve_forever, daemon=True).start()
    issuer = f"http://127.0.0.1:{server.server_port}"

    def tell(login: str, claims: dict[str, Any]) -> None:
        requests.put(f"{issuer}/users/{login}", json=claims, timeout=10).raise_for_status()

    def authorize(address: str, login: str) -> str:
        response = requests.post(address, data={"sub": login}, allow_redirects=False, timeout=10)
        return response.headers["Location"]

    yield lambda _: Real(issuer, tell, authorize)
    server.shutdown()
    server.server_close()


@pytest.fixture
def strict() -> Iterator[Callable[[str], Real]]:
    started: list[subprocess.Popen[str]] = []

    def start(redirect_address: str) -> Real:
        home = npm.installed(HERE / "package.json")
        shutil.copy(HERE / "provider.mjs", home / "provider.mjs")  # node looks for modules beside the script
        process = subprocess.Popen(
            ["node", "provider.mjs", redirect_address],
            cwd=home,
            env=os.environ | {"NODE_ENV": "test"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        for line in process.stdout:
            if line.startswith("http://"):
                issuer = line.strip()
                return Real(issuer, functools.partial(_tell, issuer), _through_the_pages)
        assert process.stderr
        pytest.fail(f"the provider did not start: {process.stderr.read()[-2000:]}")

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=20)


def _tell(issuer: str, login: str, claims: dict[str, Any]) -> None:
    requests.post(f"{issuer}/people/{login}", json=claims, timeout=10).raise_for_status()


def _through_the_pages(address: str, login: str) -> str:
    """Its own sign-in and consent pages, as a browser without scripts would fill them in."""
    browser, response = requests.Session(), None
    for _ in range(12):
        response = browser.get(address, allow_redirects=False, timeout=10)
        while response.is_redirect:
            address = urljoin(address, response.headers["Location"])
            if address.startswith("http://testserver/"):
                return address
            response = browser.get(address, allow_redirects=False, timeout=10)
        form = re.search(r'<form[^>]*action="([^"]+)"', response.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', response.text)
        assert form, response.text[:2000]
        assert prompt, response.text[:2000]
        sent = {"prompt": prompt[1], "login": login, "password": "any"}
        response = browser.post(urljoin(address, form[1]), data=sent, allow_redirects=False, timeout=10)
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


def _signed_in(house: House, provider: uuid.UUID, idp: Real) -> Client:
    browser = Client()
    address = browser.get(f"/t/{house.slug}/sso/{provider}/start")["Location"]
    back = idp.authorize(address, "sam").removeprefix("http://testserver")
    response = browser.get(back)
    assert response["Location"] == "/c/", [leaf["facts"] for leaf in leaves(house, "session.refused")]
    return browser
