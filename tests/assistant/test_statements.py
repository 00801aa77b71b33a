"""How many statements an answer costs Postgres, from the question to its end: each is a way there and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assistant import answering, models
from assistant.streams import relay
from tests.assistant import asking
from tests.cast import House

TEXTS = (
    "Twenty working days a year may be spent abroad.",
    "Longer stays abroad need the consent of the head of department.",
    "Working days abroad that are not used in a year are lost.",
)
# Each with the statements that begin and end its transactions. A number that grows is looked at, and may be right.
ASKED_MOST = 17  # one of them sets aside what the answer may write: over a limit nobody waits for a refusal
# One of them asks which documents are kept from whoever asks: nobody else shares their reading. One asks which labels what was
# found carries, and one which assistant it is asked of: rules of the policy may hold for some alone.
# Four ask, once it has ended, whether anything waits for its room.
ANSWERED_MOST = 67
READ_MOST = 7


def statements(act: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured]


def test_an_answer_costs_few_statements(house: House, settings: Any) -> None:
    asking.shelf(house, *TEXTS)
    asking.speak(settings, [TEXTS[0]])
    client = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    body = json.dumps({"question": asking.QUESTION, "stream": True})

    def ask() -> None:
        with asking.unrung():
            assert client.post("/api/v1/answers", body, content_type="application/json").status_code == 200

    ask()  # the key's first use is noted
    asked = statements(ask)
    with house.system.transaction():
        row = models.Answer.objects.order_by("-created_at").first()
    assert row is not None
    answered = statements(lambda: answering.answer(house.tenant, row.pk))
    assert asking.seen(house.bob, row.pk).status == "answered"
    read = statements(lambda: relay._rows(house.bob, row.pk, 0))
    assert len(asked) <= ASKED_MOST, "\n".join(asked)
    assert len(answered) <= ANSWERED_MOST, "\n".join(one[:150] for one in answered)
    assert len(read) <= READ_MOST, "\n".join(read)
    assert sum("audit.append" in sql for sql in answered) <= 3  # what was found, what was said, how it ended
