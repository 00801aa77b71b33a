"""The LangChain package by the real library: a retriever and a chat model in a chain, with what stands beside an answer."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import chancery_client
import pytest
from chancery_langchain import ChanceryRetriever, ChatChancery
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough

from inference.runners.scripted import ScriptedChat
from tests.assistant import asking
from tests.cast import House
from tests.clients.places import run_python, samples
from tests.governance.database import leaves


def options(site: str, house: House, name: str = "bob", scopes: str = "ask search") -> dict[str, Any]:
    return {"address": site, "key": house.key(name, scopes)}


def test_what_the_page_shows_is_run_as_it_stands_there(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    (sample,) = samples("langchain", "python")
    told = run_python(sample, site, house.key("bob"))
    assert told.count(asking.RULE) == 3


def test_its_retriever_stands_in_a_chain_and_its_chat_model_brings_citations(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    where = options(site, house)
    retriever = ChanceryRetriever(collections=["Handbook"], limit=2, **where)
    (document,) = retriever.invoke("days abroad")
    assert document.page_content.endswith("head of department.")
    assert {"document_id", "document_name", "chunk_id", "score", "locator", "label", "authority"} == set(
        document.metadata
    )
    assert document.id == document.metadata["chunk_id"]

    chat = ChatChancery(model="chancery/Handbook", **where)
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "{question}")])
    chain = {"question": RunnablePassthrough()} | prompt | chat | StrOutputParser()
    assert chain.invoke(asking.QUESTION) == asking.RULE
    assert asyncio.run(chain.ainvoke(asking.QUESTION)) == asking.RULE
    told = chat.invoke([HumanMessage("Hello"), AIMessage("Good morning."), HumanMessage(asking.QUESTION)])
    assert told.response_metadata["status"] == "answered"
    assert {one["chunk_id"] for one in told.response_metadata["citations"]} == {document.id}
    assert told.usage_metadata
    assert told.usage_metadata["total_tokens"] > 0
    assert [one.content for one in model.requests[-1].messages[1:]] == ["Hello", "Good morning.", asking.QUESTION]

    chunks = list(chat.stream([SystemMessage("Be brief."), HumanMessage(asking.QUESTION)]))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.content == asking.RULE
    assert whole.response_metadata["citations"] == told.response_metadata["citations"]
    assert len([chunk for chunk in chunks if chunk.content]) > 1
    asked = leaves(house, "prompt.received")
    assert {leaf["facts"]["client"] for leaf in asked} == {"openai"}


def test_what_may_not_be_read_is_neither_found_nor_told(
    site: str, house: House, neighbour: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    for outsider in (house, neighbour):
        where = options(site, outsider, "charlie")
        assert ChanceryRetriever(**where).invoke("days abroad") == []
        for named in ("Handbook", str(shelf), "No such thing"):
            with pytest.raises(chancery_client.NotFound):
                ChanceryRetriever(collections=[named], **where).invoke("days abroad")
            for speak in (ChatChancery(model=f"chancery/{named}", **where).invoke, _drained(where, named)):
                with pytest.raises(chancery_client.NotFound) as fault:
                    speak(asking.QUESTION)
                assert fault.value.code == "model_not_found"
    with pytest.raises(chancery_client.Forbidden):
        ChatChancery(**options(site, house, scopes="search")).invoke(asking.QUESTION)
    with pytest.raises(chancery_client.InvalidInput, match="tools"):
        ChatChancery(**options(site, house)).bind(tools=[{"type": "function"}]).invoke(asking.QUESTION)
    assert "chy_" not in repr(ChatChancery(**options(site, house)))
    assert model.requests == []


def _drained(where: dict[str, Any], named: str) -> Any:
    return lambda question: list(ChatChancery(model=f"chancery/{named}", **where).stream(question))
