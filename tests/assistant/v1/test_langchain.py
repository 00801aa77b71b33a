"""LangChain's OpenAI classes, pointed at /v1."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openai import BadRequestError, OpenAI, RateLimitError

from inference import runners
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking
from tests.cast import House
from tests.governance.database import as_superuser, leaves


@pytest.fixture
def chat(bob: OpenAI) -> ChatOpenAI:
    options: dict[str, Any] = {"base_url": str(bob.base_url), "api_key": bob.api_key, "max_retries": 0}
    return ChatOpenAI(model="chancery", **options)


def test_it_asks_and_streams_and_hears_why_the_answer_ended(chat: ChatOpenAI, house: House) -> None:
    told = chat.invoke(asking.QUESTION)
    assert told.content == asking.RULE
    assert told.response_metadata["finish_reason"] == "stop"
    assert isinstance(told, AIMessage)
    assert told.usage_metadata
    assert told.usage_metadata["total_tokens"] > 0
    assert "".join(str(chunk.content) for chunk in chat.stream(asking.QUESTION)) == asking.RULE
    assert [leaf["facts"]["client"] for leaf in leaves(house, "prompt.received")] == ["openai", "openai"]


def test_its_chains_and_conversations_come_as_instruction_and_history(chat: ChatOpenAI, model: ScriptedChat) -> None:
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "{question}")])
    chain = prompt | chat | StrOutputParser()
    assert chain.invoke({"question": asking.QUESTION}) == asking.RULE
    said = [
        SystemMessage("Be brief."),
        HumanMessage("Hello"),
        AIMessage("Good morning."),
        HumanMessage(asking.QUESTION),
    ]
    assert asyncio.run(chat.ainvoke(said)).content == asking.RULE
    assert [message.content for message in model.requests[-1].messages[1:]] == [
        "Hello",
        "Good morning.",
        f"Be brief.\n\n{asking.QUESTION}",
    ]


def test_what_it_sets_of_the_sampler_reaches_the_model(chat: ChatOpenAI, model: ScriptedChat) -> None:
    bound = chat.bind(temperature=0.3, seed=7, stop=["END"], max_tokens=21)
    bound.invoke(asking.QUESTION)
    request = model.requests[-1]
    assert (request.temperature, request.seed, list(request.stop), request.max_tokens) == (0.3, 7, ["END"], 21)


def test_its_tools_are_refused_and_its_rate_limit_is_openais(chat: ChatOpenAI, house: House) -> None:
    tool = {"title": "lookup", "description": "d", "type": "object", "properties": {"a": {"type": "string"}}}
    with pytest.raises(BadRequestError, match="tools"):
        chat.bind_tools([tool]).invoke(asking.QUESTION)
    with as_superuser() as database:
        database.execute("UPDATE tenant SET answers_per_person_max = 0 WHERE id = %s", [house.tenant])
    with pytest.raises(RateLimitError):
        chat.invoke(asking.QUESTION)


def test_its_embeddings_fill_a_vector_store(bob: OpenAI, shelf: uuid.UUID) -> None:
    options: dict[str, Any] = {"base_url": str(bob.base_url), "api_key": bob.api_key}
    embeddings = OpenAIEmbeddings(
        model=runners.embedder().name, check_embedding_ctx_length=False, chunk_size=128, **options
    )
    query = embeddings.embed_query("Parking costs four euros.")
    assert np.allclose(query, runners.embedder().embed(["Parking costs four euros."], "passage")[0], atol=1e-6)
    store = InMemoryVectorStore(embeddings)
    store.add_texts([f"Nothing {number}" for number in range(150)] + ["Parking costs four euros a day."])
    assert store.similarity_search("What does parking cost?", k=1)[0].page_content == "Parking costs four euros a day."
