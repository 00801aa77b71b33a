"""The operators: a door of their own, numbers alone, and what they do on a record."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from assistant.operators import figures, health, sign_in
from assistant.processes import heartbeats
from assistant.views.operators import routes
from governance import access, models, operators, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit import health as record
from governance.audit.tree import heads
from governance.errors import Conflict, InvalidInput
from governance.scope import ActorKind, Scope
from inference.worker import look
from tests import cast
from tests.assistant import asking, portal
from tests.governance.database import as_superuser, leaves

PASSWORD = "a rather long passphrase"
ADDRESSES = [str(route.name) for route in routes.urlpatterns if route.name != "operators-sign-in"]


def made() -> models.Operator:
    email = f"op-{uuid.uuid4().hex[:8]}@installation.example"
    found = operators.get(operators.create(email, "Otto", PASSWORD))
    assert found is not None
    return found


def signed_in(operator: models.Operator, **options: Any) -> Client:
    client = Client(**options)
    sent = {"email": operator.email, "password": PASSWORD}
    assert client.post("/operators/sign-in", sent)["Location"] == "/operators/"
    return client


def address(name: str, house: cast.House) -> str:
    route = next(route for route in routes.urlpatterns if route.name == name)
    ids = {"tenant": house.tenant}  # of the others there are none: tests/assistant/test_support_pages.py has those
    return reverse(name, kwargs={one: ids.get(one, uuid.uuid4()) for one in route.pattern.converters})


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def on_the_installation(action: str, operator: uuid.UUID | None = None) -> list[dict[str, Any]]:
    with as_superuser() as database:
        rows = database.execute(
            "SELECT leaf FROM audit.event WHERE tenant_id = %s AND action = %s ORDER BY recorded_at",
            [events.INSTALLATION, action],
        ).fetchall()
    told = [json.loads(bytes(leaf)) for (leaf,) in rows]
    return [leaf for leaf in told if operator is None or leaf["actor"]["id"] == str(operator)]


def test_an_operator_comes_in_and_goes_out_and_that_is_recorded() -> None:
    operator = made()
    client = signed_in(operator)
    assert client.get("/operators/").status_code == 200
    cookie = client.cookies[sign_in.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/operators/", True, "Strict")
    assert "chancery_session" not in client.cookies
    key = cookie.value
    client.post("/operators/sign-out")
    client.cookies[sign_in.COOKIE] = key  # the session itself has ended, not the cookie alone
    assert client.get("/operators/").status_code == 302
    for action in ("operator.signed_in", "operator.signed_out"):
        (leaf,) = on_the_installation(action, operator.pk)
        assert leaf["actor"]["kind"] == "operator"


def test_a_wrong_password_is_refused_in_the_same_words_and_after_ten_tries_so_is_the_right_one() -> None:
    operator = made()
    client = Client()
    for number in range(10):
        refused = client.post("/operators/sign-in", {"email": operator.email, "password": f"wrong {number}"})
        assert refused.status_code == 401
    nobody = client.post("/operators/sign-in", {"email": "nobody@installation.example", "password": "wrong"})
    said = re.search(r"<div class=\"notice bad\".*?</div>\s*</div>", text(refused))
    assert said
    assert said.group() in text(nobody)
    late = client.post("/operators/sign-in", {"email": operator.email, "password": PASSWORD})
    assert late.status_code == 429
    assert on_the_installation("operator.refused")[-1]["facts"] == {"reason": "too many tries"}


def test_a_session_ends_with_its_password_and_with_its_operator() -> None:
    for change in ({"password": "another"}, {"is_active": False}):
        operator = made()
        client = signed_in(operator)
        models.Operator.objects.filter(pk=operator.pk).update(**change)
        assert client.get("/operators/").status_code == 302


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("who", ["nobody", "ada", "olga", "charlie", "a key"])
def test_nobody_of_a_tenant_opens_the_operators_pages(who: str, name: str, shared_house: cast.House) -> None:
    if who == "a key":
        client = Client(headers={"Authorization": f"Bearer {shared_house.key('ada')}"})
    else:
        client = Client() if who == "nobody" else portal.signed_in(shared_house, who)
        if who != "nobody":  # a person's session under the operators' name is none
            client.cookies[sign_in.COOKIE] = client.cookies["chancery_session"].value
    for verb in ("get", "post"):
        response = getattr(client, verb)(address(name, shared_house), {"on": "0"})
        assert response.status_code in {302, 405}
        assert response.get("Location", "/operators/sign-in") == "/operators/sign-in"
    assert tenants.find_for_login(shared_house.slug) is not None


def test_an_operators_session_is_nobody_in_the_portal_and_the_api(house: cast.House) -> None:
    room = portal.furnished(house)
    client = signed_in(made())
    client.cookies["chancery_session"] = client.cookies[sign_in.COOKIE].value
    for path in ("/c/", "/collections/", f"/documents/{room.document}", "/record/", f"/passages/{room.chunk}"):
        assert client.get(path)["Location"].startswith("/?next=")
    assert client.get("/api/v1/collections").status_code == 401
    assert client.get("/v1/models").status_code == 401


def test_a_person_and_an_operator_in_one_browser_are_two(house: cast.House) -> None:
    client = portal.signed_in(house, "bob")
    operator = made()
    client.post("/operators/sign-in", {"email": operator.email, "password": PASSWORD})
    page = client.get("/operators/tenants")
    assert page.context["caller"] is None
    assert client.get("/c/").context["caller"].actor == house.ids["bob"]
    client.post("/operators/sign-out")
    assert client.get("/c/").status_code == 200


def test_tenants_are_listed_a_page_at_a_time_and_found_by_their_words(shared_house: cast.House) -> None:
    client = signed_in(made())
    tenants.create(f"z{uuid.uuid4().hex[:12]}", f"Ärger & {shared_house.slug}", domain=f"{uuid.uuid4().hex}.example")
    for words, found in ((f"ÄRGER & {shared_house.slug}", 1), (shared_house.slug, 2), (f"no {shared_house.slug}", 0)):
        page = client.get("/operators/tenants", {"q": words}).context["page"]
        assert (len(page.rows), page.total) == (found, found)
    one, two, beyond = (figures.tenants(shared_house.slug, number, size=1) for number in (1, 2, 3))
    assert {one.rows[0].id, two.rows[0].id} > {shared_house.tenant}
    assert (one.pages, beyond) == (2, two)
    assert "No tenant matches" in client.get("/operators/tenants", {"q": "\x00no such tenant"}).content.decode()


def test_an_operators_scope_may_nothing_inside_a_tenant(house: cast.House) -> None:
    room = portal.furnished(house)
    scope = operators.scope_in(made(), house.tenant)
    assert scope.kind is ActorKind.OPERATOR
    for action in Action:
        assert not access.decide(scope, action).allowed, action
        assert not access.decide(scope, action, room.collection).allowed, action


def test_no_page_shows_anything_of_content(house: cast.House, settings: Any) -> None:
    word = f"lantern{uuid.uuid4().hex[:8]}"  # nobody else's: operators read the words of every tenant's request to them
    asking.shelf(house, f"The {word} is kept in room seven.", name=f"{word} papers")
    asking.speak(settings)
    asking.answered(house.bob, f"Where is the {word} kept?")
    client = signed_in(made())
    for name in ADDRESSES:
        response = client.get(address(name, house))
        assert word not in response.content.decode().lower(), name
    page = client.get(f"/operators/tenants/{house.tenant}").context["tenant"]
    assert (page.people, page.documents, page.answers) == (4, 1, 1)


def test_a_tenant_is_switched_off_and_on_again_on_its_own_record(house: cast.House) -> None:
    operator = made()
    client, bob = signed_in(operator), portal.signed_in(house, "bob")
    key = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    assert key.get("/api/v1/collections").status_code == 200

    for _ in range(2):
        client.post(f"/operators/tenants/{house.tenant}/switch", {"on": "0"})
    assert bob.get("/c/").status_code == 302
    assert key.get("/api/v1/collections").status_code == 401
    sent = {"email": house.email("bob"), "password": cast.PASSWORD}
    assert Client().post(f"/t/{house.slug}/", sent).status_code == 401

    client.post(f"/operators/tenants/{house.tenant}/switch", {"on": "1"})
    assert bob.get("/c/").status_code == 200
    off, on = leaves(house, "tenant.changed")
    for leaf in (off, on):
        assert leaf["actor"] == {"kind": "operator", "id": str(operator.pk)}
        assert leaf["facts"] == {"changed": ["switched_off_at"]}
    assert "An operator changed" in text(portal.signed_in(house, "olga").get("/record/?kind=administration"))


def test_limits_are_set_within_bounds(house: cast.House) -> None:
    client = signed_in(made())
    page = f"/operators/tenants/{house.tenant}"
    good = {
        "answers_running_max": "3",
        "answers_waiting_max": "20",
        "answers_per_person_max": "2",
        "documents_max": "500",
        "tokens_per_day": "",
    }
    assert client.post(page, good)["Location"] == page
    row = tenants.current(house.system)
    assert (row.answers_running_max, row.tokens_per_day, row.allows_model_only) == (3, None, False)
    for wrong in ({"answers_running_max": "0"}, {"documents_max": ""}, {"tokens_per_day": "many"}):
        assert client.post(page, good | wrong).status_code == 400
    (leaf,) = leaves(house, "tenant.changed")
    assert "answers_running_max" in leaf["facts"]["changed"]
    assert client.post(f"/operators/tenants/{uuid.uuid4()}", good).status_code == 404


def test_a_tenant_is_made_with_its_first_admin(house: cast.House) -> None:
    client = signed_in(made())
    slug = f"new{uuid.uuid4().hex[:8]}"
    sent = {"name": "New Ltd", "slug": slug, "domain": f"{slug}.example", "admin": f"ann@{slug}.example"}
    short = client.post("/operators/tenants", sent | {"password": "short"})
    assert short.status_code == 400
    assert slug in text(short)  # what was typed is still there
    assert client.post("/operators/tenants", sent | {"password": PASSWORD}).status_code == 302
    assert client.post("/operators/tenants", sent | {"password": PASSWORD}).status_code == 409
    admin = Client()
    signing = {"email": f"ann@{slug}.example", "password": PASSWORD}
    assert admin.post("/", signing).status_code == 302
    found = tenants.find_for_login(slug)
    assert found is not None
    assert access.decide(Scope.system(found.id), Action.PEOPLE_MANAGE).allowed


def test_what_an_operator_sends_needs_the_token(house: cast.House) -> None:
    operator = made()
    client = signed_in(operator)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[sign_in.COOKIE] = client.cookies[sign_in.COOKIE].value
    assert strict.post(f"/operators/tenants/{house.tenant}/switch", {"on": "0"}).status_code == 403
    assert strict.post("/operators/sign-in", {"email": operator.email, "password": PASSWORD}).status_code == 403


def test_an_operator_is_made_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([PASSWORD, PASSWORD, PASSWORD, "another one altogether", "short", "short"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    email = f"Op-{uuid.uuid4().hex[:8]}@installation.example"
    call_command("create_operator", email)
    stored = models.Operator.objects.get(email=email.lower())
    assert PASSWORD not in stored.password
    assert operators.find(email, PASSWORD) == stored
    for said in ("differ", "short"):
        with pytest.raises(CommandError, match=said):
            call_command("create_operator", f"x{email}")
    with pytest.raises(Conflict):
        operators.create(email, "", PASSWORD)
    with pytest.raises(InvalidInput):
        operators.create("no address", "", PASSWORD)


def test_a_process_that_was_not_heard_lately_is_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = f"kind-{uuid.uuid4().hex[:6]}"
    heartbeats.beat(kind)
    (mine,) = [process for process in heartbeats.heard() if process.kind == kind]
    assert not mine.is_late
    monkeypatch.setattr(heartbeats, "LATE_S", -1.0)
    (part,) = [part for part in health.parts() if part.name == kind]
    assert part.tone == "bad"
    heartbeats.forget(kind)
    assert kind not in {process.kind for process in heartbeats.heard()}
    missing = {part.name for part in health.parts() if part.note == "nobody has been heard"}
    assert missing <= set(health.EXPECTED)


def test_a_sealer_that_is_behind_and_a_witness_that_is_away_are_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def tones(pulse: record.Pulse) -> tuple[str, str]:
        monkeypatch.setattr(record, "pulse", lambda: pulse)
        found = {part.name: part.tone for part in health.parts()}
        return found["sealer"], found["witness"]

    monkeypatch.setattr(heads, "witness", object)
    now = datetime.now(UTC)
    assert tones(record.Pulse(3, 2, now, now, 0)) == ("good", "good")
    assert tones(record.Pulse(3, 2, now - timedelta(minutes=1), now, 1)) == ("bad", "bad")
    monkeypatch.setattr(heads, "witness", lambda: None)
    assert tones(record.Pulse(3, 0, None, None, 3)) == ("good", "warn")


def test_a_model_worker_that_is_away_is_not_ready() -> None:
    assert look.look("http://127.0.0.1:9/v1", "key") == look.WorkerState(is_ready=False)
