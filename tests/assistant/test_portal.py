"""The portal over HTTP, without a browser: who sees what, and what each form does."""

from __future__ import annotations

import io
import re

import pytest
from django.test import Client

from governance import access, grants
from governance.actions import Action
from governance.audit import reading
from governance.models import Tenant
from governance.roles import Level
from ingestion import catalog, pipeline
from ingestion.documents import uploads
from ingestion.models import Document
from tests import cast
from tests.assistant import portal
from tests.ingestion import shelves


@pytest.fixture
def room(house: cast.House) -> portal.Furnished:
    return portal.furnished(house)


def test_the_right_password_opens_the_door_and_a_wrong_one_says_only_that(house: cast.House) -> None:
    refused = Client().post("/", {"email": house.email("bob"), "password": "wrong"})
    assert refused.status_code == 401
    assert b"The e-mail address or the password is wrong." in refused.content
    assert portal.signed_in(house, "bob").get("/c/").status_code == 200


def test_after_signing_in_one_stands_where_one_wanted_to_go_but_never_on_another_site(house: cast.House) -> None:
    sent = {"email": house.email("bob"), "password": cast.PASSWORD}
    assert Client().post("/", sent | {"next": "/collections/"})["Location"] == "/collections/"
    assert Client().post("/", sent | {"next": "https://evil.example/"})["Location"] == "/c/"
    assert Client().post("/", sent | {"next": "//evil.example/"})["Location"] == "/c/"


def test_signing_out_ends_the_session(house: cast.House) -> None:
    client = portal.signed_in(house, "bob")
    client.post("/sign-out")
    assert client.get("/c/")["Location"].startswith("/?next=")


def test_an_api_key_is_nobody_at_the_portal(house: cast.House) -> None:
    response = Client().get("/c/", headers={"Authorization": f"Bearer {house.key('bob')}"})
    assert response.status_code == 302


def test_the_bar_shows_the_record_to_the_officer_alone(house: cast.House) -> None:
    assert b'href="/record/"' in portal.signed_in(house, "olga").get("/c/").content
    assert b'href="/record/"' not in portal.signed_in(house, "bob").get("/c/").content


def test_a_thread_shows_the_answer_with_its_source_and_no_live_markup(room: portal.Furnished) -> None:
    page = portal.signed_in(room.house, "bob").get(f"/c/{room.conversation}").content.decode()
    assert "<strong>Twenty</strong>" in page
    assert "<script>alert" not in page
    assert f'href="/passages/{room.chunk}?answer={room.answer}&amp;segment=0"' in page
    assert "page 3 · Abroad" in page


def test_a_citation_opens_its_passage(room: portal.Furnished) -> None:
    page = portal.signed_in(room.house, "bob").get(f"/passages/{room.chunk}").content.decode()
    assert "Twenty working days a year may be spent abroad." in page


def test_a_citation_of_a_document_that_was_replaced_shows_what_it_said_then(room: portal.Furnished) -> None:
    with room.house.system.transaction():
        row = Document.objects.get(pk=room.document)
    shelves.version(room.house.system, row, ["Thirty days, from now on."], number=2)
    bob, where = portal.signed_in(room.house, "bob"), f"/passages/{room.chunk}"
    assert bob.get(where).status_code == 404
    page = bob.get(f"{where}?answer={room.answer}&segment=0").content.decode()
    assert "Twenty working days" in page
    assert "replaced or read anew" in page
    assert f'href="/documents/{room.document}"' in page
    # It is their own answer, of a document that they may read.
    assert portal.signed_in(room.house, "ada").get(f"{where}?answer={room.answer}&segment=0").status_code == 404
    grants.withdraw(room.house.ada, room.collection, room.grant)
    assert bob.get(f"{where}?answer={room.answer}&segment=0").status_code == 404


def test_a_document_shows_the_text_that_is_searched(room: portal.Furnished) -> None:
    page = portal.signed_in(room.house, "bob").get(f"/documents/{room.document}").content.decode()
    assert "Twenty working days a year" in page


def test_a_collection_shows_its_forms_only_to_those_who_may_use_them(room: portal.Furnished) -> None:
    mine = portal.signed_in(room.house, "ada").get(f"/collections/{room.collection}").content
    theirs = portal.signed_in(room.house, "bob").get(f"/collections/{room.collection}").content
    assert b'type="file"' in mine
    assert b"Who may use it" in mine
    assert b'type="file"' not in theirs
    assert b"Who may use it" not in theirs


def test_a_grant_is_given_and_withdrawn(room: portal.Furnished) -> None:
    ada, charlie = portal.signed_in(room.house, "ada"), room.house.ids["charlie"]
    ada.post(f"/collections/{room.collection}/grants", {"holder": f"person:{charlie}", "level": "1"})
    assert access.decide(room.house.charlie, Action.COLLECTION_READ, room.collection).allowed
    ada.post(f"/collections/{room.collection}/grants/{room.grant}/withdraw")
    assert not access.decide(room.house.bob, Action.COLLECTION_READ, room.collection).allowed


def test_a_collection_is_made_renamed_and_deleted(house: cast.House) -> None:
    ada = portal.signed_in(house, "ada")
    where = ada.post("/collections/", {"name": "Travel", "description": "Trips"})["Location"]
    assert b"Travel" in ada.get(where).content
    ada.post(f"{where}/rename", {"name": "Journeys", "description": ""})
    assert b"Journeys" in ada.get(where).content
    ada.post(f"{where}/delete")
    assert ada.get(where).status_code == 404


def test_conversations_are_renamed_and_deleted(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    bob.post(f"/c/{room.conversation}/rename", {"title": "Days abroad"})
    assert b"Days abroad" in bob.get("/c/").content
    bob.post(f"/c/{room.conversation}/delete")
    assert bob.get(f"/c/{room.conversation}").status_code == 404


def test_a_question_starts_a_conversation_that_waits_for_its_answer(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    where = bob.post("/c/ask", {"question": "How long may I be away?", "collections": [str(room.collection)]})[
        "Location"
    ]
    page = bob.get(where).content.decode()
    assert "data-live" in page
    stop = re.search(r"/a/[0-9a-f-]{36}/stop", page)
    assert stop
    bob.post(stop[0])
    assert "You stopped it." in bob.get(where).content.decode()


def test_nonsense_in_a_form_is_answered_with_what_to_send(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    assert bob.post("/c/ask", {"question": "   "}).status_code == 400
    assert bob.post("/c/ask", {"question": "Well?", "conversation": "x"}).status_code == 400
    assert bob.post("/c/ask", {"question": "Well?", "collections": ["x"]}).status_code == 400
    ada = portal.signed_in(room.house, "ada")
    assert ada.post(f"/collections/{room.collection}/grants", {"holder": "x", "level": "1"}).status_code == 400
    assert ada.post(f"/collections/{room.collection}/documents").status_code == 400


def test_the_officer_filters_the_record_and_opens_an_event_for_a_reason(room: portal.Furnished) -> None:
    olga = portal.signed_in(room.house, "olga")
    page = olga.get("/record/", {"action": "collection.created", "since": "2020-01-01"}).content.decode()
    assert "collection.created</span>" in page
    assert "grant.given</span>" not in page
    found = re.search(r"/record/[0-9a-f-]{36}", page)
    assert found
    assert "Handbook" not in olga.get(found[0]).content.decode()
    assert "Handbook" in olga.post(found[0], {"reason": "an audit of what was made"}).content.decode()
    assert olga.post(found[0], {"reason": ""}).status_code == 400
    opened = reading.listed(room.house.olga, action="record.opened").events
    assert len(opened) == 1


def test_a_form_without_its_token_is_refused(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob", enforces_csrf=True)
    assert bob.post(f"/c/{room.conversation}/delete").status_code == 403
    assert bob.get(f"/c/{room.conversation}").status_code == 200


def test_every_page_stays_under_the_strict_policy(room: portal.Furnished) -> None:
    ada = portal.signed_in(room.house, "ada")
    for address in ("/c/", "/collections/", f"/collections/{room.collection}", f"/documents/{room.document}"):
        response = ada.get(address)
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", response.content.decode())


def test_what_was_deleted_is_brought_back_by_a_form_of_the_next_page(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    where = bob.post(f"/c/{room.conversation}/delete", {"at": str(room.conversation)})["Location"]
    assert where == f"/c/?deleted={room.conversation}"
    page = bob.get(where).content.decode()
    assert "“Working abroad” was deleted." in page
    assert f'action="/c/{room.conversation}/restore"' in page
    assert bob.post(f"/c/{room.conversation}/restore")["Location"] == f"/c/{room.conversation}"
    assert bob.get(f"/c/{room.conversation}").status_code == 200
    assert b"was deleted" not in bob.get(where).content


def test_whoever_deletes_from_the_list_stays_where_they_are(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    other = bob.post("/c/ask", {"question": "Another matter"})["Location"].split("?")[0]
    where = bob.post(f"/c/{room.conversation}/delete", {"at": other.split("/")[-1]})["Location"]
    assert where == f"{other}?deleted={room.conversation}"
    assert "“Working abroad” was deleted." in bob.get(where).content.decode()


def test_a_conversation_is_pinned_from_its_menu(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    assert "Pinned" not in bob.get("/c/list").content.decode()
    bob.post(f"/c/{room.conversation}/pin", {"is_pinned": "1"})
    assert "Pinned" in bob.get("/c/list").content.decode()


def test_a_search_shows_the_place_and_leads_to_its_turn(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    page = bob.get("/c/list", {"q": "twenty"}, headers={"HX-Request": "true"}).content.decode()
    assert "<mark>Twenty</mark>" in page
    assert f"/c/{room.conversation}?at={room.answer}#a-{room.answer}" in page
    assert "Nothing found" in bob.get("/c/list", {"q": "zebra"}).content.decode()
    assert "<script>alert" not in bob.get("/c/list", {"q": "<script>alert(1)</script>"}).content.decode()


def test_an_answer_is_judged_with_a_reason_and_without_a_script(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    where = bob.post(f"/a/{room.answer}/feedback", {"value": "-1"})["Location"]
    assert "What was wrong or missing?" in bob.get(where.split("#")[0]).content.decode()
    bob.post(f"/a/{room.answer}/feedback", {"value": "-1", "reason": "It is thirty."})
    assert "It is thirty." in bob.get(f"/a/{room.answer}").content.decode()
    bob.post(f"/a/{room.answer}/feedback", {"value": "0"})
    assert 'aria-pressed="true"' not in bob.get(f"/a/{room.answer}").content.decode()
    assert bob.post(f"/a/{room.answer}/feedback", {"value": "7"}).status_code == 400


def test_an_answer_is_copied_with_its_sources(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    plain = bob.get(f"/a/{room.answer}/text")
    assert plain["Content-Type"] == "text/plain; charset=utf-8"
    assert "[1]" in plain.content.decode()
    assert "page 3 · Abroad" in plain.content.decode()
    markdown = bob.get(f"/a/{room.answer}/text", {"as": "markdown"}).content.decode()
    assert f"(http://testserver/documents/{room.document}?chunk={room.chunk}#p-{room.chunk})" in markdown


def test_a_question_is_asked_again_from_its_turn(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    where = bob.post(f"/a/{room.answer}/again", {"question": "How many weeks abroad?"})["Location"]
    page = bob.get(where.split("#")[0]).content.decode()
    assert "How many weeks abroad?" in page
    assert "How many days abroad?" not in page
    part = bob.post("/c/ask", {"question": "More?"}, headers={"X-Requested-With": "fetch"})
    assert part.status_code == 201
    assert part["Location"].startswith("/c/")
    assert part.content.decode().lstrip().startswith("<article")


def test_a_passage_shows_what_the_sentence_quotes_and_its_neighbours(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    page = bob.get(f"/passages/{room.chunk}", {"answer": str(room.answer), "segment": "0"}).content.decode()
    assert "<mark data-quoted>Twenty working days</mark>" in page
    assert "<html" in page
    part = bob.get(f"/passages/{room.chunk}", {"around": "2"}, headers={"X-Requested-With": "fetch"})
    assert "<html" not in part.content.decode()
    for nonsense in (
        {"answer": "x", "segment": "0"},
        {"answer": str(room.answer), "segment": "-1"},
        {"around": "many"},
    ):
        assert bob.get(f"/passages/{room.chunk}", nonsense).status_code == 400


def test_nobody_elses_quote_is_marked(room: portal.Furnished) -> None:
    ada = portal.signed_in(room.house, "ada")
    page = ada.get(f"/passages/{room.chunk}", {"answer": str(room.answer), "segment": "0"}).content.decode()
    assert "Twenty working days" in page
    assert "<mark" not in page


def test_the_first_page_suggests_what_the_documents_have_headings_for(house: cast.House) -> None:
    shelf = catalog.create(house.ada, "Rules").pk
    grants.give(house.ada, shelf, grants.Holder(group=house.team), Level.READ)
    made = uploads.upload(house.ada, shelf, "rules.md", io.BytesIO(b"# Rules\n\n## Night work\n\nIt is paid double.\n"))
    assert made.latest_id
    pipeline.ingest(house.tenant, made.latest_id)
    assert "What do the documents say about “Night work”?" in portal.signed_in(house, "bob").get("/c/").content.decode()
    assert "Night work" not in portal.signed_in(house, "charlie").get("/c/").content.decode()


def test_the_first_page_says_what_is_missing_and_what_to_do(house: cast.House) -> None:
    page = portal.signed_in(house, "charlie").get("/c/").content.decode()
    assert "There is nothing you may read yet." in page
    assert "No conversations yet" in page
    grants.give(house.ada, catalog.create(house.ada, "Empty").pk, grants.Holder(group=house.team), Level.READ)
    assert "Nothing is ready to be asked about yet" in portal.signed_in(house, "bob").get("/c/").content.decode()


def test_without_documents_is_offered_where_the_tenant_allows_it_and_marked(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    where = bob.post("/c/ask", {"question": "Say hello", "model_only": "1"})["Location"]
    assert "Written by the model alone" in bob.get(where.split("#")[0]).content.decode()
    assert 'name="model_only"' in bob.get("/c/").content.decode()
    with room.house.system.transaction():
        Tenant.objects.filter(pk=room.house.tenant).update(allows_model_only=False)
    assert 'name="model_only"' not in bob.get("/c/").content.decode()
    assert bob.post("/c/ask", {"question": "Say hello", "model_only": "1"}).status_code == 400


def test_no_page_is_kept_by_a_proxy_or_for_whoever_sits_down_next(house: cast.House) -> None:
    for address in ("/c/", "/collections/"):
        assert portal.signed_in(house, "ada").get(address)["Cache-Control"] == "private, no-store"
    assert Client().get("/static/css/tokens.css")["Cache-Control"] != "private, no-store"


def test_times_at_the_ends_of_the_calendar_are_refused(house: cast.House) -> None:
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert portal.signed_in(house, "ada").get("/c/list", {"before_time": moment}).status_code == 400
