"""The methods that are spoken here, and what each answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase, JsonResponse

from assistant.mcp import errors, passages, tools, under_way
from assistant.mcp.errors import NoSuchMethod
from assistant.mcp.messages import Call
from assistant.middleware import faults
from assistant.operators import versions
from governance import access, tenants
from governance.actions import Action
from governance.errors import ChanceryError

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
INSTRUCTIONS = (
    "Documents of %(tenant)s. `ask` answers from them with citations; `search` gives the passages themselves;"
    " `list_collections` names what may be chosen. What you get is what the holder of the key may read."
)


def answer(call: Call) -> HttpResponseBase:
    """One message in, one response out. A fault is an answer, too: only what is no message at all has a status of its own."""
    try:
        done = _do(call)
    except ChanceryError as fault:
        noted = faults.note_denial(call.request, fault)
        return JsonResponse(errors.body(noted, call.request_id, call.message.id))
    except faults.PARTS_AWAY as fault:
        return JsonResponse(errors.body(faults.unavailable(fault), call.request_id, call.message.id))
    return done if isinstance(done, HttpResponseBase) else JsonResponse(call.result(done))


def _do(call: Call) -> tools.Done:
    method = METHODS.get(call.message.method)
    if method is None:
        raise NoSuchMethod(f"{call.message.method[:100]} is not spoken here.")
    return method(call)


def _initialize(call: Call) -> HttpResponseBase:
    asked = call.message.params.get("protocolVersion")
    told = {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[-1],
        "capabilities": {"tools": {"listChanged": False}, "resources": {"listChanged": False, "subscribe": False}},
        "serverInfo": {"name": "chancery", "title": "Chancery", "version": versions.own()},
        "instructions": INSTRUCTIONS % {"tenant": tenants.current(call.caller).name},
    }
    response = JsonResponse(call.result(told))
    response[under_way.SESSION] = under_way.session()
    return response


def _templates(call: Call) -> dict[str, Any]:
    told = {
        "uriTemplate": passages.TEMPLATE,
        "name": "passage",
        "title": "A passage",
        "description": "What a citation or a search stands on, by its chunk_id.",
        "mimeType": passages.MEDIA_TYPE,
    }
    return {"resourceTemplates": [told]}


def _read(call: Call) -> dict[str, Any]:
    access.require(call.caller, Action.SEARCH)
    return passages.read(call.caller, call.text("uri"))


METHODS: dict[str, Callable[[Call], tools.Done]] = {
    "initialize": _initialize,
    "ping": lambda _: {},
    "tools/list": lambda call: {"tools": tools.listed(call.caller)},
    "tools/call": tools.run,
    "resources/list": lambda _: {"resources": []},
    "resources/templates/list": _templates,
    "resources/read": _read,
}
