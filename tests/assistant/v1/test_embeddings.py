"""Embeddings by the `openai` client: the index's own vectors, under policy, quota and record."""

from __future__ import annotations

import asyncio
import base64
import uuid
from typing import Any

import numpy as np
import openai
import pytest
from openai import OpenAI

from assistant import embedding
from governance.models import Reservation
from inference import runners
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking, serving
from tests.assistant.v1 import clients
from tests.cast import House
from tests.governance.database import as_superuser, leaves

MODEL = "scripted-384"
TEXTS = ["Twenty working days abroad.", "Parking costs four euros."]
SECRET = "my password is Tr0ub4dor&3x-Kassel"


def test_vectors_are_those_of_the_embedder_in_order_as_floats_and_as_base64(bob: OpenAI) -> None:
    wanted = runners.embedder().embed(TEXTS, "passage")
    floats = bob.embeddings.create(model=MODEL, input=TEXTS, encoding_format="float")
    usual = bob.embeddings.create(model=MODEL, input=TEXTS)  # for which the client asks for base64 and decodes it
    for told in (floats, usual):
        assert (told.model, [one.index for one in told.data]) == (MODEL, [0, 1])
        assert np.allclose(np.array([one.embedding for one in told.data]), wanted, atol=1e-6)
        assert told.usage.prompt_tokens == told.usage.total_tokens == sum(runners.embedder().count_tokens(TEXTS))


def test_base64_is_little_endian_single_precision(site: str, bob: OpenAI) -> None:
    sent = {"model": MODEL, "input": TEXTS[0], "encoding_format": "base64", "dimensions": 384, "user": "customer-17"}
    told = serving.caller(site, bob.api_key).post("/v1/embeddings", json=sent).json()
    vector = np.frombuffer(base64.b64decode(told["data"][0]["embedding"]), dtype="<f4")
    assert np.allclose(vector, runners.embedder().embed(TEXTS[:1], "passage")[0])


def test_the_async_client_embeds_too(bob: OpenAI, site: str) -> None:
    async def embed() -> int:
        async with clients.openai_async(site, bob.api_key) as client:
            return len((await client.embeddings.create(model=MODEL, input=TEXTS[0])).data[0].embedding)

    assert asyncio.run(embed()) == 384


def test_a_call_is_on_the_record_with_its_texts_sealed_and_every_verdict(bob: OpenAI, house: House) -> None:
    bob.embeddings.create(model=MODEL, input=TEXTS)
    (leaf,) = leaves(house, "embedding.performed")
    facts = {"client": "openai", "model": MODEL, "texts": 2, "characters": sum(map(len, TEXTS))}
    assert leaf["facts"] == facts
    assert TEXTS[0] not in str(leaf)
    assert asking.opened(house, leaf) == {"texts": TEXTS}
    interaction = uuid.UUID(leaf["interaction"])
    assert [one["facts"]["part"] for one in leaves(house, "policy.decided", interaction)] == ["text 0", "text 1"]
    reserved = asking.reservation(house, interaction)
    assert reserved.used == reserved.reserved == sum(runners.embedder().count_tokens(TEXTS))


def test_a_text_that_policy_blocks_blocks_the_call_and_one_that_it_redacts_is_embedded_redacted(
    bob: OpenAI, house: House
) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        bob.embeddings.create(model=MODEL, input=[TEXTS[0], SECRET])
    assert (told.value.code, told.value.param) == ("content_filter", "input")
    assert len(leaves(house, "embedding.performed")) == 1
    with house.system.transaction():
        assert not Reservation.objects.exists()
    card = bob.embeddings.create(model=MODEL, input="Card 4111 1111 1111 1111", encoding_format="float")
    redacted = runners.embedder().embed(["Card [redacted: payment card]"], "passage")[0]
    assert np.allclose(card.data[0].embedding, redacted, atol=1e-6)


@pytest.mark.parametrize(
    ("sent", "param", "code"),
    [
        ({"input": [1, 2, 3]}, "input", "invalid_type"),
        ({"input": [[1, 2], [3]]}, "input", "invalid_type"),
        ({"input": ["a", 1]}, "input", "invalid_type"),
        ({"input": []}, "input", "invalid_type"),
        ({"input": None}, "input", "missing_required_parameter"),
        ({"input": ["a", " "]}, "input", "invalid_input"),
        ({"input": "x" * 8001}, "input", "invalid_input"),
        ({"input": ["x"] * 257}, "input", "invalid_input"),
        ({"input": ["x" * 8000] * 26}, "input", "invalid_input"),
        ({"dimensions": 256}, "dimensions", "invalid_value"),
        ({"encoding_format": "hex"}, "encoding_format", "invalid_value"),
        ({"truncate": True}, "truncate", "unknown_parameter"),
        ({"model": None}, "model", "missing_required_parameter"),
    ],
)
def test_what_cannot_be_embedded_is_a_400_with_the_name_of_the_field(
    site: str, shared_key: str, shared_house: House, sent: dict[str, Any], param: str, code: str
) -> None:
    asked = {"model": MODEL, "input": "a text"} | sent
    told = serving.caller(site, shared_key).post("/v1/embeddings", json=asked)
    assert (told.status_code, told.json()["error"]["param"], told.json()["error"]["code"]) == (400, param, code)
    assert leaves(shared_house, "embedding.performed") == []


def test_another_model_is_a_404(bob: OpenAI) -> None:
    for name in ("text-embedding-3-small", "chancery"):
        with pytest.raises(openai.NotFoundError) as told:
            bob.embeddings.create(model=name, input="a text")
        assert (told.value.code, told.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize("scopes", ["read", "policy", "manage", "record", "write"])
def test_a_key_that_may_not_search_does_not_embed_and_that_is_on_the_record(
    site: str, house: House, model: ScriptedChat, scopes: str
) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        clients.of(house, "bob", site, scopes).embeddings.create(model=MODEL, input="a text")
    assert [leaf["facts"]["action"] for leaf in leaves(house, "access.denied")] == ["search"]


@pytest.mark.parametrize("scopes", ["search", "ask"])
def test_a_key_for_searching_or_asking_is_enough(site: str, house: House, model: ScriptedChat, scopes: str) -> None:
    assert clients.of(house, "bob", site, scopes).embeddings.create(model=MODEL, input="a text").data


def test_the_days_tokens_and_the_places_are_bounds(bob: OpenAI, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_superuser() as database:
        database.execute("UPDATE tenant SET tokens_per_day = 3 WHERE id = %s", [house.tenant])
    with pytest.raises(openai.RateLimitError) as told:
        bob.embeddings.create(model=MODEL, input="one two three four")
    assert told.value.code == "insufficient_quota"
    monkeypatch.setattr(embedding, "PATIENCE_S", 0.05)
    for _ in range(embedding.AT_ONCE):
        embedding._places.acquire()
    try:
        with pytest.raises(openai.RateLimitError) as full:
            bob.embeddings.create(model=MODEL, input="one")
    finally:
        for _ in range(embedding.AT_ONCE):
            embedding._places.release()
    assert full.value.code == "rate_limit_exceeded"
