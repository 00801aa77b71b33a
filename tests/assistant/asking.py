"""A shelf to ask about, a model with a script, and what became of a question: in rows and on the record."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from assistant import answering, conversations, models
from assistant.streams import stream
from governance import grants
from governance.audit import reading
from governance.audit.vocabulary import Event
from governance.models import Reservation
from governance.roles import Level
from governance.scope import Scope
from inference import runners
from inference.runners.base import ChatRequest, Delta
from inference.runners.scripted import Reply, ScriptedChat, _Recital
from ingestion import catalog
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import shelves

QUESTION = "How many working days a year may be spent abroad?"
RULE = "Twenty working days a year may be spent abroad. Longer stays need the consent of the head of department."
OFF_TOPIC = "Zebras quietly juggle flamingos?"
Speech = list[Reply] | Callable[[ChatRequest], str | Iterable[str]]


def shelf(house: House, *texts: str, name: str = "Handbook", strictness: str = "balanced") -> uuid.UUID:
    """Ada's collection, which the team may read."""
    made = catalog.create(house.ada, name, strictness=strictness).pk
    grants.give(house.ada, made, grants.Holder(group=house.team), Level.READ)
    shelves.indexed(house.system, made, list(texts or [RULE]))
    return made


def speak(settings: Any, script: Speech | None = None, window: int = 8192) -> ScriptedChat:
    """From now on the model says this; what comes back remembers what it was asked."""
    options = {"script": script, "window": window}
    backend = "inference.runners.scripted.ScriptedChat"
    settings.CHANCERY_RUNNERS = settings.CHANCERY_RUNNERS | {"chat": {"BACKEND": backend, "OPTIONS": options}}
    runner = runners.chat()
    assert isinstance(runner, ScriptedChat)
    return runner


def end_by(monkeypatch: pytest.MonkeyPatch, finish: str) -> None:
    """From now on the model's server tells this as the reason why it ended."""
    spoken = _Recital.deltas

    def cut(self: _Recital) -> Iterator[Delta]:
        yield from (replace(one, finish=finish) if one.finish else one for one in spoken(self))

    monkeypatch.setattr(_Recital, "deltas", cut)


@contextmanager
def unrung() -> Iterator[list[uuid.UUID]]:
    """The doorbell taken down: a test answers by itself. The answers that were rung for."""
    rung: list[uuid.UUID] = []
    with mock.patch.object(conversations, "ring", lambda _, answer: rung.append(answer)):
        yield rung


def ask(scope: Scope, text: str = QUESTION, **options: Any) -> models.Answer:
    """Accepted, and nobody works on it yet."""
    with unrung():
        return conversations.ask(scope, text, **options)


def answered(scope: Scope, text: str = QUESTION, **options: Any) -> models.Answer:
    row = ask(scope, text, **options)
    answering.answer(scope.tenant, row.pk)
    return seen(scope, row.pk)


def seen(scope: Scope, answer: uuid.UUID) -> models.Answer:
    return conversations.answer_of(scope, answer)


def said(row: models.Answer) -> str:
    return "".join(segment.text for segment in row.segments.all())


def expire(house: House, answer: uuid.UUID, **fields: Any) -> None:
    """As if the worker that held it had died long ago."""
    with house.system.transaction():
        past = timezone.now() - timedelta(seconds=1)
        models.Answer.objects.filter(pk=answer).update(lease_until=past, **fields)


def due(house: House) -> set[uuid.UUID]:
    """What a sweep finds of this tenant, however much the tests before it left behind in theirs."""
    return {answer for tenant, answer in answering.due(most=1_000_000) if tenant == house.tenant}


def record(house: House, answer: uuid.UUID) -> list[str]:
    """What the record tells of an answer: the events' names, oldest first, a verdict with its stage."""
    told = []
    for leaf in leaves(house, interaction=answer):
        stage = leaf["facts"].get("stage") if leaf["action"] == Event.POLICY_DECIDED else None
        told.append(f"{leaf['action']} {stage}" if stage else leaf["action"])
    return told


def recorded_texts(house: House, answer: uuid.UUID) -> list[str]:
    """The segments as the record has them, opened by the officer, in the order in which they were written."""
    page = reading.listed(house.olga, interaction=answer, action=str(Event.SEGMENT_DELIVERED))
    by_place = sorted(page.events, key=lambda event: event.facts["ordinal"])
    return [opened(house, {"id": str(event.id)})["text"] for event in by_place]


def end(house: House, answer: uuid.UUID) -> dict[str, Any]:
    """The facts of the one event that ended it."""
    (leaf,) = leaves(house, "answer.finished", answer)
    facts: dict[str, Any] = leaf["facts"]
    return facts


def streamed(answer: uuid.UUID) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """What lies in Valkey."""
    entries: Any = stream.client().xrange(stream.key(answer))
    return list(entries)


def opened(house: House, leaf: dict[str, Any]) -> dict[str, Any]:
    """The words of one event, as the officer opens it."""
    payload = reading.opened(house.olga, uuid.UUID(leaf["id"]), "comparing with what was sent").payload
    assert payload is not None
    return payload


def reservation(house: House, answer: uuid.UUID) -> Reservation:
    with house.system.transaction():
        return Reservation.objects.get(interaction=answer)
