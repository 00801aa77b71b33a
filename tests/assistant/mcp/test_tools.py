"""What another assistant does here with a key, by the protocol's own client."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.shared.version import SUPPORTED_PROTOCOL_VERSIONS
from pydantic import AnyUrl

from assistant import models
from assistant.conversations import assistants
from assistant.conversations.assistants import Draft
from assistant.mcp import protocol
from governance import labels
from inference.runners.scripted import ScriptedChat
from ingestion.documents import restrictions
from tests.assistant import asking, serving
from tests.assistant.local_homes import ROOT
from tests.assistant.mcp.speaking import called, said, spoken
from tests.assistant.test_answering import ORDER
from tests.cast import House
from tests.governance.database import as_superuser, leaves


def test_it_finds_the_tools_searches_reads_and_asks_with_progress(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    async def talk(client: ClientSession) -> None:
        tools = {one.name: one for one in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "search", "list_collections", "list_assistants"}
        assert all(one.annotations and one.annotations.readOnlyHint for one in tools.values())
        assert set(tools["search"].inputSchema["properties"]) == {"query", "collections", "limit"}

        listed = await client.call_tool("list_collections")
        (told,) = (listed.structuredContent or {})["collections"]
        assert (told["id"], told["name"]) == (str(shelf), "Handbook")

        for chosen in ([], ["Handbook"], [str(shelf)]):
            found = await client.call_tool("search", {"query": "days abroad", "collections": chosen})
            (passage,) = (found.structuredContent or {})["passages"]
            assert passage["text"] in said(found)
            assert passage["text"].endswith("head of department.")
        read = await client.read_resource(AnyUrl(passage["uri"]))
        assert passage["text"] in read.contents[0].text  # type: ignore[union-attr]
        (template,) = (await client.list_resource_templates()).resourceTemplates
        assert template.uriTemplate.format(chunk_id=passage["chunk_id"]) == passage["uri"]

        happened: list[tuple[float, str | None]] = []

        async def note(progress: float, total: float | None, message: str | None) -> None:
            happened.append((progress, message))

        answer = await client.call_tool("ask", {"question": asking.QUESTION}, progress_callback=note)
        told = answer.structuredContent or {}
        assert (told["status"], told["text"]) == ("answered", asking.RULE)
        assert {one["chunk_id"] for one in told["citations"]} == {passage["chunk_id"]}
        assert "[1]" in said(answer)
        assert not answer.isError
        assert [at for at, _ in happened] == sorted({at for at, _ in happened})
        assert any("Twenty working days" in (message or "") for _, message in happened)

    spoken(site, house.key("bob", "ask"), talk)
    assert {leaf["client"] for leaf in leaves(house, "search.performed")} == {"mcp"}
    (asked,) = leaves(house, "prompt.received")
    assert (asked["client"], asked["facts"]["client"]) == ("mcp", "mcp")
    with house.system.transaction():
        assert [one.is_listed for one in models.Conversation.objects.all()] == [False]


def test_it_lists_the_assistants_that_are_for_its_holder_and_asks_them(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    labels.write(house.ada, ("Public", "Secret"), None)
    restrictions.label_collection(house.ada, shelf, 1)
    travel = assistants.compose(
        house.ada, Draft("Travel", "Trips", "Answer gladly.", is_for_all=True, starters=["Far?"])
    )
    hidden = assistants.compose(house.ada, Draft("Board"))
    listed = called(site, house.key("bob", "ask"), "list_assistants")
    shown = {"id": str(travel.pk), "name": "Travel", "summary": "Trips", "starters": ["Far?"]}
    assert listed.structuredContent == {"assistants": [shown]}
    assert said(listed) == "- Travel: Trips"
    told = called(site, house.key("bob", "ask"), "ask", question=asking.QUESTION, assistant="Travel").structuredContent
    assert told["label"] == told["citations"][0]["label"] == {"rank": 1, "name": "Secret"}
    (asked,) = leaves(house, "prompt.received")
    assert asked["facts"]["assistant"] == str(travel.pk)
    assert "Answer gladly." in "".join(one.content for one in model.requests[-1].messages)
    refused = [
        said(called(site, house.key("bob", "ask"), "ask", question=asking.QUESTION, assistant=name))
        for name in ("Board", str(hidden.pk), "Nobody's")
    ]
    assert refused == ["There is no assistant of this name for you. list_assistants names them."] * 3


def test_it_is_told_its_versions_and_what_it_speaks_with(site: str, house: House) -> None:
    async def talk(client: ClientSession) -> Any:
        await client.send_ping()
        return await client.initialize()

    told = spoken(site, house.key("bob"), talk)
    assert told.serverInfo.name == "chancery"
    assert f"The {house.slug} company" in told.instructions
    assert list(protocol.VERSIONS) == SUPPORTED_PROTOCOL_VERSIONS


def test_what_the_documents_do_not_say_and_what_policy_blocks_are_told_as_such(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    refused = called(site, house.key("bob"), "ask", question=asking.OFF_TOPIC)
    assert (refused.isError, refused.structuredContent["status"]) == (False, "refused")
    assert said(refused) == refused.structuredContent["notice"]
    blocked = called(site, house.key("bob"), "ask", question="my password is Tr0ub4dor&3x-Kassel")
    assert (blocked.structuredContent["status"], blocked.structuredContent["text"]) == ("blocked", "")
    assert model.requests == []


def test_a_passage_that_gives_orders_reaches_no_model(site: str, house: House, shelf: uuid.UUID) -> None:
    held = asking.shelf(house, ORDER, name="Mailbox")
    with as_superuser() as database:
        database.execute("UPDATE chunk SET is_quarantined = true WHERE collection_id = %s", [held])
        chunk = database.execute("SELECT id FROM chunk WHERE collection_id = %s", [held]).fetchall()[0][0]
    found = called(site, house.key("bob"), "search", query=ORDER, collections=["Mailbox"])
    assert found.structuredContent == {"passages": []}

    async def read(client: ClientSession) -> str:
        try:
            await client.read_resource(AnyUrl(f"chancery://passages/{chunk}"))
        except Exception as fault:  # noqa: BLE001  whatever the client makes of it
            return str(fault)
        return "read"

    assert spoken(site, house.key("bob"), read) == "There is no such passage, or you may not see it."


def test_over_a_bound_the_model_is_told_to_wait_and_its_program_how_long(
    site: str, house: House, model: ScriptedChat
) -> None:
    with as_superuser() as database:
        database.execute("UPDATE tenant SET answers_per_person_max = 0 WHERE id = %s", [house.tenant])
    told = called(site, house.key("bob"), "ask", question=asking.QUESTION)
    assert told.isError
    assert "Try again in" in said(told)
    fault = told.meta["chancery/error"]
    assert (fault["code"], fault["status"]) == ("busy", 429)
    json.dumps(fault["wait_s"])
    assert [leaf["facts"]["client"] for leaf in leaves(house, "prompt.refused")] == ["mcp"]


def test_what_the_page_shows_is_run_as_it_stands_there(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    page = Path(ROOT, "docs", "mcp.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    told = {"CHANCERY_URL": site, "CHANCERY_KEY": house.key("bob"), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-c", sample],
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=3 * serving.PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Twenty working days a year may be spent abroad. [1]" in done.stdout
