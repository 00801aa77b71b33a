"""How fast one person may ask the API: by whichever key or session, told in each answer, and refused in each door's own shape."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.test import Client
from redis import RedisError

from governance import pace
from tests.assistant import portal
from tests.cast import House

LIMIT = 4


@pytest.fixture
def paced(settings: Any) -> None:
    settings.API_PER_MINUTE = LIMIT


def bearer(house: House, name: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key(name)}"})


def test_keys_and_sessions_of_a_person_share_one_pace_and_nobody_elses(house: House, paced: None) -> None:
    session = portal.signed_in(house, "bob")
    told = [client.get("/api/v1/me") for client in (bearer(house, "bob"), bearer(house, "bob"), session, session)]
    assert [one["RateLimit-Remaining"] for one in told] == ["3", "2", "1", "0"]
    assert {one["RateLimit-Limit"] for one in told} == {str(LIMIT)}
    assert told[0]["RateLimit-Policy"] == f"{LIMIT};w={pace.PERIOD_S}"
    over = bearer(house, "bob").get("/api/v1/collections")
    assert (over.status_code, over.json()["error"]["code"], over["RateLimit-Remaining"]) == (429, "too_fast", "0")
    assert 1 <= int(over["Retry-After"]) <= pace.PERIOD_S
    assert bearer(house, "ada").get("/api/v1/me")["RateLimit-Remaining"] == str(LIMIT - 1)
    assert session.get("/c/").status_code == 200  # a page is no call of the API
    assert "RateLimit-Limit" not in session.get("/c/").headers


def test_every_door_says_so_in_its_own_shape(house: House, paced: None) -> None:
    client = bearer(house, "bob")
    for _ in range(LIMIT):
        assert client.get("/v1/models")["RateLimit-Limit"] == str(LIMIT)
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    openai, spoken = client.get("/v1/models"), client.post("/mcp", ping, content_type="application/json")
    assert (openai.status_code, openai.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert (spoken.status_code, spoken.json()["error"]["data"]["code"]) == (429, "too_fast")
    assert min(int(one["Retry-After"]) for one in (openai, spoken)) >= 1


def test_where_nobody_counts_they_go_on_and_at_no_limit_nobody_counts(house: House, settings: Any) -> None:
    client = bearer(house, "bob")
    with mock.patch.object(pace, "take", side_effect=RedisError):
        told = client.get("/api/v1/me")
    assert (told.status_code, "RateLimit-Limit" in told.headers) == (200, False)
    settings.API_PER_MINUTE = 0
    assert "RateLimit-Limit" not in client.get("/api/v1/me").headers
