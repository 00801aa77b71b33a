"""Nothing leaves before its record: what is in the stream is in the rows and on the record, byte for byte."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError

from assistant.answering import delivery, lease
from assistant.models import Status
from assistant.streams import stream
from governance.audit import events
from governance.errors import RecordUnavailable
from governance.models import PolicyDecision
from governance.policy.engine import Verdict
from governance.policy.rules import Action, Stage
from governance.policy.streaming import Piece
from ingestion import catalog, search
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves

LONG = (
    "Zwölf „Tage“ – 12 % — are kept:\n\n"
    "- first, <b>bold</b> & “quoted”;\n- second, with a tab\tand an emoji 🗝️.\n\n"
    "Twenty working days a year may be spent abroad. Nothing else counts!  "
)


@pytest.fixture
def dead_valkey(settings: Any) -> Iterator[None]:
    """Nobody listens at the address; whoever holds a connection to the living one has let go of it."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    stream.client.cache_clear()
    yield
    stream.client.cache_clear()


def sender(house: House, answer: uuid.UUID) -> delivery.Delivery:
    held = lease.claim(house.tenant, answer)
    assert held is not None
    return delivery.Delivery(house.bob, answer, held.token)


def piece(text: str, raw: str = "") -> Piece:
    return Piece(text, raw or text, Verdict(Action.ALLOW, (), text, ""))


def test_stream_rows_and_record_hold_the_same_bytes(house: House, settings: Any) -> None:
    asking.shelf(house, asking.RULE, LONG)
    asking.speak(settings, [LONG])
    row = asking.answered(house.bob)
    rows = [segment.text for segment in row.segments.all()]
    messages = [json.loads(fields[b"m"]) for _, fields in asking.streamed(row.pk)]
    assert len(rows) > 3
    assert [message["text"] for message in messages] == rows
    assert asking.recorded_texts(house, row.pk) == rows
    assert "".join(rows) == LONG
    assert messages == [delivery.segment_message(segment) for segment in row.segments.all()]
    assert [number for number, _ in asking.streamed(row.pk)] == [f"{n}-0".encode() for n in range(1, len(rows) + 1)]


def test_at_the_moment_of_publishing_row_and_record_are_committed(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.shelf(house, asking.RULE, LONG)
    asking.speak(settings, [LONG])
    found: list[tuple[int, int, int]] = []

    def look(answer: uuid.UUID, number: int, message: dict[str, Any]) -> None:
        rows = asking.seen(house.bob, answer).segments.count()  # in a transaction of its own: only commits show
        found.append((number, rows, len(leaves(house, "answer.segment", answer))))

    monkeypatch.setattr(stream, "publish", look)
    row = asking.answered(house.bob)
    assert found == [(n, n, n) for n in range(1, row.segments.count() + 1)]


def test_a_segment_whose_record_is_refused_leaves_no_trace(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asking.ask(house.bob).pk
    desk = sender(house, asked)
    before = asking.record(house, asked)

    def refuse(*_: Any, **__: Any) -> None:
        raise RecordUnavailable("The record cannot be written.")

    with monkeypatch.context() as broken:
        broken.setattr(events, "record", refuse)
        with pytest.raises(RecordUnavailable):
            desk.send(piece("Never said."))
    assert (asking.said(asking.seen(house.bob, asked)), asking.streamed(asked)) == ("", [])
    assert asking.record(house, asked) == before
    with house.system.transaction():
        assert PolicyDecision.objects.filter(interaction=asked, stage="output").count() == 0


def test_what_a_rule_cuts_out_of_a_quote_is_marked_at_its_place_in_the_passage(house: House, settings: Any) -> None:
    asking.shelf(house, f"Ask first. {asking.RULE}")
    policies.add(house, policies.words("cut-abroad", Stage.OUTPUT, Action.REDACT, "days a year"))
    asking.speak(settings, [asking.RULE])
    row, bob = asking.answered(house.bob), portal.signed_in(house, "bob")
    (said, *_), (cited, *_) = row.segments.all(), row.segments.all()[0].citations
    assert "days a year" not in cited["quote"]
    page = bob.get(f"/passages/{cited['chunk_id']}", {"answer": str(row.pk), "segment": str(said.ordinal)}).text
    assert "<mark data-quoted>Twenty working days a year may be spent abroad.</mark>" in page

    policies.add(house, policies.words("cut-first", Stage.PASSAGE, Action.REDACT, "Ask first"))
    asking.speak(settings, [asking.RULE])
    (cited, *_) = asking.answered(house.bob).segments.all()[0].citations
    assert not cited["is_in_place"], "its places are those of what the model was shown"


def test_a_citation_keeps_its_marker_for_the_whole_answer(house: House) -> None:
    asking.shelf(house, "Twenty working days a year may be spent abroad.", "Laptops are renewed every 4 years.")
    asked = asking.ask(house.bob).pk
    desk = sender(house, asked)
    found = {p.text: p for p in search.passages(house.bob, "days abroad laptops").passages}
    desk.passages = list(found.values())
    for text in (
        "Laptops are renewed every 4 years.",
        "Twenty working days a year may be spent abroad.",
        "So laptops are renewed every 4 years.",
    ):
        desk.send(piece(text))
    segments = list(asking.seen(house.bob, asked).segments.all())
    assert [[one["marker"] for one in segment.citations] for segment in segments] == [[1], [2], [1]]
    quoted = [next(text for text in found if one["quote"] in text) for s in segments for one in s.citations]
    assert [text.split()[0] for text in quoted] == ["Laptops", "Twenty", "Laptops"]
    told = leaves(house, "answer.segment", asked)
    assert [leaf["facts"]["citations"] for leaf in told] == [
        [{"chunk": one["chunk_id"], "marker": one["marker"]} for one in segment.citations] for segment in segments
    ]
    shown = [[(one["marker"], one["document_name"], one["quote"]) for one in s.citations] for s in segments]
    kept = [asking.opened(house, leaf)["citations"] for leaf in told]
    assert [[(c["marker"], c["document_name"], c["quote"]) for c in citations] for citations in kept] == shown


def test_a_sentence_that_no_passage_supports_is_delivered_as_unsupported(house: House, settings: Any) -> None:
    catalog.change(house.ada, asking.shelf(house), strictness="lenient")
    asking.speak(settings, ["The canteen serves 14 kinds of Maultaschen on Thursdays in Stuttgart."])
    first = asking.answered(house.bob).segments.all()[0]
    assert (first.is_supported, first.support, first.citations) == (False, "unsupported", [])


def test_with_valkey_gone_the_answer_is_whole_in_the_rows(house: House, settings: Any, dead_valkey: None) -> None:
    asking.shelf(house, asking.RULE, LONG)
    asking.speak(settings, [LONG])
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (Status.ANSWERED, LONG)
    assert asking.recorded_texts(house, row.pk) == [segment.text for segment in row.segments.all()]


def test_the_same_number_published_twice_stays_as_it_was_first(house: House) -> None:
    answer = uuid.uuid4()
    stream.publish(answer, 1, {"ordinal": 0, "text": "first"})
    stream.publish(answer, 1, {"ordinal": 0, "text": "second"})
    ((_, fields),) = asking.streamed(answer)
    assert json.loads(fields[b"m"])["text"] == "first"
    assert 0 < stream.client().ttl(stream.key(answer)) <= stream.KEPT_S


def test_a_delivered_segment_cannot_be_delivered_again_under_its_number(house: House) -> None:
    asked = asking.ask(house.bob).pk
    desk = sender(house, asked)
    desk.send(piece("Once."))
    again = delivery.Delivery(house.bob, asked, desk.token)
    with pytest.raises(IntegrityError, match="segment_once"):
        again.send(piece("Once more."))
    assert asking.said(asking.seen(house.bob, asked)) == "Once."
    assert len(asking.streamed(asked)) == len(leaves(house, "answer.segment", asked)) == 1
