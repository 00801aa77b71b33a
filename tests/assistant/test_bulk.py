"""Many files in one request: each by itself, told of in their order, and done once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion import catalog, documents
from tests.cast import House
from tests.governance.database import leaves

FILM = b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 64


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Papers").pk


@pytest.fixture
def ada(house: House) -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key('ada')}"})


def address(shelf: uuid.UUID) -> str:
    return f"/api/v1/collections/{shelf}/documents/bulk"


def files(**named: bytes) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(name.replace("_", "."), content) for name, content in named.items()]


def outcomes(told: dict[str, Any]) -> list[tuple[str, int, str | None]]:
    return [(one["name"], one["status"], one["outcome"]) for one in told["files"]]


def test_one_that_is_refused_keeps_none_of_the_others_back(house: House, shelf: uuid.UUID, ada: Client) -> None:
    sent = files(a_md=b"# A", film_mov=FILM, b_md=b"# B", empty_md=b"")
    response = ada.post(address(shelf), {"file": sent})
    told = response.json()
    assert response.status_code == 207
    assert [one["name"] for one in told["files"]] == ["a.md", "film.mov", "b.md", "empty.md"]
    assert [one["status"] for one in told["files"]][:3] == [202, 415, 202]
    assert (told["taken"], told["refused"]) == (2, 2)
    assert (told["files"][1]["error"]["code"], told["files"][1]["document"]) == ("unsupported", None)
    assert sorted(row.name for row in documents.listed(house.ada, shelf)) == ["a.md", "b.md"]
    assert told["files"][0]["document"]["status"] == "queued"
    assert len(leaves(house, "document.uploaded")) == 2
    again = ada.post(address(shelf), {"file": files(a_md=b"# A", b_md=b"# B, newly")}).json()
    assert outcomes(again) == [("a.md", 202, "unchanged"), ("b.md", 202, "changed")]


def test_files_keep_their_folders_where_paths_are_sent(house: House, shelf: uuid.UUID, ada: Client) -> None:
    named = {"file": files(a_md=b"# A", b_md=b"# B"), "path": ["x/a.md", "y/a.md"]}
    assert outcomes(ada.post(address(shelf), named).json()) == [("x/a.md", 202, "new"), ("y/a.md", 202, "new")]
    assert sorted(row.name for row in documents.listed(house.ada, shelf)) == ["x/a.md", "y/a.md"]
    for wrong in (["x"], ["x", "y" * 2_000]):
        refused = ada.post(address(shelf), {"file": files(a_md=b"# A", b_md=b"# B"), "path": wrong})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_input"), wrong


def test_the_same_request_twice_is_done_once(house: House, shelf: uuid.UUID, ada: Client) -> None:
    once = {"Idempotency-Key": "k" * 255}
    first = ada.post(address(shelf), {"file": files(a_md=b"# A", b_md=b"# B")}, headers=once)
    second = ada.post(address(shelf), {"file": files(a_md=b"# A", b_md=b"# B")}, headers=once)
    assert (first.json(), second["Idempotent-Replayed"]) == (second.json(), "true")
    assert "Idempotent-Replayed" not in first.headers
    assert outcomes(second.json()) == [("a.md", 202, "new"), ("b.md", 202, "new")]
    other = ada.post(address(shelf), {"file": files(a_md=b"# A", b_md=b"# C")}, headers=once)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert len(leaves(house, "document.uploaded")) == 2


def test_a_name_that_was_given_to_another_request_does_nothing(house: House, shelf: uuid.UUID, ada: Client) -> None:
    """More files or fewer are another request, and what is no name is said before any file is taken."""

    def sent(name: str, **named: bytes) -> Any:
        return ada.post(address(shelf), {"file": files(**named)}, headers={"Idempotency-Key": name})

    assert sent("one", a_md=b"# A", b_md=b"# B").status_code == 207
    for other in ({"a_md": b"# A"}, {"a_md": b"# A", "b_md": b"# B", "c_md": b"# C"}, {"b_md": b"# B", "a_md": b"# A"}):
        refused = sent("one", **other)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert sent("a b", c_md=b"# C").status_code == 400
    assert sorted(row.name for row in documents.listed(house.ada, shelf)) == ["a.md", "b.md"]


def test_a_file_whose_document_is_gone_by_then_keeps_the_others_answers(shelf: uuid.UUID, ada: Client) -> None:
    def sent() -> Any:
        return ada.post(
            address(shelf), {"file": files(a_md=b"# A", b_md=b"# B")}, headers={"Idempotency-Key": "once"}
        ).json()

    first = sent()
    assert ada.delete(f"/api/v1/documents/{first['files'][0]['document']['id']}").status_code == 204
    again = sent()
    assert [(one["status"], one["outcome"]) for one in again["files"]] == [(404, None), (202, "new")]
    assert again["files"][1]["document"]["id"] == first["files"][1]["document"]["id"]


def test_nobody_brings_many_where_they_may_not_bring_one(house: House, shelf: uuid.UUID, ada: Client) -> None:
    bob = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    assert bob.post(address(shelf), {"file": files(a_md=b"# A")}).status_code == 404
    assert ada.post(address(uuid.uuid4()), {"file": files(a_md=b"# A")}).status_code == 404
    assert ada.post(address(shelf), {}).status_code == 400
    assert ada.post(address(shelf), {"file": [SimpleUploadedFile("a.md", b"#")] * 101}).status_code == 413
    assert ada.post(address(shelf), {"file": "none"}, content_type="application/json").status_code == 415
    assert documents.listed(house.ada, shelf) == []
