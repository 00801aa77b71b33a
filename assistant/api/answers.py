"""Asking over the API: the same service as the portal, waited for or streamed."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.db import connection
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import conversations, models, relay, streaming
from assistant.api import answered, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance import keys
from governance.errors import RecordUnavailable, Unavailable
from governance.scope import Scope

WAIT_MOST_S = 600.0
GLANCE_S = 0.1


class Answers(Operation):
    @extend_schema(request=shapes.AnswerIn, responses={200: dict})
    def post(self, request: Request) -> HttpResponseBase:
        asked = parse(shapes.AnswerIn, request.data)
        row = conversations.ask(
            self.caller,
            asked["question"],
            conversation=asked["conversation"],
            collections=asked["collections"],
            client="api",
            is_model_only=asked["model_only"],
            reason=asked["reason"],
        )
        if asked["stream"]:
            events = relay.follow(self.caller, row.pk, 0)
            connection.close()
            return streaming.respond(events, face)
        return Response(answered.receipted(self.caller, settled(self.caller, row.pk)))


class Answer(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, answer: uuid.UUID) -> Response:
        return Response(answered.receipted(self.caller, conversations.answer_of(self.caller, answer)))


class Cancel(Operation):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, answer: uuid.UUID) -> Response:
        conversations.cancel(self.caller, answer)
        return Response(answered.receipted(self.caller, conversations.answer_of(self.caller, answer)))


class Feedback(Operation):
    @extend_schema(request=shapes.FeedbackIn, responses={204: None})
    def post(self, request: Request, answer: uuid.UUID) -> Response:
        given = parse(shapes.FeedbackIn, request.data)
        conversations.give_feedback(self.caller, answer, given["value"], given["reason"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def settled(caller: Scope, answer: uuid.UUID) -> models.Answer:
    """The answer in its final status; the database connection is free while it is waited for.

    Raises RecordUnavailable where it stopped because of that, Unavailable where it takes too long, and NotFound where
    the caller is no longer there.
    """
    until = time.monotonic() + WAIT_MOST_S
    while time.monotonic() < until:
        row = conversations.answer_of(keys.renewed(caller), answer)
        if row.is_final:
            return row
        if row.notice:  # it stopped for want of the record, and nobody knows for how long
            raise RecordUnavailable(f"{row.notice} Fetch /api/v1/answers/{answer} later.")
        connection.close()
        time.sleep(GLANCE_S)
    raise Unavailable(f"The answer is still under way; fetch /api/v1/answers/{answer} later.")


def face(event: streaming.Event) -> list[streaming.Event]:
    """Citations as events of their own beside their segment, as the public contract has it."""
    number, name, data = event
    if name != "segment":
        return [event]
    cited: list[dict[str, Any]] = data["citations"]
    return [event, *((number, "citation", {"ordinal": data["ordinal"]} | answered.citation(one)) for one in cited)]
