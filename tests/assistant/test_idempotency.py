"""A request that its client names is done once, however often it comes; what has changed is not overwritten unseen."""

from __future__ import annotations

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import Client
from django.utils import timezone

from assistant import conversations, idempotency, models
from assistant.idempotency import Done, KeyReused, UnderWay
from governance.errors import NotFound
from governance.scope import Scope
from ingestion import catalog
from ingestion.documents import uploads
from tests.assistant import asking
from tests.cast import House
from tests.governance.database import as_superuser, leaves

URL = "/api/v1/answers"
ASKED = {"question": "my password is Tr0ub4dor&3x-Kassel"}  # blocked at once: nobody has to answer it


def named(house: House, name: str, person: str = "bob", **headers: str) -> Client:
    given = {"Authorization": f"Bearer {house.key(person)}", "Idempotency-Key": name} | headers
    return Client(headers=given, raise_request_exception=False)


def test_a_question_that_comes_twice_is_asked_once(house: House) -> None:
    bob = named(house, "a-1")
    first, second = (bob.post(URL, ASKED, content_type="application/json") for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert (first.get("Idempotent-Replayed"), second.get("Idempotent-Replayed")) == (None, "true")
    assert len(leaves(house, "prompt.received")) == 1
    streamed = bob.post(URL, ASKED | {"stream": True}, content_type="application/json")
    assert (streamed.status_code, streamed.json()["error"]["code"]) == (422, "idempotency_key_reused")
    other = bob.post(URL, {"question": "Anything else?"}, content_type="application/json")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
    for nonsense in ("a b", "x" * 256, "ä"):
        told = named(house, nonsense).post(URL, ASKED, content_type="application/json")
        assert (told.status_code, told.json()["error"]["code"]) == (400, "invalid_input")
    assert len(leaves(house, "prompt.received")) == 1


def test_the_name_is_each_persons_own_and_what_it_leads_to_is_read_with_the_rights_of_now(
    house: House, neighbour: House
) -> None:
    mine = named(house, "same").post(URL, ASKED, content_type="application/json").json()["id"]
    for other, person in ((house, "charlie"), (neighbour, "bob")):
        told = named(other, "same", person).post(URL, ASKED, content_type="application/json")
        assert told.json()["id"] != mine
        assert "Idempotent-Replayed" not in told
    made = named(house, "shelf", "ada").post("/api/v1/collections", {"name": "Shelf"}, content_type="application/json")
    catalog.delete(house.ada, uuid.UUID(made.json()["id"]))
    again = named(house, "shelf", "ada").post("/api/v1/collections", {"name": "Shelf"}, content_type="application/json")
    assert again.status_code == 404


def test_collections_and_documents_that_come_twice_are_made_once(house: House) -> None:
    ada = named(house, "c-1", "ada")
    made = [ada.post("/api/v1/collections", {"name": "Papers"}, content_type="application/json") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert len(leaves(house, "collection.created")) == 1
    address = f"/api/v1/collections/{made[0].json()['id']}/documents"
    sender = named(house, "d-1", "ada")
    sent = [sender.post(address, {"file": SimpleUploadedFile("a.md", text)}) for text in (b"# One", b"# One", b"# Two")]
    assert [one.status_code for one in sent] == [202, 202, 422]
    assert sent[0].json()["id"] == sent[1].json()["id"]
    assert [one.json()["outcome"] for one in sent[:2]] == ["new", "new"]
    assert len(leaves(house, "document.uploaded")) == 1


def test_what_failed_may_be_tried_again_under_its_name(house: House) -> None:
    with as_superuser() as database:
        database.execute("UPDATE tenant SET answers_per_person_max = 0 WHERE id = %s", [house.tenant])
    asked = {"question": "How many days?", "stream": True}
    bob = named(house, "b-1")
    assert bob.post(URL, asked, content_type="application/json").status_code == 429
    with as_superuser() as database:
        database.execute("UPDATE tenant SET answers_per_person_max = 9 WHERE id = %s", [house.tenant])
    with asking.unrung() as rung:
        told = bob.post(URL, asked, content_type="application/json")
    assert told.status_code == 200
    assert "Idempotent-Replayed" not in told
    assert len(rung) == 1


def test_twins_at_once_make_one(house: House) -> None:
    bob = house.bob

    def ask(_: int) -> str:
        try:
            return str(idempotency.once(bob, "twin", "print", do, conversations.answer_of).made)
        except UnderWay:
            return "under way"
        finally:
            connection.close()

    def do(wanted: uuid.UUID) -> Done:
        return Done(conversations.ask(bob, "Twice?", answer_id=wanted, is_rung=False).pk)

    with ThreadPoolExecutor(6) as pool:
        told = set(pool.map(ask, range(12)))
    assert len(told - {"under way"}) == 1
    with house.system.transaction():
        assert models.Answer.objects.filter(person=bob.person).count() == 1
    assert len(leaves(house, "prompt.received")) == 1


def test_a_twin_whose_other_has_just_failed_does_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It finds the name taken, and then nobody there who took it."""
    save, found = models.IdempotentRequest.save, list[str]()

    def taken(row: models.IdempotentRequest, **how: Any) -> None:
        if not found:
            found.append(row.name)
            raise IntegrityError
        save(row, **how)

    monkeypatch.setattr(models.IdempotentRequest, "save", taken)
    done = idempotency.once(house.bob, "twin", "print", Done, lambda *_: None)
    assert (found, done.is_repeat) == (["twin"], False)


@pytest.mark.parametrize("was_made", [True, False])
def test_a_process_that_died_over_it_leaves_nothing_twice(house: House, was_made: bool) -> None:
    bob, ids = house.bob, []

    def dies(wanted: uuid.UUID) -> Done:
        ids.append(wanted)
        if was_made:
            conversations.ask(bob, "Once?", answer_id=wanted, is_rung=False)
        return Done(wanted)

    def never(*_: Any) -> None:
        """As if the machine had stopped there."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(idempotency, "_note", never)
        idempotency.once(bob, "died", "print", dies, conversations.answer_of)
    with pytest.raises(UnderWay):
        idempotency.once(bob, "died", "print", dies, conversations.answer_of)
    _age(bob, lease_until=timezone.now() - timedelta(seconds=1))

    def do(wanted: uuid.UUID) -> Done:
        return Done(conversations.ask(bob, "Once?", answer_id=wanted, is_rung=False).pk)

    done = idempotency.once(bob, "died", "print", do, conversations.answer_of)
    assert (done.made, done.is_repeat) == (ids[0], was_made)
    assert len(leaves(house, "prompt.received")) == 1
    assert idempotency.once(bob, "died", "print", do, conversations.answer_of).is_repeat


def test_a_day_later_the_name_is_free_and_its_row_gone(house: House, neighbour: House) -> None:
    def get(_: Scope, __: uuid.UUID) -> None:
        raise NotFound("never asked")

    first = idempotency.once(house.bob, "old", "print", Done, get)
    idempotency.once(neighbour.bob, "old", "print", Done, get)
    _age(house.bob, created_at=timezone.now() - idempotency.KEPT - timedelta(seconds=1))
    second = idempotency.once(house.bob, "old", "another", Done, get)
    assert second.made != first.made
    with pytest.raises(KeyReused):
        idempotency.once(house.bob, "old", "print", Done, get)
    _age(house.bob, created_at=timezone.now() - idempotency.KEPT - timedelta(seconds=1))
    assert idempotency.forget() >= 1
    assert [_kept(one) for one in (house, neighbour)] == [0, 1]


def test_a_collection_is_sent_once_and_changed_only_by_whoever_has_seen_it(house: House) -> None:
    made = catalog.create(house.ada, "Handbook").pk
    address, ada = f"/api/v1/collections/{made}", named(house, "unused", "ada")
    tag = ada.get(address)["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        same = ada.get(address, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert ada.get(address, headers={"If-None-Match": '"other"'}).status_code == 200

    def change(name: str, known: str) -> Any:
        return ada.patch(address, {"name": name}, content_type="application/json", headers={"If-Match": known})

    changed = change("Rules", tag)
    assert (changed.status_code, changed.json()["name"]) == (200, "Rules")
    assert changed["ETag"] == ada.get(address)["ETag"] != tag
    for stale in (tag, f"W/{changed['ETag']}", "nonsense", ""):
        refused = change("Laws", stale)
        assert (refused.status_code, refused.json()["error"]["code"]) == (412, "precondition_failed")
        assert ada.delete(address, headers={"If-Match": stale}).status_code == 412
    assert catalog.get(house.ada, made).name == "Rules"
    charlie = named(house, "unused", "charlie")
    told = {
        charlie.patch(place, {"name": "x"}, content_type="application/json", headers={"If-Match": tag}).status_code
        for place in (address, f"/api/v1/collections/{uuid.uuid4()}")
    }
    assert told == {404}
    assert ada.delete(address, headers={"If-Match": changed["ETag"]}).status_code == 204


def test_a_documents_tag_changes_with_what_became_of_it(house: House) -> None:
    made = catalog.create(house.ada, "Handbook").pk
    row = uploads.upload(house.ada, made, "a.md", io.BytesIO(b"# One\n"))
    address, ada = f"/api/v1/documents/{row.pk}", named(house, "unused", "ada")
    tag = ada.get(address)["ETag"]
    uploads.upload(house.ada, made, "a.md", io.BytesIO(b"# Two\n"))
    assert ada.delete(address, headers={"If-Match": tag}).status_code == 412
    now = ada.get(address, headers={"If-None-Match": tag})
    assert now.status_code == 200
    assert ada.delete(address, headers={"If-Match": now["ETag"]}).status_code == 204


def _age(scope: Scope, **fields: Any) -> None:
    with scope.transaction():
        models.IdempotentRequest.objects.update(**fields)


def _kept(house: House) -> int:
    with house.system.transaction():
        return models.IdempotentRequest.objects.count()
