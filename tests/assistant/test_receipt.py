"""The receipt under an answer: where the wait went, and what became of the tokens. Every part of it can be checked."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from typing import Any

import pytest
from django.utils import timezone, translation

from assistant.answering import steps
from assistant.answering.steps import Step
from assistant.models import Answer, Status
from assistant.templatetags import receipts
from governance.stopwatch import Laps
from inference.runners.base import ChatRequest
from tests.assistant import asking, portal
from tests.cast import House

SLOW_S = 0.25
LONG = "\n\n".join(
    f"Paragraph {number} of the handbook speaks of parking, plants, lifts and canteens at length."
    for number in range(20)
)


def slow(request: ChatRequest) -> Iterable[str]:
    time.sleep(SLOW_S)
    yield "Twenty working days a year may be spent abroad."


@pytest.fixture
def shelf(shared_house: House) -> uuid.UUID:
    return asking.shelf(shared_house, asking.RULE, f"{asking.RULE}\n\n{LONG}", name=f"Handbook {uuid.uuid4().hex[:6]}")


def test_each_step_is_measured_where_it_happens_and_shown_to_who_asked(
    shared_house: House, settings: Any, shelf: uuid.UUID
) -> None:
    model = asking.speak(settings, slow)
    row = asking.answered(shared_house.bob, collections=[shelf])
    assert row.status == Status.ANSWERED
    assert row.times.keys() == {str(step) for step in Step} - {"line", "reading", "away"}, "this server tells no line"
    assert row.times["first_words"] >= SLOW_S * 1000
    assert asking.end(shared_house, row.pk)["times"] == row.times
    told = receipts.way(row)
    assert told is not None
    assert [lap.label for lap in told.steps] == [receipts.LABELS[step] for step in Step if row.times.get(step)]
    assert told.longest.seconds == max(row.times.values()) / 1000
    assert sum(lap.seconds for lap in told.steps) == pytest.approx(told.seconds)
    assert sum(lap.width for lap in told.phases) == pytest.approx(100)

    used = row.capsule["usage"]
    assert sum(used["parts"].values()) == used["prompt_tokens"]
    sent = {one["chunk"]: one for one in used["passages"]}
    assert [one["chunk"] for one in row.receipt["kept"]] == list(sent)
    by_length = sorted(sent.values(), key=lambda one: int(one["of"]))
    assert by_length[0]["why"] == "whole"
    assert by_length[-1]["why"] in {"trimmed", "no_room"}
    assert used["dropped"] == sum(max(0, one["of"] - one["sent"]) for one in sent.values()) > 0
    prompt = "\n".join(message.content for message in model.requests[0].messages)
    for one in by_length:
        assert (one["sent"] > 0) == (one["why"] in {"whole", "trimmed"})
    assert used["parts"]["passages"] < len(prompt.split())

    bob = portal.signed_in(shared_house, "bob")
    page = bob.get(f"/a/{row.pk}").content.decode()
    assert "Waiting for the model’s first words" in page
    assert "tokens sent" in page or "not sent: others said more of it" in page
    with translation.override("de"):
        assert "Prüfen der Quellen" in {lap.label for lap in receipts.way(row).steps}  # type: ignore[union-attr]
    told_api = portal_api(shared_house, row)
    assert (told_api["times"], told_api["usage"]) == (row.times, used)


def portal_api(house: House, row: Answer) -> dict[str, Any]:
    from django.test import Client

    client = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    told: dict[str, Any] = client.get(f"/api/v1/answers/{row.pk}").json()
    return told


def test_a_refusal_says_how_long_was_searched_and_nothing_of_a_model(
    shared_house: House, settings: Any, shelf: uuid.UUID
) -> None:
    asking.speak(settings, [])
    row = asking.answered(shared_house.bob, asking.OFF_TOPIC, collections=[shelf])
    assert row.status == Status.REFUSED
    assert {"vectors", "words", "gate"} <= row.times.keys()
    assert not {"prompt", "first_words", "writing"} & row.times.keys()
    assert receipts.tokens_told(row) == []
    assert asking.end(shared_house, row.pk)["times"] == row.times


def test_the_wait_in_the_models_line_is_told_apart_where_its_server_tells() -> None:
    laps, row = Laps(), Answer(times={"input_policy": 3})
    row.created_at = timezone.now()
    laps.seconds = {Step.FIRST_WORDS: 5.0, Step.WRITING: 1.0}
    told = steps.told(row, laps, 4200)
    assert (told["line"], told["reading"], told["writing"], told["input_policy"]) == (4200, 800, 1000, 3)
    assert "first_words" not in told


def test_an_installation_says_how_much_is_sent_and_what_others_said_more_of_is_said_to_have_had_no_room(
    house: House, settings: Any
) -> None:
    texts = [" ".join([asking.RULE, *(f"{word}{n}" for n in range(24))]) for word in ("ab", "cd", "ef", "gh", "ij")]
    shelf = asking.shelf(house, *texts)
    asking.speak(settings, slow)
    why: dict[int, set[str]] = {}
    for room in (200, 10_000):
        settings.SENT_CHARACTERS = room
        row = asking.answered(house.bob, collections=[shelf])
        assert row.status == Status.ANSWERED, (row.notice, row.receipt["evidence"], len(row.receipt["kept"]))
        used = row.capsule["usage"]["passages"]
        assert {one["sent"] for one in used if one["why"] == "no_room"} <= {0}
        why[room] = {one["why"] for one in used}
    assert "no_room" in why[200]
    assert why[10_000] == {"whole"}
