"""Second factors at the door: codes, recovery codes, enrolment that a tenant demands, and too many tries."""

from __future__ import annotations

from django.test import Client

from assistant.sign_in import second
from governance import models
from governance.accounts import factors, recovery, totp
from tests.assistant import portal
from tests.assistant.accounts import holding
from tests.assistant.accounts.conftest import Clock
from tests.assistant.accounts.test_sessions import is_in
from tests.cast import PASSWORD, House
from tests.governance.database import leaves


def half(house: House, name: str) -> Client:
    """The password was given, and something is missing."""
    client = Client()
    sent = {"email": house.email(name), "password": PASSWORD}
    assert client.post(f"/t/{house.slug}/", sent)["Location"].startswith("/sign-in/")
    return client


def test_an_app_is_set_up_by_its_first_code_and_asked_for_from_then_on(house: House, clock: Clock) -> None:
    client = portal.signed_in(house, "bob")
    page = client.get("/account/authenticator").content.decode()
    assert "<svg" in page
    assert "style=" not in page
    secret = page.partition('class="mono key">')[2].partition("<")[0]
    assert client.get("/account/authenticator").content.decode().count(secret) == 1, "the same until it is confirmed"
    assert client.post("/account/authenticator", {"code": "000000"}).status_code == 400
    shown = client.post("/account/authenticator", {"code": holding.code(secret)})
    codes = [line.partition("</li>")[0] for line in shown.content.decode().split("<li>")[1:]]
    assert len(set(codes)) == recovery.AMOUNT
    assert is_in(client)

    other = half(house, "bob")
    assert not is_in(other)
    clock.tick()
    assert other.post("/sign-in/second", {"code": holding.code(secret)}).status_code == 302
    assert is_in(other)
    last = leaves(house, "session.signed_in")[-1]
    assert last["facts"] == {"method": "password", "mfa": True, "second": "totp"}
    record = str(leaves(house))
    assert not any(one in record for one in (secret, *codes, codes[0].replace("-", "")))
    with house.bob.transaction():
        kept = models.TotpSecret.objects.get(person=house.ids["bob"])
        assert secret.encode() not in bytes(kept.secret)
        assert not set(codes) & set(models.RecoveryCode.objects.values_list("hash", flat=True))


def test_a_code_is_taken_once_and_within_one_step(house: House, clock: Clock) -> None:
    secret, _ = holding.phone(house.bob)
    who, system = house.ids["bob"], house.system
    assert not totp.check(system, who, holding.code(secret)), "it confirmed the app already"
    clock.tick(10)
    for steps, is_right in ((-2, False), (2, False), (-1, True), (-1, False), (1, True), (0, False), (1, False)):
        assert totp.check(system, who, holding.code(secret, steps)) is is_right, steps
    assert not totp.check(system, house.ids["charlie"], holding.code(secret, 1))


def test_a_recovery_code_opens_once_in_place_of_the_phone(house: House, clock: Clock) -> None:
    _, codes = holding.phone(house.bob)
    for number, (given, status) in enumerate(
        [(codes[0].upper(), 302), (codes[0], 401), ("", 401), ("abcd-abcd-abcd-abcd", 401), (codes[1], 302)]
    ):
        assert half(house, "bob").post("/sign-in/second", {"code": given}).status_code == status, number
    assert [leaf["facts"] for leaf in leaves(house, "person.recovery_code_used")] == [{"left": 9}, {"left": 8}]
    client = portal.signed_in(house, "charlie")
    assert client.post("/account/codes").status_code == 302, "nothing that they would stand in for"


def test_the_tenant_demands_it_of_whom_it_says_and_enrols_on_the_way(house: House, clock: Clock) -> None:
    ada = portal.signed_in(house, "ada")
    for refused in (portal.signed_in(house, "bob"), portal.signed_in(house, "olga")):
        assert refused.post("/settings/sign-in/passwords", {"second_factor_for": "nobody"}).status_code == 403
    assert ada.post("/settings/sign-in/passwords", {"second_factor_for": "some"}).status_code == 400
    assert ada.post("/settings/sign-in/passwords", {"second_factor_for": "offices"}).status_code == 302
    portal.signed_in(house, "bob")
    olga = half(house, "olga")
    assert not is_in(olga)
    assert is_in(ada), "from the next sign-in"
    page = olga.get("/sign-in/enrol").content.decode()
    assert olga.get("/sign-in/second").status_code == 401, "there is none to give"
    secret = page.partition('class="mono key">')[2].partition("<")[0]
    assert olga.post("/sign-in/enrol", {"code": "123"}).status_code == 400
    done = olga.post("/sign-in/enrol", {"code": holding.code(secret)})
    assert done.content.decode().count("<li>") == recovery.AMOUNT
    assert is_in(olga)
    assert factors.of(house.olga, house.ids["olga"]).has_totp
    assert leaves(house, "tenant.changed")[-1]["facts"] == {"changed": ["second_factor_for"]}

    # Whoever has none and took too long, or gave no password, is back at the door.
    assert Client().get("/sign-in/enrol").status_code == Client().get("/sign-in/second").status_code == 401


def test_tries_at_the_second_factor_wait_longer_each_time_and_an_admin_ends_it(house: House, clock: Clock) -> None:
    secret, _ = holding.phone(house.bob)
    clock.tick(5)
    client = half(house, "bob")
    for _ in range(second.TRIES):
        assert client.post("/sign-in/second", {"code": "000000"}).status_code == 401
    right = {"code": holding.code(secret)}
    held = client.post("/sign-in/second", right)
    assert (held.status_code, int(held["Retry-After"])) == (429, second.TRIES_WITHIN_S)
    assert half(house, "bob").post("/sign-in/second", right).status_code == 429, "another browser is no other person"
    ada, person = portal.signed_in(house, "ada"), f"/people/{house.ids['bob']}"
    assert "Let them try again" in ada.get(person).content.decode()
    assert portal.signed_in(house, "charlie").post(f"{person}/unlock").status_code == 403
    assert ada.post(f"{person}/unlock").status_code == 302
    assert len(leaves(house, "person.unlocked")) == 1
    assert client.post("/sign-in/second", right).status_code == 302
    assert [leaf["facts"]["reason"] for leaf in leaves(house, "session.refused")].count("wrong second factor") == 5


def test_an_admin_removes_what_somebody_has_lost(house: House, neighbour: House, clock: Clock) -> None:
    holding.phone(house.bob)
    lost = f"/people/{house.ids['bob']}/factors/remove"
    assert portal.signed_in(house, "charlie").post(lost).status_code == 403
    assert portal.signed_in(neighbour, "ada").post(lost).status_code == 404
    assert factors.of(house.bob, house.ids["bob"]).is_any
    assert portal.signed_in(house, "ada").post(lost).status_code == 302
    assert not factors.of(house.bob, house.ids["bob"]).is_any
    assert factors.of(house.bob, house.ids["bob"]).codes == 0
    portal.signed_in(house, "bob")
    assert leaves(house, "person.factor_removed")[-1]["actor"]["id"] == str(house.ids["ada"])


def test_one_address_that_fails_on_everybody_waits(shared_house: House) -> None:
    from assistant.sign_in import from_here, tries

    key = from_here._key("198.51.100.9")
    tries.forget(key)
    client = Client(REMOTE_ADDR="198.51.100.9")
    for number in range(from_here.FAILURES + 1):
        client.post(f"/t/{shared_house.slug}/", {"email": f"{number}@nobody.example", "password": "x"})
    sent = {"email": shared_house.email("bob"), "password": PASSWORD}
    assert client.post(f"/t/{shared_house.slug}/", sent).status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.8").post(f"/t/{shared_house.slug}/", sent).status_code == 302
    tries.forget(key)


def test_each_hold_up_is_twice_the_last_up_to_an_hour() -> None:
    from uuid import uuid4

    from django.core.cache import cache

    from assistant.sign_in import tries

    key, waits = f"test:{uuid4()}", []
    for _ in range(6):
        assert [tries.wait_s(key, 2, 300) for _ in range(2)] == [0, 0]
        waits.append(tries.wait_s(key, 2, 300))
        assert 0 < tries.wait_s(key, 2, 300) <= waits[-1]
        cache.delete(f"{key}:until")  # its time is over
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    tries.forget(key)
    assert [tries.wait_s(key, 1, 300) for _ in range(2)] == [0, 300]


def test_nothing_of_it_is_readable_by_another_tenant_or_person(house: House, neighbour: House, clock: Clock) -> None:
    holding.phone(house.bob)
    for scope in (neighbour.ada, neighbour.system, house.charlie):
        with scope.transaction():
            assert not models.TotpSecret.objects.exists()
            assert not models.RecoveryCode.objects.exists()
            assert not models.PortalSession.objects.exclude(person=scope.actor).exists()
