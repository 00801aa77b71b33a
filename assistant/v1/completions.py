"""Answers in OpenAI's shapes. What OpenAI has no word for stands in each choice under `chancery`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from assistant import models
from assistant.answering import outcomes
from assistant.api import answered
from assistant.models import Status
from assistant.streams.streaming import Event
from assistant.v1 import errors
from assistant.v1.errors import Rejected
from governance.errors import Busy, ChanceryError, QuotaHeld, QuotaSpent, Unavailable

END = "end"
# What a client is told where an answer failed, by the code of what it failed by.
FAILURES: dict[str, type[ChanceryError]] = {
    "unavailable": Unavailable,
    "truncated": Unavailable,
    "busy": Busy,
    "quota_spent": QuotaSpent,
    "quota_held": QuotaHeld,
}


class Failed(ChanceryError):
    code = "answer_failed"


class Interrupted(Unavailable):
    code = "answer_interrupted"


def fault(row: models.Answer) -> ChanceryError | None:
    """What to raise instead of an answer. A part that broke off is none: asked again, it comes whole.

    What the model server's own filter stopped would be stopped again, and OpenAI has a word for such an end.
    """
    if row.fault == outcomes.FILTERED:
        return None
    if row.status == Status.INTERRUPTED:
        return Interrupted(row.notice)
    if row.status != Status.FAILED:
        return None
    if row.fault == "invalid_input":
        return Rejected(row.notice, "messages", "context_length_exceeded")
    kind = FAILURES.get(row.fault, Failed)
    if issubclass(kind, Busy):
        return kind(row.notice, wait_s=row.capsule.get("wait_s", 1.0))
    return kind(row.notice)


def whole(row: models.Answer, model: str) -> dict[str, Any]:
    """Of an answer that has ended."""
    message = {"role": "assistant", "content": text(row), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish(row), "chancery": beside(row)}
    return (
        _head(row.pk, row.created_at, model, "chat.completion")
        | _print(row)
        | {
            "choices": [choice],
            "usage": usage(row),
        }
    )


def text(row: models.Answer) -> str:
    """What was delivered; where nothing was, the sentence that says why."""
    return "".join(segment.text for segment in row.segments.all()) or _said_instead(row)


def finish(row: models.Answer) -> str:
    if row.status == Status.BLOCKED or row.fault == outcomes.FILTERED:
        return "content_filter"
    return "length" if row.capsule.get("finish") == "length" else "stop"


def beside(row: models.Answer) -> dict[str, Any]:
    """Status, notice, citations, label, receipt and times as the REST API has them; `answer` is the id that it knows it by."""
    told = answered.answer(row)
    kept = ("status", "notice", "citations", "segments", "label", "receipt", "times", "audit")
    return {"answer": told["id"]} | {key: told[key] for key in kept}


def usage(row: models.Answer) -> dict[str, Any]:
    """Tokens as the engine counted them; none where no model was asked."""
    told = row.capsule.get("usage", {})
    read, written = told.get("prompt_tokens", 0), told.get("completion_tokens", 0)
    details = {"cached_tokens": told.get("cached_tokens", 0)}
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": details,
    }


class Chunks:
    """The chunks of one streamed answer. With `counts` each has a usage, which is null but in one of its own at the end."""

    def __init__(self, answer: uuid.UUID, created_at: datetime, model: str, *, counts: bool) -> None:
        self._head = _head(answer, created_at, model, "chat.completion.chunk")
        self._counts: dict[str, Any] = {"usage": None} if counts else {}
        self._answer = answer

    def first(self) -> Event:
        delta = {"role": "assistant", "content": "", "refusal": None}
        return self._chunk({"delta": delta, "finish_reason": None, "chancery": {"answer": self._answer}})

    def segment(self, message: dict[str, Any]) -> Event:
        return self._said(message["text"])

    def end(self, row: models.Answer) -> Iterator[Event]:
        """What comes after the last segment of an answer that has ended."""
        if failed := fault(row):
            yield self.fault(failed)
            return
        if not row.segments.all() and (said := _said_instead(row)):
            yield self._said(said)
        yield self._chunk({"delta": {}, "finish_reason": finish(row), "chancery": beside(row)}, **_print(row))
        if self._counts:
            yield 0, "chunk", self._head | {"choices": [], "usage": usage(row)}
        yield 0, END, {}

    @staticmethod
    def fault(failed: ChanceryError) -> Event:
        return 0, "error", errors.body(failed)

    def _said(self, content: str) -> Event:
        return self._chunk({"delta": {"content": content}, "finish_reason": None})

    def _chunk(self, choice: dict[str, Any], **more: Any) -> Event:
        return 0, "chunk", self._head | more | {"choices": [{"index": 0, "logprobs": None} | choice]} | self._counts


def encode(_: int, event: str, data: dict[str, Any]) -> bytes:
    """OpenAI's events have neither ids nor names, and a last one that is no JSON."""
    said = "[DONE]" if event == END else json.dumps(data, ensure_ascii=False, default=str)
    return f"data: {said}\n\n".encode()


def _said_instead(row: models.Answer) -> str:
    is_told = row.status in {Status.REFUSED, Status.BLOCKED} or row.fault == outcomes.FILTERED
    return row.notice if is_told else ""


def _head(answer: uuid.UUID, created_at: datetime, model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{answer.hex}", "object": kind, "created": int(created_at.timestamp()), "model": model}


def _print(row: models.Answer) -> dict[str, Any]:
    """The model's file and build: the same seed may give other words once this has changed."""
    told = row.capsule.get("model")
    if not told:
        return {"system_fingerprint": None}
    return {"system_fingerprint": f"fp_{told['sha256'][:12] or told['name']}_{told['build']}"}
