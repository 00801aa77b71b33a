"""What the record says of one question, held against what an auditor has to find there, field by field."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from assistant import conversations
from assistant.answering import delivery
from assistant.models import Status
from governance import tenants
from governance.errors import Busy
from tests.assistant import asking, portal
from tests.assistant.test_answering import ORDER, TWO, rule_for_output
from tests.cast import House
from tests.governance import told
from tests.governance.database import leaves


@pytest.fixture(autouse=True)
def shelf(house: House) -> uuid.UUID:
    return asking.shelf(house)


def one(house: House, action: str, interaction: uuid.UUID) -> dict[str, Any]:
    (leaf,) = leaves(house, action, interaction)
    return leaf


def test_who_asked_in_which_session_through_what_and_with_which_rights(house: House, settings: Any) -> None:
    asking.speak(settings, [TWO])
    bob = portal.signed_in(house, "bob")
    with asking.unrung():
        assert bob.post("/c/ask", {"question": asking.QUESTION}).status_code in {200, 302}
    (leaf,) = leaves(house, "prompt.received")
    (entered,) = leaves(house, "session.signed_in")
    assert leaf["actor"] == {"kind": "person", "id": str(house.ids["bob"])}
    assert (leaf["roles"], leaf["groups"]) == (["employee"], [str(house.team)])
    assert leaf["client"] == leaf["facts"]["client"] == "portal"
    key = bob.session.session_key
    assert key
    assert leaf["session"] == entered["session"] == hashlib.sha256(key.encode()).hexdigest()[:32]
    assert key not in str(leaf)
    assert leaf["request"]


def test_a_key_speaks_through_the_api_it_was_used_at(house: House) -> None:
    from django.test import Client

    client = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    client.post("/api/v1/search", {"query": "days abroad"}, content_type="application/json")
    client.get("/api/v1/collections/" + str(uuid.uuid4()))
    client.get("/v1/models/chancery%2F" + str(uuid.uuid4()))
    (searched,) = leaves(house, "search.performed")
    assert (searched["client"], searched["session"]) == ("api", None)
    assert uuid.UUID(searched["actor"]["key"])
    assert {leaf["client"] for leaf in leaves(house, "access.denied")} == {"api", "openai"}


def test_what_was_looked_up_with_rank_distance_and_hash(house: House, settings: Any, shelf: uuid.UUID) -> None:
    asking.speak(settings, [TWO])
    row = asking.answered(house.bob, collections=[shelf])
    facts = one(house, "retrieval.performed", row.pk)["facts"]
    assert facts["asked"] == facts["collections"] == [str(shelf)]
    assert [passage["rank"] for passage in facts["passages"]] == list(range(1, len(facts["passages"]) + 1))
    for passage, kept in zip(facts["passages"], row.receipt["kept"], strict=True):
        assert passage["chunk"] == kept["chunk"]
        assert passage["distance"] == pytest.approx(1 - kept["dense"], abs=1e-4)
        assert len(passage["sha256"]) == 64
    assert facts["withheld"] == []


def test_what_was_withheld_says_why_and_keeps_its_rank(house: House, settings: Any) -> None:
    asking.shelf(house, ORDER, name="Mailbox")
    asking.speak(settings, [TWO])
    row = asking.answered(house.bob)
    facts = one(house, "retrieval.performed", row.pk)["facts"]
    (kept_back,) = facts["withheld"]
    assert kept_back["why"] == "policy"
    assert "instructions-in-passage" in kept_back["rules"]
    assert len(kept_back["sha256"]) == 64
    ranks = sorted([kept_back["rank"], *(passage["rank"] for passage in facts["passages"])])
    assert ranks == list(range(1, len(ranks) + 1))


def test_a_search_without_an_answer_says_as_much(house: House, shelf: uuid.UUID) -> None:
    from django.test import Client

    client = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    sent = {"query": "days abroad", "collections": [str(shelf)]}
    assert client.post("/api/v1/search", sent, content_type="application/json").status_code == 200
    facts = leaves(house, "search.performed")[0]["facts"]
    assert facts["asked"] == facts["collections"] == [str(shelf)]
    assert facts["passages"][0].keys() == {"rank", "chunk", "document", "collection", "sha256", "score", "distance"}


def test_which_model_wrote_and_how_long_it_was_waited_for(house: House, settings: Any) -> None:
    asking.speak(settings, [TWO])
    row = asking.answered(house.bob)
    facts = asking.end(house, row.pk)
    assert facts["model"].keys() == {"name", "sha256", "engine", "build"}
    assert facts["sampler"].keys() == {"temperature", "seed", "max_tokens"}
    counted = {"prompt_tokens", "completion_tokens", "cached_tokens", "counted_by"}
    assert facts["usage"].keys() == counted | {"parts", "passages", "dropped", "turns_dropped"}
    assert facts["finish"] == "stop"
    assert facts["times"] == row.times
    assert facts["times"].keys() >= {"queue", "first_words", "delivering"}
    assert facts["shown"] == [passage["chunk"] for passage in row.passages]


def assert_delivered_is_recorded(house: House, row: Any) -> None:
    """The bytes that left, by the rows, by the segments' words, and by what the end says of them."""
    delivered = asking.said(row).encode()
    recorded = "".join(asking.recorded_texts(house, row.pk)).encode()
    assert recorded == delivered
    end = one(house, "answer.finished", row.pk)
    assert end["facts"]["bytes"] == len(delivered)
    assert end["facts"]["segments"] == len(row.segments.all())
    words = asking.opened(house, end)
    assert words["sha256"] == hashlib.sha256(delivered).hexdigest()
    assert words["sha256"] not in str(end), "in clear it could be tried against a guess"


def test_the_bytes_that_were_delivered_whole_blocked_and_cancelled(house: House, settings: Any) -> None:
    asking.speak(settings, [TWO])
    whole = asking.answered(house.bob)
    assert whole.status == Status.ANSWERED
    assert_delivered_is_recorded(house, whole)
    rule_for_output(house, "block")
    asking.speak(settings, [f"Grüße. {TWO} The code word is Rosebud and nobody knows. More follows here."])
    blocked = asking.answered(house.bob)
    assert blocked.status == Status.BLOCKED
    assert_delivered_is_recorded(house, blocked)


def test_a_partial_answer_counts_what_left_before(house: House, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.speak(settings, [f"{TWO} {TWO} {TWO}"])
    sent = delivery.Delivery.send

    def stop_after_two(self: Any, piece: Any, checked: Any = None) -> None:
        sent(self, piece, checked)
        if self.sent == 2:
            conversations.cancel(house.bob, self.answer)

    monkeypatch.setattr(delivery.Delivery, "send", stop_after_two)
    row = asking.answered(house.bob)
    assert_delivered_is_recorded(house, row)


def test_every_verdict_says_how_long_it_took(house: House, settings: Any) -> None:
    asking.speak(settings, [TWO])
    with asking.unrung():
        row = conversations.ask(house.bob, "My IBAN is DE89 3704 0044 0532 0130 00, how many days abroad?")
    (leaf,) = [leaf for leaf in leaves(house, "policy.decided", row.pk) if leaf["facts"]["decisions"]]
    (decision,) = leaf["facts"]["decisions"]
    assert decision.keys() == {
        "rule", "detector", "action", "score", "threshold", "spans", "latency_ms", "is_error",
    }  # fmt: skip
    assert decision["latency_ms"] >= 0


def test_a_question_over_the_bound_is_on_the_record_without_its_words(house: House) -> None:
    tenants.write(house.system, {"answers_per_person_max": 1})
    with asking.unrung():
        conversations.ask(house.bob, "How many days?")
        with pytest.raises(Busy):
            conversations.ask(house.bob, "zephyrquartz?")
    (leaf,) = leaves(house, "prompt.refused")
    assert leaf["facts"] == {"client": "portal", "code": "busy", "position": 1, "characters": 13}
    assert leaf["actor"]["id"] == str(house.ids["bob"])
    assert "payload" not in leaf
    assert len(leaves(house, "prompt.received")) == 1


def test_all_of_it_stands_in_the_field_table(house: House, settings: Any) -> None:
    asking.shelf(house, ORDER, name="Mailbox")
    rule_for_output(house, "redact")
    asking.speak(settings, [f"{TWO} The code word is Rosebud for now.", TWO])
    row = asking.answered(house.bob)
    conversations.give_feedback(house.bob, row.pk, 1, "good")
    asking.answered(house.bob, asking.OFF_TOPIC, conversation=row.conversation_id)
    assert told.of_house(house) == []
