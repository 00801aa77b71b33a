"""What a model wrote and nobody was sent is on the record as such: after a block, after Stop, after a model that broke off."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from assistant import answering, conversations
from assistant.models import Status
from governance.errors import Unavailable
from governance.policy.rules import Action
from inference.runners.base import ChatRequest
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves

SENTENCE = "Twenty working days a year may be spent abroad. "
TOKEN = "ghp_" + "aB3dE5gH7j" * 3 + "k9LmNo"
WHY = "Complaint of the works council"


@pytest.fixture(autouse=True)
def shelf(house: House) -> uuid.UUID:
    return asking.shelf(house)


def block_secrets(house: House) -> None:
    policies.change(house, lambda rule: rule.acting(Action.BLOCK) if rule.name == "secrets-text" else rule)


def withheld(house: House, answer: uuid.UUID) -> tuple[dict[str, Any], str]:
    (leaf,) = leaves(house, "answer.withheld", answer)
    return leaf["facts"], asking.opened(house, leaf)["withheld"]


def test_what_a_block_kept_back_is_recorded_and_was_never_sent(house: House, settings: Any) -> None:
    block_secrets(house)
    asking.speak(settings, [f"{SENTENCE}The token is {TOKEN} and so on. Then more."])
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (Status.BLOCKED, SENTENCE)
    assert asking.record(house, row.pk)[-3:] == ["policy.decided output", "answer.withheld", "answer.finished"]
    facts, text = withheld(house, row.pk)
    assert text.startswith(f"The token is {TOKEN} ")
    assert facts == {"characters": len(text), "after": 1, "why": "policy"}
    assert TOKEN not in str(asking.streamed(row.pk))


def test_what_was_not_yet_checked_when_the_person_stopped_it_is_recorded(house: House, settings: Any) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        yield f"{SENTENCE}Longer stays "
        conversations.cancel(house.bob, asked.pk)
        patience = threading.Event()
        for _attempt in range(6000):
            patience.wait(0.01)
            yield " "

    asking.speak(settings, speech)
    asked = asking.ask(house.bob)
    answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert (row.status, asking.said(row)) == (Status.CANCELLED, SENTENCE)
    facts, text = withheld(house, row.pk)
    assert text.strip() == "Longer stays"
    assert (facts["why"], facts["after"]) == ("stopped", 1)


@pytest.mark.parametrize("fault", [Unavailable("gone"), ValueError("unforeseen")])
def test_what_a_model_had_written_when_it_broke_off_is_recorded(fault: Exception, house: House, settings: Any) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        yield f"{SENTENCE}Longer stays "
        raise fault

    asking.speak(settings, speech)
    asked = asking.ask(house.bob)
    if isinstance(fault, Unavailable):
        answering.answer(house.tenant, asked.pk)
    else:
        with pytest.raises(ValueError, match="unforeseen"):
            answering.answer(house.tenant, asked.pk)
    facts, text = withheld(house, asked.pk)
    assert (text, facts["why"]) == ("Longer stays ", "broke off")
    assert asking.said(asking.seen(house.bob, asked.pk)) == SENTENCE


def test_an_answer_that_left_whole_withheld_nothing(house: House, settings: Any) -> None:
    asking.speak(settings, [SENTENCE * 3])
    row = asking.answered(house.bob)
    assert row.status == Status.ANSWERED
    assert leaves(house, "answer.withheld", row.pk) == []


def test_delivered_and_withheld_together_are_what_the_model_wrote(house: House, settings: Any) -> None:
    block_secrets(house)
    written = f"{SENTENCE}Zürich 🚲 counts. The token is {TOKEN} and so on. "
    asking.speak(settings, [written])
    row = asking.answered(house.bob)
    _, kept = withheld(house, row.pk)
    assert written.startswith("".join(asking.recorded_texts(house, row.pk)) + kept)


def test_an_officer_sees_it_masked_until_it_is_opened(house: House, settings: Any) -> None:
    block_secrets(house)
    asking.speak(settings, [f"{SENTENCE}The token is {TOKEN} and so on."])
    row = asking.answered(house.bob)
    olga = portal.signed_in(house, "olga")
    address = f"/record/interactions/{row.pk}"
    masked = olga.get(address).content.decode()
    assert "Held back and never sent" in masked
    assert TOKEN not in masked
    olga.post(address, {"reason": WHY})
    assert TOKEN in olga.get(address).content.decode()
