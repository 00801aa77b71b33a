"""Cited answers as a chat model, by the server's OpenAI-compatible address: that one takes a history from its client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chancery_client import errors
from chancery_client.transport import refusal
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from chancery_langchain.connection import Connected

PATH = "/v1/chat/completions"


class ChatChancery(Connected, BaseChatModel):
    """`model` is what the server lists: `chancery`, or `chancery/` and a collection's name or id."""

    model: str = "chancery"
    max_tokens: int | None = None
    temperature: float | None = None
    reason: str | None = None  # why it is asked, where a rule of the policy wants to know

    @property
    def _llm_type(self) -> str:
        return "chancery"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"address": self.address, "model": self.model}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        told = self.client.call("POST", PATH, json=self._asked(messages, stop, kwargs))
        (choice,) = told["choices"]
        message = AIMessage(
            content=choice["message"]["content"],
            response_metadata=_beside(choice, self.model),
            usage_metadata=_usage(told["usage"]),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        asked = self._asked(messages, stop, kwargs)
        asked |= {"stream": True, "stream_options": {"include_usage": True}}
        with self.client.http.stream("POST", PATH, json=asked) as response:
            if response.is_error:
                raise refusal(response)
            for line in response.iter_lines():
                if line.startswith("data: ") and line != "data: [DONE]":
                    chunk = _chunk(json.loads(line.removeprefix("data: ")), self.model)
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    def _asked(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        sent: dict[str, Any] = {"model": self.model, "messages": [_message(one) for one in messages], "stop": stop}
        sent |= {"max_tokens": self.max_tokens, "temperature": self.temperature, "reason": self.reason} | dict(more)
        return {name: value for name, value in sent.items() if value is not None}


def _message(one: BaseMessage) -> dict[str, Any]:
    role = "system" if isinstance(one, SystemMessage) else "assistant" if isinstance(one, AIMessage) else "user"
    return {"role": role, "content": one.text}


def _chunk(told: dict[str, Any], model: str) -> ChatGenerationChunk:
    if "error" in told:
        raise errors.of(503, told)
    if not told["choices"]:
        return ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=_usage(told["usage"])))
    (choice,) = told["choices"]
    text = choice["delta"].get("content") or ""
    beside = _beside(choice, model) if choice["finish_reason"] else {}
    return ChatGenerationChunk(message=AIMessageChunk(content=text, response_metadata=beside))


def _beside(choice: dict[str, Any], model: str) -> dict[str, Any]:
    """What stands beside an answer: where it is from, and what became of it."""
    return {"model_name": model, "finish_reason": choice["finish_reason"], **choice["chancery"]}


def _usage(told: dict[str, Any]) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=told["prompt_tokens"], output_tokens=told["completion_tokens"], total_tokens=told["total_tokens"]
    )
