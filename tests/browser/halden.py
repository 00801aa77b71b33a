"""The demo's companies, as `make run` seeds them, and a model that reads the handbook well: for pictures.

The documents, the search, the citations and the record are real; the words of the model alone are written here. What the
passages that were found do not support would be dotted in the picture, so `asked` and the tests look that nothing is.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db import connection

from assistant import answering, conversations, models
from assistant.demo import material, seeding
from governance import tenants
from governance.scope import Scope
from inference import registry
from inference.runners.base import ChatRequest, RunnerState
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking

ALLOWANCE = "What is the daily allowance for Germany in Band B under the 2025 travel policy?"
ABROAD = "For how many days a year may I work from another European country?"
HOURS = "What are the core hours when I work from home?"
CANTEEN = "What does a meal cost in the Kassel canteen?"
SAID = {
    ALLOWANCE: "The daily allowance for Germany in Band B is €46. On the day of departure and the day of return, "
    "60 % of the rate is paid. When breakfast is included in the hotel price, the allowance is reduced by €8 for each "
    "breakfast.",
    ABROAD: "You may work from another country in the European Economic Area, Switzerland or the United Kingdom for up "
    "to 20 working days in a calendar year. Ask four weeks ahead, because Kassel needs an A1 certificate for each trip "
    "and Bristol checks the tax treaty.",
    HOURS: "Core hours are 10:00 to 15:00, with an hour off somewhere in between. Outside them you plan your own day "
    "between 6:30 and 20:00.",
    CANTEEN: "A meal in the Kassel canteen costs €4.20. The canteen in Kassel is open from 11:30 to 13:45.",
}
UNKNOWN = "What is the accuracy of the FM50?"
PASTED = "Summarise this for me: my password is Tr0ub4dor&3x-Kassel"
ACCOUNT = "DE89 3704 0044 0532 0130 00"
WITH_NUMBER = f"Please pay my trip to {ACCOUNT}. {ALLOWANCE}"


class Reader(ScriptedChat):
    """Says what is written for a question, and presents itself as the demo's own model."""

    def __init__(self) -> None:
        super().__init__(script=_said)

    def probe(self) -> RunnerState:
        model = next(iter(registry.catalog().values()))
        return RunnerState(model.name, model.sha256, "scripted", "1", self.window, is_ready=True, detail="")


def _said(request: ChatRequest) -> str:
    """Raises LookupError: nobody wrote an answer to that."""
    asked = request.messages[-1].content
    for question, said in SAID.items():
        if question in asked:
            return said
    raise LookupError(asked)


def seed() -> None:
    """Both companies without the licences that are gathered; a worker has to be there, to read the documents."""
    for told in material.TENANTS:
        if tenants.find_for_login(told.slug) is None:
            for maker, unfilled in seeding.company(told, lambda _: None):
                seeding.leave(maker, unfilled)
    seeding.await_handbooks(lambda _: None)


def scope(name: str) -> Scope:
    return seeding.scope_for("halden", f"{name}@halden.example")


@contextmanager
def answering_here(settings: Any) -> Iterator[None]:
    """Questions are answered in this process, by the reader."""
    settings.CHANCERY_RUNNERS = settings.CHANCERY_RUNNERS | {"chat": {"BACKEND": f"{__name__}.Reader", "OPTIONS": {}}}
    at_work: list[threading.Thread] = []

    def ring(tenant: uuid.UUID, answer: uuid.UUID) -> None:
        at_work.append(threading.Thread(target=_answer, args=(tenant, answer)))
        at_work[-1].start()

    with mock.patch.object(conversations, "ring", ring):
        yield
    for thread in at_work:
        thread.join(30)


def _answer(tenant: uuid.UUID, answer: uuid.UUID) -> None:
    try:
        answering.answer(tenant, answer)
    finally:
        connection.close()


def asked(name: str, question: str) -> models.Answer:
    """Once it has ended. Raises AssertionError where it says something that no passage supports."""
    who = scope(name)
    row = conversations.ask(who, question)
    for _ in range(600):
        row = asking.seen(who, row.pk)
        if row.is_final:
            assert all(segment.is_supported is not False for segment in row.segments.all()), asking.said(row)
            return row
        time.sleep(0.05)
    raise TimeoutError(question)
