"""The OpenAI wire: server-sent events, and what its errors mean here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from governance.errors import Busy, ChanceryError, InvalidInput, Unavailable
from inference.runners.base import Away, Refused, Standing, over_window

_OVER_WINDOW = {"exceed_context_size_error", "context_length_exceeded"}
# The only mark that vLLM leaves, and those of LM Studio through its versions.
_OVER_WINDOW_WORDS = re.compile(
    r"maximum context length|fit in context length|context length of only|keep from the initial prompt|Cannot truncate prompt"
)
_NUMBERS = re.compile(r"(\d+) tokens")
_FIRST_HALF, _HALF = re.compile("[\ud800-\udbff]"), re.compile("[\ud800-\udfff]")
_STANDING = re.compile(
    r"(?:waiting (?P<place>\d{1,9})|(?P<state>loading|reading)(?: \d+ of \d+)?)(?: wait_s=(?P<wait>[\d.]+))?"
)
_LONGEST_REASON = 300  # characters of a server's own words that are passed on
# Of a server, or of what stands before it, while it starts or stops; our worker says so inside a stream by the code alone.
_STARTING = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE}
# Our worker's own words: of a model that will not come up by itself, and of an engine that went down over what it was at.
NOT_LOADED, BROKE_OFF = "not_loaded", "broke_off"
# A 429 that no waiting ends: the account with the vendor is used up, which is the house's matter and no reader's.
_SPENT = {"insufficient_quota", "billing_not_active"}


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines, as server-sent events end them.

    httpx would also break at U+2028 and its kin, which stand unescaped in the JSON of an answer.
    """
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.removesuffix(b"\r").decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


class Comment(str):
    """A line that begins with a colon, which keeps a line open."""

    __slots__ = ()


def events(lines: Iterable[str]) -> Iterator[str]:
    """The data of each event, and each comment."""
    parts: list[str] = []
    for line in lines:
        if not line:
            if parts:
                yield "\n".join(parts)
            parts = []
            continue
        field, _, value = line.partition(":")
        if not field:
            yield Comment(value.strip())
        # llama-server names a fault in the middle of a stream by a field of its own.
        if field in {"data", "error"}:
            parts.append(value.removeprefix(" "))
    if parts:
        yield "\n".join(parts)


def standing(comment: Comment) -> Standing | None:
    """What a worker of ours says with it; None of another server's, which may say anything."""
    found = _STANDING.fullmatch(comment)
    if found is None:
        return None
    state: Any = found["state"] or "waiting"
    return Standing(state, int(number(found["place"])), number(found["wait"]))


def decoded(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`, or an empty one: a proxy's error page has no fields.

    Gemini puts its errors into a list of one. A `detail`, which FastAPI's servers tell instead of a message, stands here
    as it came, and as a sentence in the `message`.
    """
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(value, dict):
        return {}
    message = value.get("message")
    detail = message.get("detail") if isinstance(message, dict) else value.get("detail")  # within it, Mistral's
    if detail and not isinstance(message, str):
        value |= {"detail": detail, "message": _sentence(detail)}
    return value


def _sentence(detail: Any) -> str:
    """A sentence already, or a list of what is wrong at which place."""
    return "; ".join(_wrong(one) for one in detail) if isinstance(detail, list) else str(detail)


def _wrong(one: Any) -> str:
    if not isinstance(one, dict):
        return str(one)
    place = one.get("loc")
    named = ".".join(str(step) for step in place) if isinstance(place, list) else ""
    return f"{named} {one.get('msg') or one.get('type')}".strip()


class Pieces:
    """Text that comes piece by piece: without NUL, which no database keeps, and with the halves of a sign put together that a
    server which counts in UTF-16 has cut apart. A half without another one is a replacement character.
    """

    def __init__(self) -> None:
        self._half = ""

    def whole(self, piece: str) -> str:
        text = self._half + piece.replace("\x00", "")
        self._half = text[-1:] if _FIRST_HALF.match(text[-1:]) else ""
        text = text.removesuffix(self._half)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _HALF.search(text) else text


def refusal(response: httpx.Response) -> ChanceryError:
    """The error of an answer that is not 2xx. Its body has been read."""
    return fault(decoded(response.content), response.status_code, response.headers)


def fault(body: Mapping[str, Any], status: int = 0, headers: Mapping[str, str] | None = None) -> ChanceryError:
    """The error that `{"error": {...}}` stands for; `status` is 0 for one that came inside a stream."""
    error = body.get("error", body)
    if not isinstance(error, dict):
        error = {"message": str(error)}
    status = status or int(number(error.get("code")))
    reason = str(error.get("message") or "no reason given")[:_LONGEST_REASON]
    if status == httpx.codes.TOO_MANY_REQUESTS and _SPENT & {str(error.get("type")), str(error.get("code"))}:
        return Unavailable(f"The account at the model server is used up: {reason}")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return _busy(error, reason, headers or {})
    if _OVER_WINDOW & {str(error.get("type")), str(error.get("code"))} or _OVER_WINDOW_WORDS.search(reason):
        return _over_window(error, reason)
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return Unavailable(f"The model server refuses our key: {reason}")
    told, code = f"The model server answered {status or 'with a fault'}: {reason}", error.get("code")
    if code in {Away.code, BROKE_OFF} or (status in _STARTING and code != NOT_LOADED):
        return Away(told, was_read=code == BROKE_OFF)
    return Refused(told)


def _busy(error: Mapping[str, Any], reason: str, headers: Mapping[str, str]) -> Busy:
    wait_s = number(error.get("wait_s")) or number(headers.get("retry-after")) or 1.0
    return Busy(reason, position=int(number(error.get("position"))), wait_s=wait_s)


def _over_window(error: Mapping[str, Any], reason: str) -> InvalidInput:
    tokens, window = int(number(error.get("n_prompt_tokens"))), int(number(error.get("n_ctx")))
    if not (tokens and window):
        # Elsewhere the numbers stand in the sentence alone: the window, and what was sent, which is more.
        said = [int(digits) for digits in _NUMBERS.findall(reason)]
        if len(said) < 2:
            return InvalidInput(f"The prompt is longer than the model reads: {reason}")
        window, tokens = sorted((said[0], said[-1]))
    return over_window(tokens, window)


def number(value: object) -> float:
    """What a server tells of a size or a time, or 0 where it tells nothing that can be one."""
    try:
        told = float(str(value))
    except ValueError:
        return 0.0
    return told if math.isfinite(told) and told > 0 else 0.0
