"""Files attached to one conversation: asked about there alone, seen by their person alone, and gone with it."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from django.test import Client

from assistant import conversations
from assistant.conversations import assistants, attachments, threads, titles
from assistant.models import Answer, Status
from governance import tenants
from governance.audit.lifecycle import erasure
from governance.errors import Conflict, InvalidInput, NotFound, Unsupported
from governance.scope import Scope
from ingestion import catalog, documents, pipeline, search
from ingestion.documents import purging
from ingestion.leaving import erasing
from ingestion.search import topics
from tests.assistant import asking, portal
from tests.assistant.test_threads import turn
from tests.cast import House
from tests.governance.database import leaves

NOTES = b"# Notes\n\nThe zephyrquartz lift is out of order until Thursday, says the caretaker of the mill.\n"
QUESTION = "Until when is the zephyrquartz lift out of order?"


def attach(scope: Scope, conversation: uuid.UUID, text: bytes = NOTES, name: str = "notes.md") -> uuid.UUID:
    """And read."""
    row = attachments.attach(scope, conversation, name, io.BytesIO(text), len(text))
    assert row.latest_id
    pipeline.ingest(scope.tenant, row.latest_id)
    return row.pk


def test_it_is_asked_about_in_its_conversation_and_nowhere_else(house: House, settings: Any) -> None:
    asking.shelf(house)
    asking.speak(settings, ["The zephyrquartz lift is out of order until Thursday."] * 3)
    here, elsewhere = turn(house.bob, "Here", "Yes."), turn(house.bob, "Elsewhere", "Yes.")
    attach(house.bob, here.conversation_id)
    for options in ({"conversation": elsewhere.conversation_id}, {}):
        assert "notes.md" not in read_for(asking.answered(house.bob, QUESTION, **options))
    row = asking.answered(house.bob, QUESTION, conversation=here.conversation_id)
    assert row.status == Status.ANSWERED
    assert len(read_for(row)) == 2, "beside what may be read anyway"
    assert "notes.md" in read_for(row)
    assert all(one.document_name != "notes.md" for one in search.passages(house.bob, QUESTION).passages)


def read_for(row: Answer) -> set[str]:
    """The documents that were found for it."""
    return {one["name"] for one in row.receipt["kept"]}


def test_nobody_else_sees_it_and_it_stands_in_no_list(house: House, neighbour: House) -> None:
    row = turn(house.bob, "Here", "Yes.")
    document = attach(house.bob, row.conversation_id)
    collection = documents.get(house.bob, document).collection_id
    for scope in (house.bob, house.ada):
        assert collection not in {one.pk for one in catalog.listed(scope)}
        assert collection not in set(catalog.readable(scope))
    assert collection not in {one for one, _ in catalog.labels(house.olga)}
    for other in (house.ada, house.charlie, house.olga, neighbour.bob):
        with pytest.raises(NotFound):
            documents.get(other, document)
        with pytest.raises(NotFound):
            search.passages(other, QUESTION, [collection])
        with pytest.raises(NotFound):
            attachments.listed(other, row.conversation_id)
        with pytest.raises(NotFound):
            attach(other, row.conversation_id)
        with pytest.raises(NotFound):
            attachments.detach(other, row.conversation_id, document)
    admin = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    assert str(collection) not in admin.get("/api/v1/collections").content.decode()
    assert portal.signed_in(house, "bob").get(f"/documents/{document}").status_code == 200


def test_they_are_few_and_not_large_and_of_a_kind_that_is_read(house: House) -> None:
    row = turn(house.bob, "Here", "Yes.")
    for number in range(attachments.MOST):
        attachments.attach(house.bob, row.conversation_id, f"{number}.md", io.BytesIO(NOTES), len(NOTES))
    with pytest.raises(Conflict):
        attachments.attach(house.bob, row.conversation_id, "one more.md", io.BytesIO(NOTES), len(NOTES))
    attachments.attach(house.bob, row.conversation_id, "0.md", io.BytesIO(NOTES + b"more"), len(NOTES) + 4)
    with pytest.raises(InvalidInput):
        attachments.attach(house.bob, row.conversation_id, "0.md", io.BytesIO(b"x"), attachments.LARGEST + 1)
    before = len(threads.listed(house.bob).others)
    with pytest.raises(Unsupported):
        attachments.begin(house.bob, "program.exe", io.BytesIO(b"\x7fELF" + bytes(64)), 68)
    assert len(threads.listed(house.bob).others) == before, "no conversation is left of a file that was not taken"


def test_it_goes_when_it_is_taken_out_and_with_its_conversation(house: House) -> None:
    tenants.write(house.system, {"bin_days": 30})
    row = turn(house.bob, "Here", "Yes.")
    first, second = attach(house.bob, row.conversation_id), attach(house.bob, row.conversation_id, NOTES, "b.md")
    attachments.detach(house.bob, row.conversation_id, first)
    assert [one.pk for one in attachments.listed(house.bob, row.conversation_id)] == [second]
    assert len(leaves(house, "document.purged")) == 1, "nothing that is attached lies in a bin"
    threads.delete(house.bob, row.conversation_id)
    with pytest.raises(NotFound):
        documents.get(house.bob, second)
    threads.restore(house.bob, row.conversation_id)
    assert attachments.listed(house.bob, row.conversation_id) == []
    erasing.purge()
    assert purging.verify_index(house.system).total == 0
    attach(house.bob, row.conversation_id)
    assert len(attachments.listed(house.bob, row.conversation_id)) == 1


def test_it_goes_with_its_person(house: House) -> None:
    row = turn(house.bob, "Here", "Yes.")
    attach(house.bob, row.conversation_id)
    erasure.approve(house.ada, erasure.request(house.bob).pk)
    with house.system.transaction():
        assert catalog.bound(house.system, row.conversation_id) is None


def test_the_page_shows_it_and_the_api_brings_it(house: House) -> None:
    bob = portal.signed_in(house, "bob")
    sent = bob.post("/c/attach", {"file": _file()})
    page = bob.get(sent["Location"]).content.decode()
    assert "notes.md" in page
    assert "hx-get" in page.partition('id="attached"')[2].partition(">")[0], "it is looked at again while it is read"
    api = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    made = api.post("/api/v1/conversations", {"title": "A file"}, content_type="application/json").json()
    there = f"/api/v1/conversations/{made['id']}/attachments"
    document = api.post(there, {"file": _file()}).json()
    assert [one["id"] for one in api.get(there).json()["documents"]] == [document["id"]]
    assert api.delete(f"{there}/{document['id']}").status_code == 204
    assert api.get(there).json()["documents"] == []
    assert conversations.get(house.bob, uuid.UUID(made["id"])).title == "A file"


def _file() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("notes.md", NOTES)


def test_a_conversation_begun_with_a_file_is_not_called_by_it_and_keeps_its_assistant(house: House) -> None:
    desk = assistants.compose(house.ada, assistants.Draft("Travel desk", is_for_all=True))
    bob = portal.signed_in(house, "bob")
    assert f'name="assistant" value="{desk.pk}"' in " ".join(bob.get(f"/as/{desk.pk}").text.split())
    where = bob.post("/c/attach", {"file": _file(), "assistant": str(desk.pk)})["Location"]
    made = conversations.get(house.bob, uuid.UUID(where.split("/")[-1]))
    assert (made.title, made.assistant) == (titles.ABOUT_FILES, desk.pk)
    with asking.unrung():
        conversations.ask(house.bob, QUESTION, conversation=made.pk)
    assert conversations.get(house.bob, made.pk).title == QUESTION
    unknown = bob.post("/c/attach", {"file": _file(), "assistant": str(uuid.uuid4())})
    assert unknown.status_code == 404


def test_what_is_attached_is_suggested_to_nobody(house: House) -> None:
    row = turn(house.bob, "Here", "Yes.")
    attach(house.bob, row.conversation_id, b"# Notes\n\n## Dismissal talks\n\nThey are on Thursday in the mill.\n")
    assert topics.headings(house.bob, 5) == []
