"""What the main calls give back, described for the OpenAPI file and for the clients that are made from it.

An operation that is `named` is in the clients under clients/: its name and its shape stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from assistant.api.security import Known as Known
from assistant.api.shapes import CollectionOut, Id, onward
from assistant.models import Status as AnswerStatus
from assistant.models import Support
from governance.policy.rules import Action
from governance.quotas.models import Measure, Per
from ingestion.documents.uploads import Outcome
from ingestion.models import Authority
from ingestion.models import Status as DocumentStatus

View = TypeVar("View", bound=Callable[..., Any])
FAULTS = {
    400: "What was sent cannot be understood; the message says what to send.",
    401: "No key, or one that has ended.",
    403: "The key, or its person, may not.",
    404: "Not there, or not yours: one answer for both.",
    429: "Over a bound; `Retry-After` says how long to wait.",
    503: "A part that this needs does not answer.",
}
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="An ETag: 412 where it has changed since."
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="An ETag: 304 where it is still so."
)
ONCE = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A name of yours for this request, such as a UUID: sent again within 24 hours it is not done twice.",
)


class FaultOut(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="A sentence that says what to do.")
    request_id = serializers.CharField(help_text="As in the header X-Request-ID.")


class ErrorOut(serializers.Serializer):  # type: ignore[type-arg]
    error = FaultOut()


class TenantOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    slug = serializers.CharField()
    name = serializers.CharField()


class QuotaOut(serializers.Serializer):  # type: ignore[type-arg]
    """A limit of the models' use: what is left of it, and when it begins anew."""

    of = serializers.ChoiceField(["tenant", "group", "person", "key", "model"], help_text="Whose limit it is.")
    is_each = serializers.BooleanField(help_text="It is one for every person of the tenant or group.")
    measure = serializers.ChoiceField(Measure.choices)
    per = serializers.ChoiceField(Per.choices, help_text="Of UTC.")
    currency = serializers.CharField(allow_null=True, help_text="Of money.")
    limit = serializers.FloatField()
    used = serializers.FloatField()
    set_aside = serializers.FloatField(help_text="For answers under way.")
    left = serializers.FloatField()
    resets_at = serializers.DateTimeField()


class MeOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    email = serializers.CharField()
    tenant = TenantOut()
    roles = serializers.ListField(child=serializers.CharField())
    quotas = QuotaOut(many=True, help_text="Those that hold for the caller.")
    scopes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Of the key; null for a session."
    )


class CollectionsOut(serializers.Serializer):  # type: ignore[type-arg]
    collections = CollectionOut(many=True)
    next = onward()


class GrantOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    person = Id(allow_null=True)
    group = Id(allow_null=True)
    level = serializers.CharField(help_text="read, contribute or manage.")
    denies = serializers.BooleanField()
    until = serializers.DateTimeField(allow_null=True, help_text="When it ends by itself; null where it does not.")
    source = serializers.CharField(  # type: ignore[assignment]  # the field's name, and an attribute of the class
        allow_blank=True, help_text="By what it came: `manual` where a person gave it."
    )


class GrantsOut(serializers.Serializer):  # type: ignore[type-arg]
    grants = GrantOut(many=True)
    next = onward()


class TroubleOut(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)


class ParentOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    path = serializers.CharField()


class LabelOut(serializers.Serializer):  # type: ignore[type-arg]
    rank = serializers.IntegerField(min_value=0, help_text="Its place in the organisation's list, the lowest first.")
    name = serializers.CharField()


class ProgressOut(serializers.Serializer):  # type: ignore[type-arg]
    stage = serializers.CharField(allow_blank=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class DocumentOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    collection = Id()
    parent = ParentOut(allow_null=True, help_text="The document that it came in.")
    label = LabelOut(allow_null=True, help_text="Its own, or its collection's; null where the organisation has none.")  # type: ignore[assignment]
    is_restricted = serializers.BooleanField(help_text="Whether only named readers of its collection see it.")
    authority = serializers.ChoiceField(Authority.choices)
    status = serializers.ChoiceField(DocumentStatus.choices)
    error = TroubleOut(allow_null=True)
    timeline = serializers.ListField(child=serializers.DictField())
    version = serializers.IntegerField(required=False)
    media_type = serializers.CharField(required=False)
    size = serializers.IntegerField(required=False, help_text="In bytes.")
    sha256 = serializers.CharField(required=False)
    progress = ProgressOut(required=False)


class UploadedOut(DocumentOut):
    outcome = serializers.ChoiceField([str(one) for one in Outcome])


class DocumentsOut(serializers.Serializer):  # type: ignore[type-arg]
    documents = DocumentOut(many=True)
    total = serializers.IntegerField()
    next = onward()


class PartOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    path = serializers.CharField()
    status = serializers.CharField()


class CaseFileOut(DocumentOut):
    parts = PartOut(many=True, help_text="What came within it.")
    skipped = serializers.ListField(child=serializers.DictField(), help_text="What of them was not taken, and why.")
    line = serializers.DictField(allow_null=True, help_text="Where it waits; null where it does not.")
    visible_to = serializers.IntegerField(help_text="How many people may read it.")
    standing = serializers.DictField(required=False, allow_null=True)
    resumes_at = serializers.CharField(required=False, allow_null=True)
    queued_at = serializers.DateTimeField(required=False, allow_null=True)
    ended_at = serializers.DateTimeField(required=False, allow_null=True)


class PassageOut(serializers.Serializer):  # type: ignore[type-arg]
    document_id = Id()
    document_name = serializers.CharField()
    chunk_id = Id()
    text = serializers.CharField()
    score = serializers.FloatField()
    locator = serializers.DictField(help_text="Where in the document: a page, a heading, lines, cells.")
    label = LabelOut(allow_null=True)  # type: ignore[assignment]
    authority = serializers.ChoiceField(Authority.choices)


class FoundOut(serializers.Serializer):  # type: ignore[type-arg]
    passages = PassageOut(many=True, help_text="The best first.")
    understood = serializers.DictField(help_text="What was searched for, and how the query was read.")


class CitationOut(serializers.Serializer):  # type: ignore[type-arg]
    marker = serializers.IntegerField()
    document_id = Id()
    document_name = serializers.CharField()
    chunk_id = Id()
    quote = serializers.CharField()
    locator = serializers.DictField(allow_null=True)
    label = LabelOut(allow_null=True, help_text="What its document carried when it was answered.")  # type: ignore[assignment]


class SegmentOut(serializers.Serializer):  # type: ignore[type-arg]
    text = serializers.CharField()
    markers = serializers.ListField(child=serializers.IntegerField())
    is_supported = serializers.BooleanField(allow_null=True)
    support = serializers.ChoiceField(Support.choices, allow_blank=True)


class AnswerOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    conversation = Id()
    status = serializers.ChoiceField(AnswerStatus.choices)
    notice = serializers.CharField(allow_blank=True, help_text="Why there is no answer, or what to know of it.")
    text = serializers.CharField(allow_blank=True)
    citations = CitationOut(many=True)
    segments = SegmentOut(many=True)
    label = LabelOut(allow_null=True, help_text="The highest of what the model read for it, as it was called then.")  # type: ignore[assignment]
    receipt = serializers.DictField(help_text="What was searched, kept and withheld: docs/receipt.md.")
    times = serializers.DictField(help_text="Milliseconds by step.")
    usage = serializers.DictField(allow_null=True)
    model = serializers.DictField(allow_null=True)
    variants = serializers.ListField(child=Id())
    is_shown = serializers.BooleanField()
    policy = serializers.DictField(allow_null=True)
    audit = serializers.DictField(help_text="What the record knows it by; its events once it has ended.")


class SuggestionsOut(serializers.Serializer):  # type: ignore[type-arg]
    questions = serializers.ListField(child=serializers.CharField())


class VerdictOut(serializers.Serializer):  # type: ignore[type-arg]
    action = serializers.ChoiceField([str(one) for one in Action])
    decisions = serializers.ListField(child=serializers.DictField())
    policy = serializers.DictField(required=False)


# Each event of a stream, as OpenAPI before 3.2 describes one: what `data` holds is JSON, by the kind of event that `event` says.
EVENT = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "id": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}


def named(
    name: str,
    gives: Any = None,
    *,
    status: int = 200,
    takes: Any = None,
    headers: Sequence[OpenApiParameter] = (),
    sent: Any = None,
    example: Any = None,
    faults: Sequence[int] = (),
    streams: bool = False,
    **more: Any,
) -> Callable[[View], View]:
    """The operation under a name of its own, with an example of what is `sent` and of what comes, and its faults; `streams` where
    it may come as events.
    """
    examples = [OpenApiExample(f"{name}: sent", sent, request_only=True)] if sent is not None else []
    if example is not None:
        examples.append(OpenApiExample(f"{name}: given", example, response_only=True, status_codes=[str(status)]))
    told: dict[Any, Any] = {
        code: OpenApiResponse(ErrorOut, FAULTS.get(code, "The state does not allow it.")) for code in faults
    }
    if streams:
        told[status, "text/event-stream"] = EVENT
    parameters = [*headers, *more.pop("parameters", ())]
    described: Callable[[View], View] = extend_schema(
        operation_id=name,
        request=takes,
        responses={status: gives} | told,
        parameters=parameters,
        examples=examples,
        **more,
    )
    return described
