"""Vectors of a client's own texts: policy, quota and record as for a question, since a vector tells what was in it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from governance import access, quotas
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, InvalidInput
from governance.policy import enforcement, engine, versions
from governance.policy.engine import Verdict
from governance.policy.rules import Action as PolicyAction
from governance.policy.rules import Stage
from governance.scope import Scope
from inference import runners
from inference.runners.base import Vectors

MOST = 256  # texts of one call
LONGEST = 8_000  # characters of a text; the model reads less, and says so by its `max_tokens`
LONGEST_ALL = 200_000
AT_ONCE = 2  # calls that embed in this process, beside whoever searches
PATIENCE_S = 10.0

_places = threading.BoundedSemaphore(AT_ONCE)


class Withheld(InvalidInput):
    """Policy blocks one of the texts, and with it the call."""

    code = "content_filter"


@dataclass(frozen=True)
class Embedded:
    """`vectors` are in the order of the texts, each of length 1; `tokens` are those that the model read."""

    model: str
    vectors: Vectors
    tokens: int


def embed(scope: Scope, texts: Sequence[str], client: str) -> Embedded:
    """Raises Denied, InvalidInput, Withheld, QuotaSpent, Busy, Unavailable or RecordUnavailable."""
    access.require(scope, Action.SEARCH)
    _check(texts)
    embedder, interaction = runners.embedder(), uuid.uuid4()
    passed = _passed(scope, texts, interaction, {"client": client, "model": embedder.name})
    tokens = sum(min(count, embedder.max_tokens) for count in embedder.count_tokens(passed))
    with _place():
        quotas.reserve(scope, interaction, 0, tokens, model=embedder.name)
        used, begun = 0, time.monotonic()
        try:
            vectors = embedder.embed(passed, "passage")
            used = tokens
        finally:
            quotas.settle(scope, interaction, 0, used, seconds=time.monotonic() - begun)
    return Embedded(embedder.name, vectors, tokens)


def _check(texts: Sequence[str]) -> None:
    if not 1 <= len(texts) <= MOST:
        raise InvalidInput(f"Send 1 to {MOST} texts at once; these are {len(texts)}.")
    if not all(text.strip() for text in texts):
        raise InvalidInput("A text must not be empty.")
    if max(map(len, texts)) > LONGEST or sum(map(len, texts)) > LONGEST_ALL:
        raise InvalidInput(f"A text has at most {LONGEST:,} characters, and all of a call {LONGEST_ALL:,}.")


def _passed(scope: Scope, texts: Sequence[str], interaction: uuid.UUID, facts: dict[str, object]) -> list[str]:
    """The texts as policy leaves them; every verdict is on the record, and the texts with them."""
    policy, place = versions.in_force(scope), enforcement.place(scope, (), (), ())
    verdicts: list[Verdict] = [engine.check(policy, Stage.INPUT, text, place) for text in texts]
    with scope.transaction():
        told = facts | {"texts": len(texts), "characters": sum(map(len, texts))}
        events.record(scope, Event.EMBEDDED, interaction=interaction, facts=told, payload={"texts": list(texts)})
        for number, verdict in enumerate(verdicts):
            enforcement.note(scope, verdict, interaction=interaction, stage=Stage.INPUT, part=f"text {number}")
    for verdict in verdicts:
        if verdict.action >= PolicyAction.REQUIRE_REASON:  # nobody is there who could be asked for one
            raise Withheld(verdict.message)
    return [verdict.text for verdict in verdicts]


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_S):
        raise Busy("Others are embedding at the moment. Try again in a few seconds.", wait_s=5)
    try:
        yield
    finally:
        _places.release()
