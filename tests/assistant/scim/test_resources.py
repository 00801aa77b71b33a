"""How people and groups are asked for and answered: versions, lists, and what cannot be done."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from assistant.scim import view
from tests.assistant.scim import doors
from tests.cast import House


def test_a_version_that_was_not_read_is_not_written_over(shared_house: House) -> None:
    door = doors.door(shared_house, "Versions")
    made = door.call("POST", "/Users", {"userName": f"v@{shared_house.slug}.example"})
    one, tag = f"/Users/{json.loads(made.content)['id']}", made["ETag"]
    assert made["Location"].endswith(door.root + one)
    assert door.call("GET", one, **{"If-None-Match": tag}).status_code == 304
    sent = {"userName": f"v@{shared_house.slug}.example", "title": "Counsel"}
    changed = door.call("PUT", one, sent, **{"If-Match": tag})
    assert (changed.status_code, changed["ETag"] != tag) == (200, True)
    for verb in ("PUT", "PATCH", "DELETE"):
        assert door.call(verb, one, sent | {"Operations": [doors.ON]}, **{"If-Match": tag}).status_code == 412
    assert door.call("GET", one, **{"If-None-Match": tag}).status_code == 200
    assert (
        door.call("PUT", one, sent, **{"If-Match": changed["ETag"]})["ETag"] == changed["ETag"]
    )  # nothing new was said


def test_lists_are_filtered_sorted_paged_and_cut_to_what_was_asked(house: House) -> None:
    door = doors.door(house)
    for name, title in (("cleo", "B"), ("abe", "A"), ("bea", "")):
        door.user(name, title=title)
    root = f"@{house.slug}.example"

    def names(query: str) -> list[str]:
        return [one["userName"].removesuffix(root) for one in door.told("GET", f"/Users?{query}")["Resources"]]

    assert names("") == ["cleo", "abe", "bea"]
    assert names("sortBy=userName&sortOrder=descending") == ["cleo", "bea", "abe"]
    assert names("sortBy=title") == ["abe", "cleo", "bea"]  # what has none comes last
    assert names("startIndex=2&count=1") == ["abe"]
    assert names("startIndex=-5&count=nonsense") == ["cleo", "abe", "bea"]
    assert door.told("GET", "/Users?count=0") | {"Resources": None} == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 3, "startIndex": 1,
        "itemsPerPage": 0, "Resources": None,
    }  # fmt: skip
    assert names('filter=title eq "a" or userName sw "bea"&attributes=userName') == ["abe", "bea"]
    (one,) = door.told("GET", "/Users?count=1&attributes=emails.value,userName")["Resources"]
    assert one.keys() <= {"schemas", "id", "userName", "emails"}
    (one,) = door.told("GET", "/Users?count=1&excludedAttributes=userName,meta,id")["Resources"]
    assert {"id", "displayName"} <= one.keys()
    assert not {"userName", "meta"} & one.keys()
    body = {"filter": 'displayName eq "Bea"', "attributes": ["displayName"], "count": 5}
    assert door.told("POST", "/Users/.search", body)["totalResults"] == 1


ODD: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/Users", [], 400, "invalidSyntax"),
    ("POST", "/Users", {}, 400, "invalidValue"),
    ("POST", "/Users", {"userName": "no address"}, 400, "invalidValue"),
    ("POST", "/Users", {"userName": "\ud800@x.example"}, 400, "invalidValue"),
    ("POST", "/Users", {"userName": "a@x.example", "active": "perhaps"}, 400, "invalidValue"),
    ("POST", "/Users", {"userName": "a@x.example", "emails": [[1]]}, 400, "invalidValue"),
    ("PATCH", "/Users/{one}", {"Operations": []}, 400, "invalidSyntax"),
    ("PATCH", "/Users/{one}", {"Operations": [{"op": "move", "path": "active"}]}, 400, "invalidSyntax"),
    ("PATCH", "/Users/{one}", {"Operations": [{"op": "remove"}]}, 400, "noTarget"),
    ("PATCH", "/Users/{one}", {"Operations": [{"op": "add", "path": "emails[", "value": 1}]}, 400, "invalidPath"),
    ("PATCH", "/Users/{one}", {"Operations": [{"op": "add", "path": "id", "value": "x"}]}, 400, "mutability"),
    ("PATCH", "/Users/{one}", {"Operations": [{"op": "remove", "path": "userName"}]}, 400, "invalidValue"),
    ("GET", "/Users?filter=userName eq", None, 400, "invalidFilter"),
    ("GET", "/Users?attributes=userName&excludedAttributes=id", None, 400, "invalidValue"),
    ("POST", "/Groups", {"displayName": "G", "members": [{"value": "{one}", "type": "Group"}]}, 400, "invalidValue"),
    ("POST", "/Groups", {"displayName": "G", "members": [{"value": str(uuid.UUID(int=7))}]}, 400, "invalidValue"),
    ("GET", "/Users/nonsense", None, 404, ""),
    ("POST", "/ServiceProviderConfig", {}, 405, ""),
    ("POST", "/Bulk", {}, 501, ""),
    ("GET", "/Roles", None, 404, ""),
]  # fmt: skip


def test_what_cannot_be_done_is_told_in_scims_shape(shared_house: House) -> None:
    door = doors.door(shared_house, "Odd")
    one = door.user("odd")["id"]
    for verb, path, sent, status, kind in ODD:
        response = door.call(verb, path.format(one=one), sent)
        told = json.loads(response.content)
        assert (response.status_code, told["status"], told.get("scimType", "")) == (status, str(status), kind), (
            path,
            sent,
        )
        assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert door.told("GET", "/Groups")["totalResults"] == 0


def test_a_directory_that_calls_too_often_waits(shared_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    door = doors.door(shared_house, "Eager")
    monkeypatch.setattr(view, "CALLS", 2)
    assert [door.call("GET", "/Users").status_code for _ in range(3)] == [200, 200, 429]
    assert door.call("GET", "/Users")["Retry-After"]
