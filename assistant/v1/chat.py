"""POST /v1/chat/completions: the last message is the question, and the answer is the portal's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import conversations, models
from assistant.conversations.brought import Brought
from assistant.streams import streaming
from assistant.v1 import completions, following, messages, names
from assistant.v1.completions import Chunks
from assistant.v1.errors import Rejected, about
from assistant.v1.fields import Fields, clean
from assistant.v1.view import Operation
from governance import access, tenants
from governance.actions import Action
from governance.scope import Scope
from inference.runners.base import Sampler

LONGEST_ANSWER = 32_768  # tokens that may be asked for; how many there is room for is the window's to say
USUAL_ANSWER = 512
SEED_MOST = 2**32 - 2  # engines count seeds in 32 bits, and the last one means "any"
STOPS_MOST = 4
LONGEST_STOP = 100  # characters

# OpenAI's other fields, with the values that ask for nothing; many clients send them always.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "top_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "metadata": ({},),
    "audio": (),
    "prediction": (),
    "reasoning_effort": (),
    "verbosity": (),
    "web_search_options": (),
    "prompt_cache_key": (),
    "safety_identifier": (),
}


@dataclass(frozen=True)
class Asked:
    model: str
    question: str
    brought: Brought
    sampler: Sampler
    max_tokens: int
    streams: bool
    counts: bool  # the stream ends with the usage
    reason: str = ""  # why it is asked, where policy wants to know

    @classmethod
    def read(cls, sent: Fields) -> Asked:
        model, dialogue = sent.name("model"), messages.parse(sent.required("messages"))
        brought = Brought(dialogue.turns, dialogue.instruction, sent.name("user", ""))
        bounds = [sent.whole(name, 1, LONGEST_ANSWER) for name in ("max_completion_tokens", "max_tokens")]
        longest = next((bound for bound in bounds if bound is not None), USUAL_ANSWER)
        sampler, streams = _sampler(sent), sent.flag("stream")
        counts = _counts(sent, streams)
        reason = sent.name("reason", "")
        sent.end(NEUTRAL)
        return cls(model, dialogue.question, brought, sampler, longest, streams, counts, reason)


class Completions(Operation):
    def post(self, request: Request) -> HttpResponseBase:
        access.require(self.caller, Action.ASK)
        asked = Asked.read(self.sent())
        row = _ask(self.caller, asked)
        return _streamed(self.caller, row, asked) if asked.streams else _whole(self.caller, row, asked)


def _ask(caller: Scope, asked: Asked) -> models.Answer:
    with about("model", missing="model_not_found"):
        target = names.target(caller, asked.model)
        if target.is_model_only and not tenants.current(caller).allows_model_only:
            raise Rejected(f"This organisation allows no answers without documents. Use {names.GROUNDED}.", "model")
    with about("messages"):
        return conversations.ask(
            caller,
            asked.question,
            collections=target.collections,
            client="openai",
            is_model_only=target.is_model_only,
            max_tokens=asked.max_tokens,
            brought=asked.brought,
            sampler=asked.sampler,
            reason=asked.reason,
            assistant=target.assistant,
        )


def _whole(caller: Scope, row: models.Answer, asked: Asked) -> Response:
    row = following.until_ended(caller, row.pk)
    if fault := completions.fault(row):
        raise fault
    return Response(completions.whole(row, asked.model))


def _streamed(caller: Scope, row: models.Answer, asked: Asked) -> HttpResponseBase:
    row = following.until_begun(caller, row.pk)
    if not row.segments.all() and (fault := completions.fault(row)):
        raise fault
    chunks = Chunks(row.pk, row.created_at, asked.model, counts=asked.counts)
    connection.close()
    return streaming.respond(following.chunks(caller, row.pk, chunks), encode=completions.encode)


def _sampler(sent: Fields) -> Sampler:
    sampler: Sampler = {}
    if (temperature := sent.number("temperature", 0, 2)) is not None:
        sampler["temperature"] = temperature
    if (seed := sent.whole("seed", 0, SEED_MOST)) is not None:
        sampler["seed"] = seed
    if stop := _stop(sent.take("stop")):
        sampler["stop"] = stop
    if sent.flag("deterministic"):
        sampler["is_deterministic"] = True
    return sampler


def _stop(value: Any) -> list[str]:
    stops = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(stops, list) or len(stops) > STOPS_MOST:
        raise Rejected(f"stop is a text, or a list of at most {STOPS_MOST}.", "stop", "invalid_type")
    if not all(isinstance(one, str) and 0 < len(one) <= LONGEST_STOP for one in stops):
        raise Rejected(f"Each of stop is a text of 1 to {LONGEST_STOP} characters.", "stop")
    return [clean(one) for one in stops]


def _counts(sent: Fields, streams: bool) -> bool:
    options = sent.take("stream_options", {})
    if not isinstance(options, dict) or not isinstance(options.get("include_usage", False), bool):
        raise Rejected(
            "stream_options is an object with include_usage: true or false.", "stream_options", "invalid_type"
        )
    if options and not streams:
        raise Rejected("stream_options goes with stream: true alone.", "stream_options")
    if unknown := sorted(set(options) - {"include_usage", "include_obfuscation"}):
        raise Rejected(f"There is no {unknown[0]!r} here.", "stream_options", "unknown_parameter")
    return bool(options.get("include_usage", False))
