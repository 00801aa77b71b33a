"""Where somebody is signed in, ending that, and changing the password."""

from __future__ import annotations

import asyncio
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from assistant.streams import doorbell, relay
from governance import models, people
from governance.accounts import sessions
from governance.errors import NotFound
from tests.assistant import asking, portal, serving
from tests.cast import PASSWORD, House
from tests.governance.database import leaves

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"
COMMON = "1q2w3e4r5t6y"
NEW = "a long walk by the river"


def browser(house: House, name: str, agent: str, address: str = "127.0.0.1", password: str = PASSWORD) -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    sent = {"email": house.email(name), "password": password}
    assert client.post(f"/t/{house.slug}/", sent).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_list_names_each_device_and_ends_one_at_its_next_request(house: House) -> None:
    desk, phone = browser(house, "bob", FIREFOX, "192.0.2.7"), browser(house, "bob", PHONE, "2001:db8::7")
    page = desk.get("/account/").content.decode()
    for said in ("Firefox on Linux", "Safari on iPhone", "192.0.2.7", "2001:db8::7"):
        assert said in page
    assert page.count("This one") == 1
    rows = {row.address: row for row in sessions.of(house.bob, house.ids["bob"])}
    assert set(rows) == {"192.0.2.7", "2001:db8::7"}

    # Another person's is not there, for the neighbour at the next desk as for an admin.
    theirs = f"/account/sessions/{rows['2001:db8::7'].pk}/end"
    assert browser(house, "charlie", FIREFOX).post(theirs).status_code == 404
    assert browser(house, "ada", FIREFOX).post(theirs).status_code == 404
    assert is_in(phone)

    assert desk.post(theirs).status_code == 302
    assert not is_in(phone)
    assert is_in(desk)
    (leaf,) = leaves(house, "session.ended")
    assert (leaf["actor"]["id"], leaf["facts"]) == (str(house.ids["bob"]), {"sessions": 1})
    assert "192.0.2.7" not in str(leaves(house))
    assert desk.post(theirs).status_code == 404


def test_all_others_end_and_an_admin_ends_all(house: House, neighbour: House) -> None:
    desk, others = browser(house, "bob", FIREFOX), [browser(house, "bob", PHONE) for _ in range(2)]
    assert desk.post("/account/sessions/end-others").status_code == 302
    assert [is_in(one) for one in (desk, *others)] == [True, False, False]

    out = f"/people/{house.ids['bob']}/sign-out"
    for outsider in (browser(house, "charlie", FIREFOX), browser(neighbour, "ada", FIREFOX)):
        assert outsider.post(out).status_code in {403, 404}
    assert is_in(desk)
    assert browser(house, "ada", FIREFOX).post(out).status_code == 302
    assert not is_in(desk)
    assert sessions.of(house.bob, house.ids["bob"]) == []
    assert [leaf["facts"] for leaf in leaves(house, "session.ended")] == [{"sessions": 2}, {"sessions": 1}]


def test_whoever_signs_in_anew_in_one_browser_has_one_session(house: House) -> None:
    client = browser(house, "bob", FIREFOX)
    assert client.post(f"/t/{house.slug}/", {"email": house.email("bob"), "password": PASSWORD}).status_code == 302
    assert len(sessions.of(house.bob, house.ids["bob"])) == 1


def test_a_session_that_is_signed_out_or_was_never_listed(house: House) -> None:
    client = browser(house, "bob", FIREFOX)
    with house.bob.transaction():
        models.PortalSession.objects.filter(person=house.ids["bob"]).delete()
    from assistant.sign_in import presence

    presence._seen.clear()
    assert "Firefox on Linux" in client.get("/account/").content.decode()
    client.post("/sign-out")
    assert sessions.of(house.bob, house.ids["bob"]) == []


def test_first_requests_at_once_give_an_unlisted_session_one_row(house: House) -> None:
    client = browser(house, "bob", FIREFOX)
    here = house.bob.through("portal", str(client.session.session_key))
    for _ in range(3):
        with house.bob.transaction():
            models.PortalSession.objects.filter(person=house.ids["bob"]).delete()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: serving.done_with(sessions.touch, here, FIREFOX, "192.0.2.7"), range(16)))
        assert [row.address for row in sessions.of(house.bob, house.ids["bob"])] == ["192.0.2.7"]


def test_a_session_that_is_ended_ends_its_open_streams_and_no_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "TRUST_S", 3600.0)
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.05)
    keys_of = [str(browser(house, "bob", agent).session.session_key) for agent in (FIREFOX, PHONE)]
    here, there = (house.bob.through("portal", key) for key in keys_of)
    answer = asking.ask(here).pk

    async def follow() -> None:
        streams = [relay.follow(scope, answer, 0) for scope in (here, there)]
        for one in streams:
            await anext(one)
        goes_on = asyncio.ensure_future(anext(streams[0]))
        await sync_to_async(serving.done_with)(sessions.end_others, here)
        with pytest.raises(NotFound):
            await anext(streams[1])
        assert not goes_on.done()
        goes_on.cancel()

    asyncio.run(asyncio.wait_for(follow(), 60))


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(house: House) -> None:
    desk, other = browser(house, "bob", FIREFOX), browser(house, "bob", PHONE)
    wrong = {
        "before": {"before": "wrong", "password": NEW, "again": NEW},
        "not twice": {"before": PASSWORD, "password": NEW, "again": NEW + "x"},
        "eleven": {"before": PASSWORD, "password": "elevenchars", "again": "elevenchars"},
        "common": {"before": PASSWORD, "password": COMMON, "again": COMMON},
        "own address": {"before": PASSWORD, "password": house.email("bob"), "again": house.email("bob")},
    }
    for case, sent in wrong.items():
        assert desk.post("/account/password", sent).status_code == 400, case
    assert is_in(other)

    assert desk.post("/account/password", {"before": PASSWORD, "password": NEW, "again": NEW}).status_code == 302
    assert is_in(desk)
    assert not is_in(other)
    assert len(sessions.of(house.bob, house.ids["bob"])) == 1
    assert browser(house, "bob", FIREFOX, password=NEW)
    assert [leaf["facts"] for leaf in leaves(house, "person.password_changed")] == [{}]
    assert NEW not in str(leaves(house))


def test_a_link_is_withdrawn_and_made_anew(house: House) -> None:
    ada, link = portal.signed_in(house, "ada"), f"/people/{house.ids['bob']}/link"
    first = _address(ada.post(link).content.decode(), house)
    assert Client().get(first).status_code == 200
    assert "Withdraw the link" in ada.get(f"/people/{house.ids['bob']}").content.decode()
    assert portal.signed_in(house, "charlie").post(f"{link}/withdraw").status_code == 403
    assert ada.post(f"{link}/withdraw").status_code == 302
    assert Client().get(first).status_code == 404
    second = _address(ada.post(link).content.decode(), house)
    sent = {"password": NEW, "again": NEW}
    assert Client().post(second, sent).status_code == 302
    assert Client().post(second, sent).status_code == 404
    assert ada.post(f"/people/{uuid.uuid4()}/link/withdraw").status_code == 404
    assert people.find_by_email(house.system, house.email("bob")).check_password(NEW)  # type: ignore[union-attr]


def _address(page: str, house: House) -> str:
    found = re.search(rf"/t/{house.slug}/join/[\w-]+", page)
    assert found
    return found[0]
