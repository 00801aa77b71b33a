from __future__ import annotations

import json
import uuid

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from assistant import sign_in as signing
from governance import keys, models, people, tenants
from governance.audit import events, reading
from governance.errors import Busy, ChanceryError, NotSignedIn, RecordUnavailable
from governance.scope import Scope
from tests.cast import PASSWORD, House
from tests.governance.database import as_superuser, leaves

WHY = "Who tried to sign in here?"


def request() -> HttpRequest:
    made = RequestFactory().post("/sign-in")
    made.session = SessionStore()
    made.request_id = uuid.uuid4().hex  # type: ignore[attr-defined]
    made.caller = None  # type: ignore[attr-defined]
    return made


def attempt(slug: str, email: str, password: str = PASSWORD) -> str | None:
    """The id of the person whose session it became."""
    asked = request()
    signing.sign_in(asked, slug, email, password)
    return asked.session.get("_auth_user_id")


def refusal(slug: str, email: str, password: str) -> ChanceryError:
    asked = request()
    with pytest.raises(ChanceryError) as refused:
        signing.sign_in(asked, slug, email, password)
    assert "_auth_user_id" not in asked.session
    return refused.value


def reasons(house: House) -> list[str]:
    return [leaf["facts"]["reason"] for leaf in leaves(house, "session.refused")]


def test_the_right_password_starts_the_persons_session(house: House) -> None:
    assert attempt(house.slug, house.email("bob")) == str(house.ids["bob"])
    (leaf,) = leaves(house, "session.signed_in")
    assert (leaf["actor"]["id"], leaf["facts"]) == (str(house.ids["bob"]), {"method": "password", "mfa": False})


def test_the_domain_of_the_address_finds_the_tenant(house: House) -> None:
    assert attempt("", house.email("bob")) == str(house.ids["bob"])
    assert attempt("", f"  {house.email('bob').upper()} ") == str(house.ids["bob"])


def test_signing_in_changes_the_sessions_key(house: House) -> None:
    asked = request()
    asked.session.create()
    before = asked.session.session_key
    signing.sign_in(asked, house.slug, house.email("bob"), PASSWORD)
    assert asked.session.session_key != before
    assert asked.session.session_key


def test_one_address_in_two_tenants_is_two_people(house: House, neighbour: House) -> None:
    here = people.create(house.system, "sam@shared.example", "Sam", password="the first password")
    there = people.create(neighbour.system, "sam@shared.example", "Sam", password="the other password")
    assert attempt(house.slug, "sam@shared.example", "the first password") == str(here)
    assert attempt(neighbour.slug, "sam@shared.example", "the other password") == str(there)
    assert refusal(house.slug, "sam@shared.example", "the other password").message == signing.REFUSAL
    assert refusal(neighbour.slug, "sam@shared.example", "the first password").message == signing.REFUSAL


def test_every_refusal_is_in_the_same_words(house: House, neighbour: House) -> None:
    with house.system.transaction():
        models.Person.objects.filter(pk=house.ids["charlie"]).update(is_active=False)
    people.create(house.system, "sso@example.com", "Without a password")
    refusals = [
        refusal(house.slug, house.email("bob"), "wrong"),
        refusal(house.slug, "nobody@example.com", PASSWORD),
        refusal(house.slug, house.email("charlie"), PASSWORD),
        refusal(house.slug, neighbour.email("bob"), PASSWORD),
        refusal(house.slug, "sso@example.com", ""),
        refusal(house.slug, "", ""),
        refusal(f"x{uuid.uuid4().hex}", house.email("bob"), PASSWORD),
        refusal("", f"bob@{uuid.uuid4().hex}.example", PASSWORD),
        refusal("", "", ""),
        refusal("a\x00b", "c\x00d", "e\x00f"),
    ]
    assert {(type(r), r.message, r.code, r.status) for r in refusals} == {
        (NotSignedIn, signing.REFUSAL, "not_signed_in", 401)
    }


def test_every_refusal_takes_one_hash_of_the_password(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that time tells no more than the words do."""
    hashed: list[str] = []
    encode = "django.contrib.auth.hashers.MD5PasswordHasher.encode"

    def counted(self: object, password: str, salt: str) -> str:
        hashed.append(password)
        return f"md5${salt}$x"

    monkeypatch.setattr(encode, counted)
    unknown = f"x{uuid.uuid4().hex}"
    for number, (slug, email) in enumerate(
        [(house.slug, house.email("bob")), (house.slug, "nobody@example.com"), (unknown, "bob@example.com")]
    ):
        refusal(slug, email, "wrong")
        assert len(hashed) == number + 1


def test_each_try_is_recorded_with_the_address_in_the_payload_alone(house: House) -> None:
    refusal(house.slug, house.email("bob"), "wrong")
    refusal(house.slug, "nobody@example.com", "wrong")
    assert reasons(house) == ["wrong", "wrong"]
    told = json.dumps(leaves(house))
    assert house.email("bob") not in told
    assert "nobody@" not in told

    newest, older = reading.listed(house.olga, action="session.refused").events
    assert reading.opened(house.olga, newest.id, WHY).payload == {"email": "nobody@example.com"}
    assert reading.opened(house.olga, older.id, WHY).payload == {"email": house.email("bob")}


def test_a_try_at_a_tenant_that_is_not_there_is_on_the_installations_record() -> None:
    asked = request()
    with pytest.raises(NotSignedIn):
        signing.sign_in(asked, "", f"bob@{uuid.uuid4().hex}.example", PASSWORD)
    with as_superuser() as database:
        rows = database.execute(
            "SELECT leaf FROM audit.event WHERE tenant_id = %s ORDER BY recorded_at DESC LIMIT 1", [events.INSTALLATION]
        ).fetchall()
    leaf = json.loads(bytes(rows[0][0]))
    assert (leaf["request"], leaf["facts"]) == (asked.request_id, {"reason": "no tenant"})  # type: ignore[attr-defined]
    assert "bob@" not in json.dumps(leaf)


def test_after_ten_tries_the_right_password_waits_too(house: House) -> None:
    for _ in range(signing.TRIES):
        assert isinstance(refusal(house.slug, house.email("bob"), "wrong"), NotSignedIn)
    locked = refusal(house.slug, house.email("bob"), PASSWORD)
    assert isinstance(locked, Busy)
    assert locked.wait_s == signing.TRIES_WITHIN_S
    assert reasons(house) == ["wrong"] * signing.TRIES + ["too many tries"]
    assert attempt(house.slug, house.email("ada")) == str(house.ids["ada"])


def test_another_spelling_of_the_address_gives_no_new_tries(house: House) -> None:
    email = house.email("bob")
    for number in range(signing.TRIES):
        spelt = (email.upper(), f" {email}", f"{email}\x00", f"{email} " + " " * number)[number % 4]
        assert isinstance(refusal((house.slug, "")[number % 2], spelt, "wrong"), NotSignedIn)
    assert isinstance(refusal(house.slug, email, PASSWORD), Busy)


def test_a_lockout_does_not_tell_who_is_there(house: House) -> None:
    unknown = f"x{uuid.uuid4().hex}"
    for slug, email in ((house.slug, "nobody@example.com"), (unknown, house.email("bob"))):
        found = [type(refusal(slug, email, "wrong")) for _ in range(signing.TRIES + 1)]
        assert found == [NotSignedIn] * signing.TRIES + [Busy]


def test_a_success_gives_all_tries_back(house: House) -> None:
    for _ in range(2):
        for _ in range(signing.TRIES - 1):
            refusal(house.slug, house.email("bob"), "wrong")
        assert attempt(house.slug, house.email("bob"))


def test_a_sign_in_that_cannot_be_recorded_starts_no_session(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RecordUnavailable("gone")

    monkeypatch.setattr("governance.audit.events._append", refuse)
    assert isinstance(refusal(house.slug, house.email("bob"), PASSWORD), RecordUnavailable)
    assert isinstance(refusal(house.slug, house.email("bob"), "wrong"), RecordUnavailable)


def test_a_demo_tenant_is_shut_unless_demo_logins_are_on(settings: object) -> None:
    slug = f"d{uuid.uuid4().hex[:12]}"
    scope = Scope.system(tenants.create(slug, "Demo", is_demo=True))
    person = people.create(scope, "eve@demo.example", "Eve", password=PASSWORD)
    settings.DEMO_LOGINS = False  # type: ignore[attr-defined]
    assert refusal(slug, "eve@demo.example", PASSWORD).message == signing.REFUSAL
    settings.DEMO_LOGINS = True  # type: ignore[attr-defined]
    assert attempt(slug, "eve@demo.example") == str(person)


def test_a_session_is_nobodys_once_its_person_is_switched_off(house: House) -> None:
    backend, bob = signing.LocalBackend(), house.ids["bob"]
    found = backend.get_user(str(bob))
    assert found is not None
    assert found.pk == bob
    with house.system.transaction():
        models.Person.objects.filter(pk=bob).update(is_active=False)
    assert backend.get_user(str(bob)) is None
    assert backend.get_user(str(uuid.uuid4())) is None


def test_django_itself_signs_nobody_in(house: House) -> None:
    assert signing.LocalBackend().authenticate(None, username=house.email("bob"), password=PASSWORD) is None  # type: ignore[func-returns-value]


def test_signing_out_empties_the_session_and_is_recorded(house: House) -> None:
    asked = request()
    signing.sign_in(asked, house.slug, house.email("bob"), PASSWORD)
    asked.caller = house.bob  # type: ignore[attr-defined]
    signing.sign_out(asked)
    assert "_auth_user_id" not in asked.session
    (leaf,) = leaves(house, "session.signed_out")
    assert leaf["actor"]["id"] == str(house.ids["bob"])


def test_a_key_is_no_password(house: House) -> None:
    key = house.key("bob")
    assert keys.resolve(key) is not None
    assert isinstance(refusal(house.slug, house.email("bob"), key), NotSignedIn)
