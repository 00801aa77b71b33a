"""The tool `ask`: the portal's own answering, waited for, or followed with progress that keeps hosts from giving up.

There is no way back to a stream of this protocol as it is spoken here, so a client that leaves stops its answer.
Hosts keep the stream of a call that they cancel open: what they say of it stops the answer, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from assistant import conversations, models
from assistant.conversations import exporting, quoting
from assistant.mcp import naming, passages, under_way
from assistant.mcp.messages import Call, encode, notification
from assistant.mcp.results import failed, given
from assistant.mcp.shapes import AskIn, AskOut, CitationOut, LabelOut
from assistant.showing import places
from assistant.streams import relay, streaming
from assistant.streams.streaming import Event
from assistant.v1 import completions, following
from governance.errors import ChanceryError, Forbidden, NotFound, RecordUnavailable, Unavailable
from governance.scope import Scope

SAYS_SO_EVERY_S = 5.0  # that it is still there; hosts give up after a minute of silence
UNSAID = "The answer took too long and was stopped. Ask for less at once."


def begin(caller: Scope, asked: AskIn) -> models.Answer:
    return conversations.ask(
        caller,
        asked.question,
        collections=naming.chosen(caller, asked.collections),
        client="mcp",
        reason=asked.reason,
        assistant=naming.assistant(caller, asked.assistant),
    )


def waited(call: Call, row: models.Answer) -> dict[str, Any]:
    """Raises RecordUnavailable, Unavailable."""
    under_way.note(call, row.pk)
    try:
        return told(call.request, following.until_ended(call.caller, row.pk))
    finally:
        under_way.forget(call, row.pk)


def streamed(call: Call, row: models.Answer) -> HttpResponseBase:
    under_way.note(call, row.pk)
    connection.close()
    return streaming.respond(_events(call, row), encode=encode)


def told(request: HttpRequest, row: models.Answer) -> dict[str, Any]:
    """The result of an answer that has ended. Raises what it failed by."""
    if fault := completions.fault(row):
        raise fault
    segments = list(row.segments.all())
    cited = quoting.sources(segments, places.name)
    text = quoting.plain("", segments, cited).strip() if segments else completions.text(row)
    answer = AskOut(
        answer=row.pk,
        status=row.status,
        text="".join(segment.text for segment in segments),
        notice=row.notice,
        citations=[_citation(request, one) for one in completions.beside(row)["citations"]],
        label=LabelOut(**row.label) if row.label else None,
    )
    notice = f"\n\n{row.notice}" if segments and row.notice else ""
    notice += f"\n\n{exporting.doubt()}" if any(map(quoting.is_doubted, segments)) else ""
    notice += f"\n\nLabel: {row.label['name']}" if row.label else ""
    return given(text + notice, answer)


def _citation(request: HttpRequest, one: dict[str, Any]) -> CitationOut:
    shown: dict[str, Any] = {name: one[name] for name in one if name != "locator"}
    shown |= {"uri": passages.uri(one["chunk_id"]), "url": passages.url(request, one["chunk_id"])}
    return CitationOut(**shown, place=places.name(one["locator"] or {}))


async def _events(call: Call, row: models.Answer) -> AsyncIterator[Event]:
    has_ended = False
    try:
        async with contextlib.aclosing(_progress(call, row)) as progress:
            async for told in progress:
                yield 0, "message", told
        has_ended = True
        result = told_or_failed(call, await sync_to_async(_ended)(call, row))
    except (NotFound, Forbidden):
        result = failed(Forbidden(following.ENDED))
    except TimeoutError:
        result = failed(Unavailable(UNSAID))
    except ChanceryError as fault:
        result = failed(fault)
    finally:
        if not has_ended:
            following.leave(call.caller, row.pk)
    yield 0, "message", call.result(result)


def _ended(call: Call, row: models.Answer) -> models.Answer:
    under_way.forget(call, row.pk)
    return following.ended(call.caller, row.pk)


async def _progress(call: Call, row: models.Answer) -> AsyncGenerator[dict[str, Any]]:
    """What is happening until the answer has ended, for a client that asked to be told: hosts show it, and wait on.

    Raises RecordUnavailable where it stopped for want of the record, and what `relay.follow` raises.
    """
    token, number = call.message.progress, 0
    async with contextlib.aclosing(streaming.paced(relay.follow(call.caller, row.pk, 0), SAYS_SO_EVERY_S)) as events:
        async for event in events:
            if event is not None and event[1] == "done":
                return
            if event is not None and event[1] == "status" and event[2]["notice"]:
                raise RecordUnavailable(event[2]["notice"])
            number += 1
            if token is not None:
                said = {"progressToken": token, "progress": number, "message": _happening(event)}
                yield notification("notifications/progress", said)


def told_or_failed(call: Call, row: models.Answer) -> dict[str, Any]:
    try:
        return told(call.request, row)
    except ChanceryError as fault:
        return failed(fault)


def _happening(event: Event | None) -> str:
    if event is None:
        return "Still at work."
    _, name, data = event
    if name == "segment":
        return str(data["text"]).strip()
    if data["status"] == models.Status.QUEUED:
        return f"Waiting: {data['position']} questions of the organisation are before this one."
    if (line := data.get("line")) and line["position"]:
        return f"Waiting for the model, at place {line['position']}."
    if found := data.get("passages"):
        return "Writing from " + ", ".join(dict.fromkeys(one["document_name"] for one in found)) + "."
    return "Looking for what the documents say."
