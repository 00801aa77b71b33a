"""Asking over the API: the same service as the portal, waited for or streamed."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

from asgiref.sync import async_to_sync
from django.db import connection
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import conversations, models, replaying
from assistant.api import answered, contract, conversation_shapes, examples, repeating
from assistant.api.contract import named
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.conversations import comparing, suggestions
from assistant.idempotency import Do, Done
from assistant.streams import relay, streaming
from governance import keys
from governance.errors import RecordUnavailable, Unavailable
from governance.scope import Scope

WAIT_MOST_S = 600.0


class Answers(Operation):
    @named(
        "ask",
        contract.AnswerOut,
        takes=conversation_shapes.AnswerIn,
        headers=[contract.ONCE],
        sent=examples.ASKED,
        example=examples.ANSWER,
        faults=[400, 401, 403, 404, 409, 422, 429, 503],
        streams=True,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """The answer in its final status; with `stream` as events `segment`, `citation`, `status` and `done`."""
        asked = parse(conversation_shapes.AnswerIn, request.data)
        done = repeating.once(request, self.caller, "answer", asked, self._ask(asked), conversations.answer_of)
        if asked["stream"]:
            events = relay.follow(self.caller, done.made, 0)
            connection.close()
            return repeating.told(streaming.respond(events, face), done)
        return repeating.told(Response(answered.receipted(self.caller, settled(self.caller, done.made))), done)

    def _ask(self, asked: dict[str, Any]) -> Do:
        def do(wanted: uuid.UUID) -> Done:
            row = conversations.ask(
                self.caller,
                asked["question"],
                conversation=asked["conversation"],
                collections=asked["collections"],
                client="api",
                is_model_only=asked["model_only"],
                reason=asked["reason"],
                replaces=asked["replaces"],
                model=asked["model"],
                assistant=asked["assistant"],
                sampler={"is_deterministic": True} if asked["deterministic"] else None,
                answer_id=wanted,
            )
            return Done(row.pk)

        return do


class Answer(Operation):
    @named("get_answer", contract.AnswerOut, example=examples.ANSWER, faults=[401, 403, 404])
    def get(self, request: Request, answer: uuid.UUID) -> Response:
        """One of the caller's own, as far as it has come."""
        return Response(answered.receipted(self.caller, conversations.answer_of(self.caller, answer)))


class Choose(Operation):
    """Show the line of the conversation that goes through this answer."""

    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, answer: uuid.UUID) -> Response:
        conversations.show(self.caller, answer)
        return Response(answered.receipted(self.caller, conversations.answer_of(self.caller, answer)))


class Replay(Operation):
    """Run the caller's own answer again from its capsule; the two texts, and what has changed between them."""

    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, answer: uuid.UUID) -> Response:
        return Response(replaying.replay(self.caller, answer).as_json())


class Compare(Operation):
    @extend_schema(parameters=[conversation_shapes.CompareIn], responses={200: dict})
    def get(self, request: Request, answer: uuid.UUID) -> Response:
        asked = parse(conversation_shapes.CompareIn, request.query_params)
        return Response(answered.compared(comparing.of(self.caller, answer, asked["with"])))


class Suggestions(Operation):
    @named("suggest_questions", contract.SuggestionsOut, example={"questions": [examples.QUESTION]}, faults=[401, 404])
    def get(self, request: Request, answer: uuid.UUID) -> Response:
        """What might be asked next: about what stands near the cited passages, of what the caller may read."""
        row = conversations.answer_of(self.caller, answer)
        return Response({"questions": suggestions.follow_ups(self.caller, row)})


class Cancel(Operation):
    @named("cancel_answer", contract.AnswerOut, example=examples.ANSWER | {"status": "cancelled"}, faults=[401, 404])
    def post(self, request: Request, answer: uuid.UUID) -> Response:
        """Stop it; what was delivered until then stays."""
        conversations.cancel(self.caller, answer)
        return Response(answered.receipted(self.caller, conversations.answer_of(self.caller, answer)))


class Feedback(Operation):
    @named(
        "give_feedback",
        status=204,
        takes=conversation_shapes.FeedbackIn,
        sent={"value": -1, "reason": "It is about last year."},
        faults=[400, 401, 404],
    )
    def post(self, request: Request, answer: uuid.UUID) -> Response:
        """1 for a good answer, -1 for a bad one, 0 to take it back."""
        given = parse(conversation_shapes.FeedbackIn, request.data)
        conversations.give_feedback(self.caller, answer, given["value"], given["reason"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def settled(caller: Scope, answer: uuid.UUID) -> models.Answer:
    """The answer in its final status; the database connection is free while it is waited for.

    Raises RecordUnavailable where it stopped because of that, Unavailable where it takes too long, and NotFound where
    the caller is no longer there.
    """
    connection.close()
    try:
        async_to_sync(_ended)(caller, answer)
    except TimeoutError:
        raise Unavailable(f"The answer is still under way; fetch /api/v1/answers/{answer} later.") from None
    return conversations.answer_of(keys.renewed(caller), answer)


async def _ended(caller: Scope, answer: uuid.UUID) -> None:
    async with asyncio.timeout(WAIT_MOST_S), contextlib.aclosing(relay.follow(caller, answer, 0)) as events:
        async for _, name, data in events:
            if name == "done":
                return
            # It stopped for want of the record, and nobody knows for how long; for its model it waits in the line.
            if name == "status" and data["notice"] and data["status"] != models.Status.QUEUED:
                raise RecordUnavailable(f"{data['notice']} Fetch /api/v1/answers/{answer} later.")


def face(event: streaming.Event) -> list[streaming.Event]:
    """Citations as events of their own beside their segment, as the public contract has it."""
    number, name, data = event
    if name != "segment":
        return [event]
    cited: list[dict[str, Any]] = data["citations"]
    return [event, *((number, "citation", {"ordinal": data["ordinal"]} | answered.citation(one)) for one in cited)]
