"""OpenAI's own client, against a real web process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI

from tests.assistant import serving
from tests.cast import House


def openai(address: str, key: str, *, retries: int = 0) -> OpenAI:
    """It tries nothing again, unless it is told to: a test sees the first error."""
    return OpenAI(
        base_url=f"{address}/v1",
        api_key=key,
        max_retries=retries,
        timeout=serving.PATIENCE_S,
        http_client=DefaultHttpxClient(**serving.PLAIN),
    )


def openai_async(address: str, key: str) -> AsyncOpenAI:
    return AsyncOpenAI(
        base_url=f"{address}/v1",
        api_key=key,
        max_retries=0,
        timeout=serving.PATIENCE_S,
        http_client=DefaultAsyncHttpxClient(**serving.PLAIN),
    )


def of(house: House, name: str, address: str, scopes: str = "ask search") -> OpenAI:
    return openai(address, house.key(name, scopes))


def beside(choice: Any) -> dict[str, Any]:
    """What stands beside a choice under `chancery`."""
    found: dict[str, Any] = choice.model_extra["chancery"]
    return found


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


@dataclass(frozen=True)
class Heard:
    """What a client makes of an answer, whether it came whole or in chunks."""

    text: str
    finish: str | None
    beside: dict[str, Any]


def heard(client: OpenAI, *, streams: bool, **asked: Any) -> Heard:
    if not streams:
        (whole,) = client.chat.completions.create(**asked).choices
        return Heard(whole.message.content, whole.finish_reason, beside(whole))
    chunks = [chunk.choices[0] for chunk in client.chat.completions.create(**asked, stream=True)]
    return Heard("".join(one.delta.content or "" for one in chunks), chunks[-1].finish_reason, beside(chunks[-1]))
