"""A client of each face, who keeps what it heard: JSON and server-sent events of the API, whole and streamed of /v1."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from bench import interaction_kinds
from bench.interaction_check import Heard

Got = tuple[str, Heard]  # the answer's id beside it, empty where the face does not tell


def ask(client: httpx.Client, shelf: str, number: int) -> Got:
    over: dict[str, Callable[[httpx.Client, str, int], Got]] = {
        "json": _json,
        "sse": _sse,
        "v1": _v1,
        "v1_stream": _v1_stream,
    }
    return over[interaction_kinds.face(number)](client, shelf, number)


def _json(client: httpx.Client, shelf: str, number: int) -> Got:
    body = {"question": interaction_kinds.question(number), "collections": [shelf]}
    told = client.post("/api/v1/answers", json=body).raise_for_status().json()
    return told["id"], Heard((told["text"],), is_whole=True)


def _sse(client: httpx.Client, shelf: str, number: int) -> Got:
    body = {"question": interaction_kinds.question(number), "collections": [shelf], "stream": True}
    texts, answer, is_whole = list[str](), "", False
    with client.stream("POST", "/api/v1/answers", json=body) as response:
        response.raise_for_status()
        for name, data in _events(response):
            answer = data.get("id", answer)
            is_whole = name == "done"
            if name != "segment":
                continue
            texts.append(data["text"])
            if interaction_kinds.of(number).end == "cancelled" and len(texts) == 1:
                client.post(f"/api/v1/answers/{answer}/cancel").raise_for_status()
    return answer, Heard(tuple(texts), is_whole)


def _v1(client: httpx.Client, shelf: str, number: int) -> Got:
    response = client.post("/v1/chat/completions", json=_v1_body(number))
    if response.is_error:
        return _fault(response)
    (choice,) = response.json()["choices"]
    beside = choice["chancery"]
    has_words = bool(beside["segments"])  # else it is the notice that stands there, and no word of an answer
    return beside["answer"], Heard((choice["message"]["content"],) if has_words else (), is_whole=True)


def _v1_stream(client: httpx.Client, shelf: str, number: int) -> Got:
    texts, answer, is_whole, beside = list[str](), "", False, dict[str, Any]()
    with client.stream("POST", "/v1/chat/completions", json=_v1_body(number) | {"stream": True}) as response:
        if response.is_error:
            response.read()
            return _fault(response)
        for _, data in _events(response):
            if "error" in data:
                break
            choice = data["choices"][0]
            answer = str(uuid.UUID(data["id"].removeprefix("chatcmpl-")))
            beside = choice.get("chancery") or beside
            is_whole = choice["finish_reason"] is not None
            if choice["delta"].get("content"):
                texts.append(choice["delta"]["content"])
                if interaction_kinds.of(number).end == "cancelled":
                    break  # whoever leaves has stopped it
    if is_whole and not beside.get("segments"):
        texts.clear()  # the notice
    return answer, Heard(tuple(texts), is_whole)


def _v1_body(number: int) -> dict[str, Any]:
    return {
        "model": "chancery",
        "messages": [{"role": "user", "content": interaction_kinds.question(number)}],
    }


def _fault(response: httpx.Response) -> Got:
    """The answer failed or broke off: nothing of it is delivered, and the fault does not say which answer it was."""
    if response.status_code != 503:
        raise SystemExit(f"{response.status_code}: {response.text[:500]}")
    return "", Heard()


def _events(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in response.iter_lines():
        kind, _, rest = line.partition(": ")
        name = rest if kind == "event" else name
        if kind == "data" and rest != "[DONE]":
            yield name, json.loads(rest)
