"""The officers' room: filters in the address, pages, counts, news, exports, and one interaction on one page."""

from __future__ import annotations

import csv
import io
import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assistant.views.record import filters, page, sentences
from governance import assignments, people
from governance.audit import events, rows
from governance.audit.vocabulary import Event
from governance.roles import Role
from tests import cast
from tests.assistant import asking, portal
from tests.governance.database import leaves

WHY = "Complaint of the works council"
SALARY = "My phone is +49 561 804 2211: how many working days a year may be spent abroad?"


@pytest.fixture
def olga(house: cast.House) -> Client:
    return portal.signed_in(house, "olga")


def asked(house: cast.House, settings: Any, text: str = asking.QUESTION) -> uuid.UUID:
    asking.shelf(house, name=f"Handbook {uuid.uuid4().hex[:6]}", strictness="lenient")
    asking.speak(settings)
    return asking.answered(house.bob, text).pk


@pytest.fixture(scope="module")
def interaction(shared_house: cast.House, django_db_blocker: Any) -> uuid.UUID:
    """One of the shared tenant's."""
    with django_db_blocker.unblock():
        asking.shelf(shared_house)
        return asking.answered(shared_house.bob).pk


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_every_event_belongs_to_a_kind_and_has_words_of_its_own() -> None:
    named = set(filters.KINDS)
    assert {filters.kind_of(str(event)) for event in Event} == named
    for event in Event:
        if not event.startswith("operator."):  # the installation's own, which no tenant's officer reads
            assert event in sentences.SENTENCES or str(event) in sentences._SPECIAL, event


def test_the_list_says_in_words_what_happened_beside_its_technical_name(
    house: cast.House, olga: Client, settings: Any
) -> None:
    asked(house, settings)
    shown = text(olga.get("/record/"))
    for said in (
        "Bob asked",
        "1 passage was found",
        "The answer was given",
        "answer.finished",
        "Ada made a collection",
    ):
        assert said in shown
    assert asking.QUESTION not in shown
    assert "Twenty" not in shown


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ("kind=questions", {"prompt.received"}),
        ("kind=questions&kind=sign-ins", {"prompt.received", "session.signed_in"}),
        ("outcome=denied", {"access.denied"}),
        ("outcome=answered&within=1h", {"answer.finished"}),
        ("action=retrieval.performed", {"retrieval.performed"}),
        ("since=2099-01-01T00:00", set()),
        ("until=2099-01-01T00:00&clock=event&kind=questions", {"prompt.received"}),
    ],
)
def test_a_filter_stands_in_the_address(
    query: str, actions: set[str], house: cast.House, olga: Client, settings: Any
) -> None:
    asked(house, settings)
    portal.signed_in(house, "bob").get("/record/")
    response = olga.get(f"/record/?{query}")
    assert {line.event.action for line in response.context["lines"]} == actions
    assert response.context["total"] == len(response.context["lines"])


def test_what_the_form_sends_becomes_one_short_address(house: cast.House, olga: Client) -> None:
    sent = "kind=policy&who=&outcome=&within=24h&since=&until=&mentions=&interaction=&action="
    assert olga.get(f"/record/?{sent}")["Location"] == "/record/?kind=policy&within=24h"
    bob = house.ids["bob"]
    for who in ("bob", "Bob", house.email("bob")):
        response = olga.get("/record/", {"who": who, "within": "24h", "since": ""})
        assert response["Location"] == f"/record/?person={bob}&within=24h"
    assert "Bob" in text(olga.get(f"/record/?person={bob}"))


def test_a_name_that_several_have_or_nobody_is_told_as_such(house: cast.House, olga: Client) -> None:
    people.create(house.system, f"bobby@{house.slug}.example", "Bobby Tables")
    several = text(olga.get("/record/?who=bo"))
    assert "Several people match" in several
    assert f"person={house.ids['bob']}" in several
    nobody = text(olga.get("/record/?who=zzz"))
    assert "Nobody here is called" in nobody
    assert leaves(house, "record.read") == []


def test_the_names_that_are_offered_are_those_of_ones_own_house(
    house: cast.House, neighbour: cast.House, olga: Client
) -> None:
    offered = text(olga.get("/record/people?who=bob"))
    assert house.email("bob") in offered
    assert neighbour.email("bob") not in offered
    assert text(olga.get("/record/people?who=")) == ""


@pytest.mark.parametrize(
    "query", ["person=me", "since=yesterday", "outcome=fine", "within=ever", "clock=x", "cursor=x"]
)
def test_what_cannot_be_understood_is_a_sentence(query: str, shared_house: cast.House) -> None:
    assert portal.signed_in(shared_house, "olga").get(f"/record/?{query}").status_code == 400


def test_pages_lead_back_and_forth(house: cast.House, olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "A_PAGE", 3)
    made = [events.record(house.bob, Event.PROMPT_RECEIVED) for _ in range(8)][::-1]
    address, seen = "/record/?kind=questions", []
    while address:
        context = olga.get(address).context
        seen += [line.event.id for line in context["lines"]]
        address = f"/record/?{context['older_query']}" if context["older_query"] else ""
    assert seen == made
    back = olga.get(f"/record/?{context['newer_query']}").context
    assert [line.event.id for line in back["lines"]] == made[3:6]
    first = olga.get(f"/record/?{back['newer_query']}").context
    assert ([line.event.id for line in first["lines"]], first["newer_query"]) == (made[:3], "")


def test_news_is_told_once_and_reads_nothing(house: cast.House, olga: Client) -> None:
    first = olga.get("/record/")
    poll = first.context["poll"]
    assert olga.get(f"/record/new?{poll}").status_code == 204
    events.record(house.bob, Event.PROMPT_RECEIVED)
    events.record(house.bob, Event.PROMPT_RECEIVED)
    told = olga.get(f"/record/new?{poll}")
    assert "2 new events" in text(told)
    assert olga.get(f"/record/new?{told.context['poll']}").status_code == 204
    assert len(leaves(house, "record.read")) == 1


def test_ones_own_doings_are_marked(house: cast.House, olga: Client) -> None:
    olga.get("/record/")
    lines = olga.get("/record/?kind=record").context["lines"]
    assert [line.is_own for line in lines] == [True]
    assert {line.is_own for line in olga.get("/record/?kind=documents").context["lines"]} <= {False}


def test_a_list_is_taken_away_masked_and_that_is_recorded(house: cast.House, olga: Client, settings: Any) -> None:
    asked(house, settings)
    table = olga.post("/record/export?kind=questions&kind=answers", {"format": "csv"})
    lines = list(csv.DictReader(io.StringIO(b"".join(table.streaming_content).decode())))  # type: ignore[attr-defined]
    assert table["Content-Disposition"].endswith('.csv"')
    assert {line["action"] for line in lines} >= {"prompt.received", "answer.finished"}
    objects = olga.post("/record/export?kind=questions", {"format": "jsonl"})
    body = b"".join(objects.streaming_content)  # type: ignore[attr-defined]
    (one,) = [json.loads(line) for line in body.splitlines()]
    assert one["action"] == "prompt.received"
    assert asking.QUESTION.encode() not in body
    mapped = olga.post("/record/export?kind=questions", {"format": "ocsf"})
    assert mapped["Content-Disposition"].endswith('.ocsf.jsonl"')
    body = b"".join(mapped.streaming_content)  # type: ignore[attr-defined]
    (one,) = [json.loads(line) for line in body.splitlines()]
    assert (one["metadata"]["event_code"], one["type_uid"]) == ("prompt.received", 600301)
    assert asking.QUESTION.encode() not in body
    first, second, _ = leaves(house, "record.exported")
    assert (first["facts"]["events"], first["facts"]["format"]) == (len(lines), "csv")
    assert second["facts"]["actions"] == sorted(filters.actions_of(["questions"]))
    assert olga.post("/record/export", {"format": "exe"}).status_code == 400
    assert olga.get("/record/export").status_code == 405


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_list_is_a_formula(house: cast.House, olga: Client, start: str) -> None:
    events.record(house.bob, Event.FEEDBACK_GIVEN, resource=(f"{start}1+1", house.ids["bob"]), facts={"value": 1})
    table = olga.post("/record/export?action=answer.feedback", {"format": "csv"})
    body = b"".join(table.streaming_content).decode()  # type: ignore[attr-defined]
    (line,) = csv.DictReader(io.StringIO(body, newline=""))
    assert line["resource_kind"] == f"'{start}1+1"
    assert all(not cell.startswith(tuple("=+-@\t\r")) for cell in line.values())


def test_one_interaction_is_one_page_and_masked(house: cast.House, olga: Client, settings: Any) -> None:
    interaction = asked(house, settings, SALARY)
    response = olga.get(f"/record/interactions/{interaction}")
    shown = text(response)
    for said in (
        "The question",
        "What was searched",
        "The answer, as it was delivered",
        "The end",
        "What it was made with",
    ):
        assert said in shown
    assert "Hidden until it is opened" in shown
    for word in ("804 2211", "Twenty", "Handbook"):
        assert word not in shown
    told = response.context["story"]
    assert told.status == "answered"
    assert [phase.name for phase in told.phases] == ["search", "first words", "writing"]
    assert sum(phase.width for phase in told.phases) == pytest.approx(100)


def test_opening_shows_every_word_until_it_is_closed(house: cast.House, olga: Client, settings: Any) -> None:
    interaction = asked(house, settings, SALARY)
    address = f"/record/interactions/{interaction}"
    refused = olga.post(address, {"reason": "short"})
    assert refused.status_code == 400
    assert "Say why you open it" in text(refused)
    assert leaves(house, "record.opened") == []

    assert olga.post(address, {"reason": WHY, "case": "C-17"})["Location"] == address
    response = olga.get(address)
    shown = text(response)
    for word in ("804 2211", "Handbook", "The words are open to you", WHY, "C-17"):
        assert word in shown
    assert "<q>Twenty working days a year may be spent abroad.</q>" in response.text  # what was cited, to be read
    assert "document_name" not in shown
    assert "no-store" in response["Cache-Control"]

    olga.post(f"{address}/close")
    assert "804 2211" not in text(olga.get(address))
    assert [leaf["action"] for leaf in leaves(house, "record", None) if leaf["interaction"]] == [
        "record.opened",
        "record.closed",
    ]


def test_what_is_open_to_one_officer_is_masked_to_another(house: cast.House, olga: Client, settings: Any) -> None:
    interaction = asked(house, settings, SALARY)
    assignments.give(house.system, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    olga.post(f"/record/interactions/{interaction}", {"reason": WHY})
    assert "804 2211" not in text(portal.signed_in(house, "ada").get(f"/record/interactions/{interaction}"))


def test_an_officers_own_question_carries_a_mark(house: cast.House, olga: Client) -> None:
    interaction = uuid.uuid4()
    events.record(house.olga, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "What is it?"})
    assert "You asked this yourself" in text(olga.get(f"/record/interactions/{interaction}"))


def test_a_stored_text_that_is_not_the_one_its_event_names_is_told(
    house: cast.House, olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    interaction = uuid.uuid4()
    events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "What is it?"})
    address = f"/record/interactions/{interaction}"
    assert "1 stored text is the one that its event names" in text(olga.get(address))
    monkeypatch.setattr(rows.Row, "is_whole", False)
    assert "1 stored text is not the one that its event names" in text(olga.get(address))


def test_a_page_asks_as_little_of_the_database_however_long_it_is(house: cast.House, olga: Client) -> None:
    for _ in range(60):
        events.record(house.bob, Event.PROMPT_RECEIVED)
    olga.get("/record/")
    with CaptureQueriesContext(connection) as few:
        olga.get("/record/?kind=sign-ins")
    with CaptureQueriesContext(connection) as many:
        olga.get("/record/?kind=questions")
    assert len(many) <= len(few) + 2


@pytest.mark.parametrize("name", ["ada", "bob", "charlie"])
@pytest.mark.parametrize(
    "address", ["/record/", "/record/new?newer=x", "/record/people?who=a", "/record/?who=a", "/record/interactions/{}"]
)
def test_whoever_is_no_officer_does_not_come_in(
    name: str, address: str, shared_house: cast.House, interaction: uuid.UUID
) -> None:
    client = portal.signed_in(shared_house, name)
    assert client.get(address.format(interaction)).status_code == 403
    for posted in (
        f"/record/interactions/{interaction}",
        f"/record/interactions/{interaction}/close",
        "/record/export",
    ):
        assert client.post(posted, {"reason": WHY, "format": "csv"}).status_code == 403


def test_another_tenants_officer_finds_nothing(house: cast.House, neighbour: cast.House, settings: Any) -> None:
    interaction = asked(house, settings)
    stranger = portal.signed_in(neighbour, "olga")
    assert stranger.get(f"/record/interactions/{interaction}").status_code == 404
    assert stranger.post(f"/record/interactions/{interaction}", {"reason": WHY}).status_code == 404
    assert stranger.get(f"/record/?interaction={interaction}").context["lines"] == []


def test_a_span_begins_on_a_grid_so_that_the_same_look_is_the_same() -> None:
    from django.http import QueryDict

    chosen = filters.Chosen.of(QueryDict("within=1h"))
    moments = [datetime(2026, 3, 1, 12, minute, 7, tzinfo=UTC) for minute in (0, 4, 5)]
    first, same, later = (chosen.filters(now)["since"] for now in moments)
    assert first == same == datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    assert later == datetime(2026, 3, 1, 11, 5, tzinfo=UTC)
