"""The public contract's shapes of conversations: what comes in, checked."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assistant.api.shapes import Id
from assistant.conversations import LONGEST_QUESTION, assistants, prompts
from assistant.conversations.exporting import FORMS


class AnswerIn(serializers.Serializer):  # type: ignore[type-arg]
    question = serializers.CharField(max_length=LONGEST_QUESTION)
    collections = serializers.ListField(child=Id(), required=False, default=list, max_length=200)
    conversation = Id(required=False, allow_null=True, default=None)
    stream = serializers.BooleanField(required=False, default=False)
    model_only = serializers.BooleanField(required=False, default=False)
    replaces = Id(required=False, allow_null=True, default=None)
    model = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")  # see reason_required
    assistant = Id(required=False, allow_null=True, default=None)
    deterministic = serializers.BooleanField(required=False, default=False)  # slow: alone at the model, to be replayed


class FeedbackIn(serializers.Serializer):  # type: ignore[type-arg]
    value = serializers.IntegerField(min_value=-1, max_value=1)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class CompareIn(serializers.Serializer):  # type: ignore[type-arg]
    """`with` is one of the answers that stand beside it; the nearest where none is named."""

    def get_fields(self) -> dict[str, Any]:
        return {"with": Id(required=False, allow_null=True, default=None)}  # a word of Python's own


class ConversationsIn(serializers.Serializer):  # type: ignore[type-arg]
    """With `q` the best that were found, at once and without a cursor."""

    q = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    cursor = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    limit = serializers.IntegerField(min_value=1, max_value=500, required=False, default=60)


class TurnsIn(serializers.Serializer):  # type: ignore[type-arg]
    before = Id(required=False, default=None)


class BeginIn(serializers.Serializer):  # type: ignore[type-arg]
    title = serializers.CharField(max_length=200)


class ConversationIn(serializers.Serializer):  # type: ignore[type-arg]
    title = serializers.CharField(max_length=200)
    is_pinned = serializers.BooleanField()


class ConversationExportIn(serializers.Serializer):  # type: ignore[type-arg]
    def get_fields(self) -> dict[str, Any]:
        return {"as": serializers.ChoiceField([*FORMS], required=False, default="markdown")}  # a word of Python's own


class ShareIn(serializers.Serializer):  # type: ignore[type-arg]
    person = Id(required=False, allow_null=True, default=None)
    group = Id(required=False, allow_null=True, default=None)


class PromptsIn(serializers.Serializer):  # type: ignore[type-arg]
    q = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class PromptIn(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(max_length=prompts.NAME_LONGEST)
    text = serializers.CharField(max_length=LONGEST_QUESTION, trim_whitespace=False)
    is_shared = serializers.BooleanField(required=False, default=False)


class AssistantIn(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(max_length=assistants.NAME_LONGEST)
    summary = serializers.CharField(max_length=assistants.SUMMARY_LONGEST, required=False, allow_blank=True, default="")
    instruction = serializers.CharField(
        max_length=assistants.INSTRUCTION_LONGEST, required=False, allow_blank=True, default=""
    )
    collections = serializers.ListField(child=Id(), required=False, default=list, max_length=200)
    model = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    starters = serializers.ListField(
        child=serializers.CharField(max_length=assistants.STARTER_LONGEST),
        required=False,
        default=list,
        max_length=assistants.STARTERS_MOST,
    )
    is_for_all = serializers.BooleanField(required=False, default=False)
    groups = serializers.ListField(child=Id(), required=False, default=list, max_length=200)
    is_on = serializers.BooleanField(required=False, default=True)
    origins = serializers.ListField(
        child=serializers.CharField(max_length=assistants.ORIGIN_LONGEST),
        required=False,
        default=list,
        max_length=assistants.ORIGINS_MOST,
    )
