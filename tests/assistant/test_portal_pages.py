"""Pages of somebody who has asked a great deal: the queries of each are few, however much there is."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assistant import models
from governance.scope import Scope
from tests import cast
from tests.assistant import portal

CONVERSATIONS = 500
TURNS = 500  # of the longest conversation: 1,000 messages
QUERIES_MOST = 60


def fill(scope: Scope, conversations: int, turns: int) -> uuid.UUID:
    """Many conversations of one turn, and one of many: its id. Each answer has three sentences."""
    mine = {"tenant_id": scope.tenant, "person_id": scope.person}
    now = timezone.now()
    with scope.transaction():
        rows = [models.Conversation(**mine, title=f"About matter number {n}") for n in range(conversations)]
        models.Conversation.objects.bulk_create(rows)
        places = [*rows, *[rows[0]] * (turns - 1)]
        answers = [
            models.Answer(**mine, conversation=place, question=f"What of matter {n}?", status=models.Status.ANSWERED)
            for n, place in enumerate(places)
        ]
        models.Answer.objects.bulk_create(answers)
        for n, one in enumerate(answers):
            one.created_at = now - timedelta(minutes=len(answers) - n)
        models.Answer.objects.bulk_update(answers, ["created_at"], batch_size=500)
        models.Segment.objects.bulk_create(
            models.Segment(
                **mine, answer=one, ordinal=k, text=f"Sentence {k} on matter {n} of the file. ", citations=[]
            )
            for n, one in enumerate(answers)
            for k in range(3)
        )
    return rows[0].pk


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


@pytest.fixture
def room(house: cast.House) -> portal.Furnished:
    return portal.furnished(house)


def test_the_pages_ask_the_database_no_more_for_much_than_for_little(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    short = {
        "home": queries(bob, "/c/"),
        "thread": queries(bob, f"/c/{room.conversation}"),
        "list": queries(bob, "/c/list"),
        "search": queries(bob, "/c/list?q=abroad"),
    }
    long = fill(room.house.bob, CONVERSATIONS, TURNS)
    assert queries(bob, "/c/") <= short["home"] + 2
    assert queries(bob, f"/c/{long}") <= short["thread"] + 2
    assert queries(bob, "/c/list") <= short["list"] + 2
    assert queries(bob, "/c/list?q=matter") <= short["search"] + 2
    assert max(short.values()) <= QUERIES_MOST, short


def test_a_long_list_and_a_long_conversation_are_shown_in_parts(room: portal.Furnished) -> None:
    bob = portal.signed_in(room.house, "bob")
    long = fill(room.house.bob, 70, 40)
    page = bob.get(f"/c/{long}").content.decode()
    assert page.count('class="exchange"') == 30
    assert page.count('class="entry"') == 60
    assert "Show earlier questions" in page
    assert "Show older ones" in page
    more = page.split(f"/c/{long}?before=")[1].split('"')[0]
    earlier = bob.get(f"/c/{long}?before={more}", headers={"HX-Request": "true"}).content.decode()
    assert earlier.count('class="exchange"') == 10
    assert "Show earlier questions" not in earlier
    assert "<html" not in earlier
