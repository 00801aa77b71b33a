"""One's conversations: listed, found by words, read, changed, taken away, shared; and what others share."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import conversations, models
from assistant.api import answered, conversation_shapes, paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.conversations import attachments, exporting, shared, sharing, threads
from assistant.showing import downloads, sourced
from governance.grants import Holder


class Conversations(Operation):
    @paging.listing("conversations", parameters=[conversation_shapes.ConversationsIn])
    def get(self, request: Request) -> Response:
        asked = parse(conversation_shapes.ConversationsIn, request.query_params)
        if asked["q"]:
            matches = threads.search(self.caller, asked["q"])
            return Response({"conversations": [_match(one) for one in matches], "next": None})
        return Response(
            paging.told("conversations", threads.onward(self.caller, asked["cursor"], asked["limit"]), _told)
        )

    @extend_schema(request=conversation_shapes.BeginIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        """One to attach files to, before anything is asked."""
        sent = parse(conversation_shapes.BeginIn, request.data)
        return Response(_told(conversations.begin(self.caller, sent["title"])), status=status.HTTP_201_CREATED)


class Conversation(Operation):
    @extend_schema(parameters=[conversation_shapes.TurnsIn], responses={200: dict})
    def get(self, request: Request, conversation: uuid.UUID) -> Response:
        asked = parse(conversation_shapes.TurnsIn, request.query_params)
        found = conversations.get(self.caller, conversation)
        turns = threads.turns(self.caller, conversation, before=asked["before"], deferring=())
        told = [answered.answer(row) | {"question": row.question} for row in turns.answers]
        return Response(_told(found) | {"answers": told, "has_earlier": turns.has_earlier})

    @extend_schema(request=conversation_shapes.ConversationIn, responses={200: dict})
    def patch(self, request: Request, conversation: uuid.UUID) -> Response:
        sent = parse(conversation_shapes.ConversationIn, request.data, partial=True)
        if "title" in sent:
            threads.rename(self.caller, conversation, sent["title"])
        if "is_pinned" in sent:
            threads.pin(self.caller, conversation, is_pinned=sent["is_pinned"])
        return Response(_told(conversations.get(self.caller, conversation)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, conversation: uuid.UUID) -> Response:
        threads.delete(self.caller, conversation)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Export(Operation):
    @extend_schema(
        parameters=[conversation_shapes.ConversationExportIn],
        responses={(200, "text/markdown"): str, (200, "application/pdf"): bytes},
    )
    def get(self, request: Request, conversation: uuid.UUID) -> HttpResponse:
        asked = parse(conversation_shapes.ConversationExportIn, request.query_params)
        made = exporting.export(self.caller, conversation, asked["as"], sourced.opener(request._request))
        return downloads.attached(made.name, made.media_type, made.content)


class Attachments(Operation):
    parser_classes = [parsers.MultiPartParser]

    @paging.listing("documents")
    def get(self, request: Request, conversation: uuid.UUID) -> Response:
        rows = attachments.listed(self.caller, conversation)
        return Response(paging.told("documents", paging.part(request, rows), answered.document))

    @extend_schema(request={"multipart/form-data": shapes.UploadIn}, responses={202: dict})
    def post(self, request: Request, conversation: uuid.UUID) -> Response:
        conversations.get(self.caller, conversation)  # not theirs: refused before what was sent is looked at
        file: Any = parse(shapes.UploadIn, request.data)["file"]
        row = attachments.attach(self.caller, conversation, file.name, file, file.size)
        return Response(answered.document(row), status=status.HTTP_202_ACCEPTED)


class Attachment(Operation):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, conversation: uuid.UUID, document: uuid.UUID) -> Response:
        attachments.detach(self.caller, conversation, document)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Shares(Operation):
    @paging.listing("shares")
    def get(self, request: Request, conversation: uuid.UUID) -> Response:
        rows = paging.part(request, sharing.listed(self.caller, conversation))
        return Response(paging.told("shares", rows, _share))

    @extend_schema(request=conversation_shapes.ShareIn, responses={201: dict})
    def post(self, request: Request, conversation: uuid.UUID) -> Response:
        sent = parse(conversation_shapes.ShareIn, request.data)
        row = sharing.share(self.caller, conversation, Holder(sent["person"], sent["group"]))
        return Response(_share(row), status=status.HTTP_201_CREATED)


class Share(Operation):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, conversation: uuid.UUID, share: uuid.UUID) -> Response:
        sharing.unshare(self.caller, conversation, share)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WithMe(Operation):
    @paging.listing("shared")
    def get(self, request: Request) -> Response:
        rows = paging.part(request, shared.with_me(self.caller), lambda one: one.conversation)
        return Response(paging.told("shared", rows, _shared))


class SharedThread(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, conversation: uuid.UUID) -> Response:
        """A part of an answer that stands on what the caller may not see is null."""
        found, turns = shared.read(self.caller, conversation)
        return Response(_shared(found) | {"answers": [_turn(one) for one in turns]})


def _told(row: models.Conversation) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "title", "created_at", "updated_at", "is_pinned")}


def _match(found: threads.Match) -> dict[str, Any]:
    parts = [{"text": text, "is_hit": is_hit} for text, is_hit in found.parts]
    return _told(found.conversation) | {"answer": found.answer, "parts": parts}


def _share(row: models.Share) -> dict[str, Any]:
    return {"id": row.pk, "person": row.reader_id, "group": row.group_id, "until": row.until}


def _shared(one: shared.Shared) -> dict[str, Any]:
    return {
        "conversation": one.conversation,
        "title": one.title,
        "owner": {"id": one.owner_id, "name": one.owner},
        "until": one.until,
    }


def _turn(turn: shared.Turn) -> dict[str, Any]:
    return {
        "question": turn.question,
        "status": turn.status,
        "asked_at": turn.asked_at,
        "is_partial": turn.is_partial,
        "label": turn.label,
        "segments": [None if one.is_withheld else _said(one) for one in turn.said],
    }


def _said(one: shared.Said) -> dict[str, Any]:
    cited = [answered.citation(citation) for citation in one.citations]
    return {"text": one.text, "citations": cited, "is_supported": one.is_supported, "support": one.support}
