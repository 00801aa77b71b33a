"""What somebody loses who leaves there, and who says that they are switched off."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from assistant.streams import doorbell, relay
from governance import people
from governance.errors import Conflict, NotFound
from governance.identity.directories import entries
from tests.assistant import asking, portal, serving
from tests.assistant.scim import doors
from tests.cast import House
from tests.governance.database import leaves


def handed_over(house: House, name: str = "bob") -> tuple[doors.Door, str]:
    door = doors.door(house)
    entries.hand_over(house.ada, door.directory, house.ids[name])
    return door, f"/Users/{house.ids[name]}"


@pytest.mark.parametrize("how", ["patch", "put", "delete"])
def test_who_leaves_there_has_neither_session_nor_key_nor_stream_at_the_next_request(
    house: House, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.05)
    door, address = handed_over(house)
    browser, bob = portal.signed_in(house, "bob"), house.bob
    key = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    assert (browser.get("/c/").status_code, key.get("/api/v1/me").status_code) == (200, 200)
    answer = asking.ask(bob).pk

    def leave() -> None:
        if how == "patch":
            door.patch(address, doors.OFF)
        elif how == "put":
            door.told("PUT", address, {"userName": house.email("bob"), "active": False})
        else:
            door.told("DELETE", address, status=204)

    async def follow() -> None:
        stream = relay.follow(bob, answer, 0)
        await anext(stream)
        await sync_to_async(serving.done_with)(leave)
        with pytest.raises(NotFound):
            await anext(stream)

    asyncio.run(asyncio.wait_for(follow(), 30))
    assert browser.get("/c/").status_code == 302
    assert key.get("/api/v1/me").status_code == 401
    (off,) = leaves(house, "person.switched_off")
    assert off["actor"]["kind"] == "directory"
    assert (off["actor"]["id"], off["client"], off["facts"]) == (str(door.directory), "scim", {"keys_revoked": 1})
    if how != "delete":
        door.patch(address, doors.ON)
        assert house.bob.groups == {house.team}
        assert (browser.get("/c/").status_code, key.get("/api/v1/me").status_code) == (302, 401)


def test_hand_and_directory_do_not_fight_over_who_is_switched_off(house: House) -> None:
    door, address = handed_over(house)
    bob = house.ids["bob"]
    people.switch_off(house.ada, bob)
    door.patch(address, doors.OFF)
    door.patch(address, doors.ON)
    assert not doors.is_on(house, bob)  # a hand did it
    people.switch_on(house.ada, bob)
    door.patch(address, doors.OFF)
    with pytest.raises(Conflict):
        people.switch_on(house.ada, bob)
    entries.release(house.ada, bob)
    people.switch_on(house.ada, bob)
    assert doors.is_on(house, bob)
    door.told("GET", address, status=404)


def test_the_last_admin_is_not_switched_off_by_a_directory(house: House) -> None:
    door, address = handed_over(house, "ada")
    told = door.patch(address, doors.OFF, status=409)
    assert "last admin" in told["detail"]
    assert doors.is_on(house, house.ids["ada"])
