"""The pages of a document as pictures: who sees them, what is marked on them, and what the record says of it."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from PIL import Image

from governance import grants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.roles import Level
from ingestion import catalog, search
from ingestion.documents import facsimiles
from ingestion.models import Document
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.limited import sandbox
from tests.assistant import portal
from tests.cast import House
from tests.ingestion import bells, papers

LINES = [[(72, 700.0, "Trains are booked in second class.")], [(72, 90.0, "Hotels cost up to 140 euros a night.")], []]
_SHARE = r'="([01]\.\d{4})"\s+'
RECT = re.compile(rf"<rect x{_SHARE}y{_SHARE}width{_SHARE}height{_SHARE}")


@pytest.fixture
def paper(house: House) -> Document:
    collection = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, collection, grants.Holder(person=house.ids["bob"]), Level.READ)
    return bells.ingested(house, collection, papers.drawn_pdf(LINES), "rules.pdf")


def seen(house: House, paper: Document, rest: str, who: str = "bob") -> Any:
    return portal.signed_in(house, who).get(f"/documents/{paper.pk}/{rest}")


def chunk_of(house: House, paper: Document, words: str) -> uuid.UUID:
    return next(one.chunk_id for one in search.document_text(house.bob, paper.pk) if words in one.text)


def test_a_page_comes_as_a_picture_of_it(house: House, paper: Document) -> None:
    answered = seen(house, paper, "pages/1/image")
    assert answered["Content-Type"] == "image/webp"
    assert answered["X-Content-Type-Options"] == "nosniff"
    assert answered["Cache-Control"] == "private, no-cache"
    drawn = Image.open(io.BytesIO(answered.content)).convert("L")
    assert max(drawn.size) == 1800
    ink = drawn.point(lambda shade: 255 if shade < 128 else 0).getbbox()
    assert ink is not None
    assert ink[1] / drawn.height == pytest.approx(1 - 708 / 842, abs=0.02)


def test_the_place_that_was_cited_is_marked_where_its_ink_is(house: House, paper: Document) -> None:
    chunk = chunk_of(house, paper, "Hotels")
    said = seen(house, paper, f"pages/2?passage={chunk}").content.decode()
    ((left, top, width, height),) = [tuple(map(float, found)) for found in RECT.findall(said)]
    drawn = Image.open(io.BytesIO(seen(house, paper, "pages/2/image").content)).convert("L")
    box = drawn.point(lambda shade: 255 if shade < 128 else 0).getbbox()
    assert box is not None
    x, y = (box[0] + box[2]) / 2 / drawn.width, (box[1] + box[3]) / 2 / drawn.height
    assert left < x < left + width
    assert top < y < top + height
    assert f"/documents/{paper.pk}/pages/1?passage={chunk}" in said
    assert "Hotels cost up to 140 euros a night." in re.findall(r'alt="([^"]*)"', said)[0]


def test_numbers_are_svgs_in_german_too(house: House, paper: Document) -> None:
    client = portal.signed_in(house, "bob")
    client.post("/language", {"language": "de"})
    chunk = chunk_of(house, paper, "Trains")
    assert len(RECT.findall(client.get(f"/documents/{paper.pk}/pages/1?passage={chunk}").content.decode())) >= 1


def test_a_page_without_text_says_so_and_one_that_is_not_there_is_not_found(house: House, paper: Document) -> None:
    assert "There is no text on this page." in seen(house, paper, "pages/3").content.decode()
    for rest in ("pages/0", "pages/4", "pages/4/image", "pages/0/image"):
        assert seen(house, paper, rest).status_code == 404


def test_a_passage_of_another_page_is_said_not_to_be_here(house: House, paper: Document) -> None:
    said = seen(house, paper, f"pages/3?passage={uuid.uuid4()}").content.decode()
    assert "does not stand on this page" in said
    assert not RECT.search(said)


def test_whoever_may_not_read_the_document_sees_no_page_of_it(house: House, neighbour: House, paper: Document) -> None:
    assert seen(house, paper, "pages/1", "charlie").status_code == 404
    assert seen(house, paper, "pages/1/image", "charlie").status_code == 404
    stranger = portal.signed_in(neighbour, "ada")
    assert stranger.get(f"/documents/{paper.pk}/pages/1/image").status_code == 404


def test_what_the_browser_has_is_shown_again_only_to_whoever_still_may(house: House, paper: Document) -> None:
    client = portal.signed_in(house, "bob")
    tag = client.get(f"/documents/{paper.pk}/pages/1/image")["ETag"]
    with mock.patch.object(facsimiles, "draw", side_effect=AssertionError("drawn again")):
        again = client.get(f"/documents/{paper.pk}/pages/1/image", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    held = next(one for one in grants.listed(house.ada, paper.collection_id) if one.person_id == house.ids["bob"])
    grants.withdraw(house.ada, paper.collection_id, held.pk)
    assert client.get(f"/documents/{paper.pk}/pages/1/image", headers={"If-None-Match": tag}).status_code == 404


def test_turning_the_pages_is_one_look_on_the_record(house: House, paper: Document) -> None:
    told: list[Event] = []
    append = events.record

    def listen(scope: object, action: Event, **rest: object) -> object:
        told.append(action)
        return append(scope, action, **rest)  # type: ignore[arg-type]

    with mock.patch.object(events, "record", listen):
        facsimiles.look(house.bob, paper.pk, 2)
        facsimiles.look(house.bob, paper.pk, 1)
        assert told == [Event.DOCUMENT_READ]
        facsimiles.look(house.ada, paper.pk, 1)
        assert told == [Event.DOCUMENT_READ] * 2
        cache.clear()  # what was remembered is lost: better told twice than never
        facsimiles.look(house.bob, paper.pk, 1)
        assert told == [Event.DOCUMENT_READ] * 3


def test_a_page_that_cannot_be_drawn_is_a_fault_with_a_name(house: House, paper: Document) -> None:
    late = ParseFailed("timeout", "Reading the document took too long.", "Split it.")
    with mock.patch.object(sandbox, "ask", side_effect=late):
        assert seen(house, paper, "pages/1/image").status_code == 415
    assert "Trains are booked" in seen(house, paper, "pages/1").content.decode()


def test_a_citation_and_the_document_lead_to_the_page(house: House, paper: Document) -> None:
    chunk = chunk_of(house, paper, "Hotels")
    client = portal.signed_in(house, "bob")
    assert f"/documents/{paper.pk}/pages/1?passage={chunk}" in client.get(f"/passages/{chunk}").content.decode()
    assert f"/documents/{paper.pk}/pages/1" in client.get(f"/documents/{paper.pk}").content.decode()


def test_a_document_without_pages_has_no_page_view(house: House, paper: Document) -> None:
    note = bells.ingested(house, paper.collection_id, "Taxis at night.", "note.txt")
    assert seen(house, note, "pages/1").status_code == 404
    assert "/pages/" not in portal.signed_in(house, "bob").get(f"/documents/{note.pk}").content.decode()
