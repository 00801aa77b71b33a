"""The public contract's shapes: what comes in, checked; what goes out, described for the OpenAPI file."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from assistant.api import kinds
from assistant.conversations import LONGEST_QUESTION
from governance.audit import reading, words
from governance.audit.officers import cases, openings
from governance.audit.out import lines, targets
from governance.policy import ledger
from governance.policy.rules import Stage
from governance.roles import Level
from ingestion.catalog import HALF_LIFE_MAX
from ingestion.connectors import KINDS
from ingestion.models import Classification, Strictness
from ingestion.understanding import Part

LEVELS = [level.name.lower() for level in Level]


class Id(serializers.UUIDField):
    """As text alone: a number would be taken for a UUID by its value."""

    def to_internal_value(self, data: object) -> uuid.UUID:
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid", value=data)


class CollectionIn(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    classification = serializers.ChoiceField(Classification.choices, required=False, default=Classification.INTERNAL)
    strictness = serializers.ChoiceField(Strictness.choices, required=False, default=Strictness.BALANCED)
    half_life_days = serializers.IntegerField(min_value=0, max_value=HALF_LIFE_MAX, required=False, default=0)


class CollectionOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    description = serializers.CharField()
    classification = serializers.ChoiceField(Classification.choices)
    strictness = serializers.ChoiceField(Strictness.choices)
    half_life_days = serializers.IntegerField()
    is_paused = serializers.BooleanField()


class GrantIn(serializers.Serializer):  # type: ignore[type-arg]
    person = Id(required=False, allow_null=True, default=None)
    group = Id(required=False, allow_null=True, default=None)
    level = serializers.ChoiceField(LEVELS)
    denies = serializers.BooleanField(required=False, default=False)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class UploadIn(serializers.Serializer):  # type: ignore[type-arg]
    file = serializers.FileField(allow_empty_file=True)
    path = serializers.CharField(max_length=1_000, required=False, allow_blank=True, default="")


class AgainIn(serializers.Serializer):  # type: ignore[type-arg]
    number = serializers.IntegerField(min_value=1, max_value=1_000_000)


class ReleaseIn(serializers.Serializer):  # type: ignore[type-arg]
    reason = serializers.CharField(max_length=2_000)


class TurnIn(serializers.Serializer):  # type: ignore[type-arg]
    question = serializers.CharField(max_length=LONGEST_QUESTION)
    answer = serializers.CharField(max_length=LONGEST_QUESTION, required=False, allow_blank=True, default="")


class SearchIn(serializers.Serializer):  # type: ignore[type-arg]
    query = serializers.CharField(max_length=LONGEST_QUESTION)
    collections = serializers.ListField(child=Id(), required=False, default=list, max_length=200)
    limit = serializers.IntegerField(min_value=1, max_value=50, required=False, default=8)
    earlier = serializers.ListField(child=TurnIn(), required=False, default=list, max_length=16)  # oldest first
    without = serializers.ListField(
        child=serializers.ChoiceField(list(Part)), required=False, default=list, max_length=9
    )


class GlossaryIn(serializers.Serializer):  # type: ignore[type-arg]
    term = serializers.CharField(max_length=200)
    meanings = serializers.ListField(child=serializers.CharField(max_length=200), min_length=1, max_length=20)


class PolicyIn(serializers.Serializer):  # type: ignore[type-arg]
    stage = serializers.ChoiceField([str(stage) for stage in Stage])
    text = serializers.CharField(max_length=100_000, trim_whitespace=False)
    version = serializers.IntegerField(
        min_value=1, max_value=2_000_000_000, required=False, allow_null=True, default=None
    )


class ErasureIn(serializers.Serializer):  # type: ignore[type-arg]
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class PolicyVersionIn(serializers.Serializer):  # type: ignore[type-arg]
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    rules = serializers.ListField(child=serializers.DictField(), required=False, allow_null=True, default=None)


class PolicyNoteIn(serializers.Serializer):  # type: ignore[type-arg]
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class PolicyPublishIn(serializers.Serializer):  # type: ignore[type-arg]
    sha256 = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class PolicyChangesIn(serializers.Serializer):  # type: ignore[type-arg]
    since = serializers.IntegerField(min_value=1, max_value=2_000_000_000)


class FiltersIn(serializers.Serializer):  # type: ignore[type-arg]
    """`collection` and `model` find every event of the answers that had to do with them."""

    interaction = Id(required=False)
    person = Id(required=False)
    about = Id(required=False)
    resource = Id(required=False)
    collection = Id(required=False, source="touched")
    model = serializers.CharField(max_length=200, required=False)
    action = serializers.CharField(max_length=80, required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class EventsIn(FiltersIn):
    cursor = serializers.CharField(max_length=200, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=500, required=False, default=100)


class FromIn(serializers.Serializer):  # type: ignore[type-arg]
    """`from` is how many leaves the head has that the caller knows."""

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        return {"from": serializers.IntegerField(min_value=0, required=False, default=None)}


class ExportIn(serializers.Serializer):  # type: ignore[type-arg]
    """Which events; with a `reason` their words come too. `head` is the note of the last head that was kept."""

    interaction = Id(required=False)
    person = Id(required=False)
    about = Id(required=False)
    resource = Id(required=False)
    mentions = Id(required=False)
    action = serializers.CharField(max_length=80, required=False)
    outcomes = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    head = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="", trim_whitespace=False)


class WordsIn(FiltersIn):
    words = serializers.CharField(max_length=words.LONGEST)
    reason = serializers.CharField(max_length=reading.REASON_LONGEST)


class TargetIn(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(targets.KINDS)
    address = serializers.CharField(max_length=targets.ADDRESS_MAX)
    format = serializers.ChoiceField(lines.FORMATS, required=False, default="jsonl")
    is_enabled = serializers.BooleanField(required=False, default=True)
    only = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list, max_length=100
    )
    from_now = serializers.BooleanField(required=False, default=False)


class TargetWordsIn(serializers.Serializer):  # type: ignore[type-arg]
    carries = serializers.BooleanField()
    reason = serializers.CharField(max_length=reading.REASON_LONGEST)


class SourceIn(serializers.Serializer):  # type: ignore[type-arg]
    """`settings` and `secrets` are by the fields of the kind: docs/sources.md. A secret that is not sent stays what it was."""

    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField([*KINDS])
    settings = serializers.DictField(required=False, default=dict)
    secrets = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_blank=True), required=False, default=dict
    )
    every_minutes = serializers.IntegerField(
        min_value=1, max_value=10**6, required=False, allow_null=True, default=None
    )


class SourceEndIn(serializers.Serializer):  # type: ignore[type-arg]
    """What becomes of the documents that it brought."""

    documents = serializers.ChoiceField(["keep", "delete"], required=False, default="keep")


class SourceAnswerIn(serializers.Serializer):  # type: ignore[type-arg]
    documents = serializers.ChoiceField(["keep", "delete"])


class SourceItemIn(serializers.Serializer):  # type: ignore[type-arg]
    do = serializers.ChoiceField(["again", "keep"])


class ChunksIn(serializers.Serializer):  # type: ignore[type-arg]
    cursor = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    limit = serializers.IntegerField(min_value=1, max_value=500, required=False, default=50)
    version = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, default=None)
    q = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class PartIn(serializers.Serializer):  # type: ignore[type-arg]
    cursor = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class VerdictsIn(serializers.Serializer):  # type: ignore[type-arg]
    interaction = Id(required=False)
    person = Id(required=False)
    collection = Id(required=False)
    subject = Id(required=False)
    stage = serializers.ChoiceField(ledger.STAGES, required=False)
    action = serializers.ChoiceField(ledger.ACTIONS, required=False)
    rule = serializers.CharField(max_length=80, required=False)
    detector = serializers.CharField(max_length=40, required=False)
    failed = serializers.BooleanField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    cursor = serializers.CharField(max_length=200, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=ledger.LIMIT_MAX, required=False, default=100)


class ReplayIn(serializers.Serializer):  # type: ignore[type-arg]
    version = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    stages = serializers.ListField(
        child=serializers.ChoiceField(ledger.STAGES), required=False, default=list(ledger.STAGES), max_length=4
    )
    reason = serializers.CharField(max_length=500)


class OpeningIn(serializers.Serializer):  # type: ignore[type-arg]
    """`kind` says what `target` is the id of."""

    kind = serializers.ChoiceField(openings.KINDS)
    target = Id()
    reason = serializers.CharField(max_length=reading.REASON_LONGEST)
    case = serializers.CharField(max_length=openings.CASE_LONGEST, required=False, allow_blank=True, default="")


class DecisionIn(serializers.Serializer):  # type: ignore[type-arg]
    decision = serializers.ChoiceField(["approve", "decline"])


class CaseIn(serializers.Serializer):  # type: ignore[type-arg]
    title = serializers.CharField(max_length=cases.TITLE_LONGEST)
    interactions = serializers.ListField(child=Id(), required=False, default=list, max_length=cases.ITEMS_MOST)


class CaseChangeIn(serializers.Serializer):  # type: ignore[type-arg]
    """What is named is done. A hold is placed and lifted in the portal: no key may."""

    add = serializers.ListField(child=Id(), required=False, max_length=cases.ITEMS_MOST)
    take_out = Id(required=False)
    is_closed = serializers.BooleanField(required=False)


class NoteIn(serializers.Serializer):  # type: ignore[type-arg]
    text = serializers.CharField(max_length=cases.NOTE_LONGEST)


class BundleIn(serializers.Serializer):  # type: ignore[type-arg]
    """With a `reason` the words come too; `head` is the note of the last head that was kept."""

    reason = serializers.CharField(max_length=reading.REASON_LONGEST, required=False, allow_blank=True, default="")
    head = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="", trim_whitespace=False)


def onward() -> serializers.CharField:
    """What every list ends in."""
    return serializers.CharField(allow_null=True, help_text="The cursor that goes on; null where there is no more.")


def parse(shape: type[serializers.Serializer], sent: Any, *, partial: bool = False) -> dict[str, Any]:  # type: ignore[type-arg]
    """What was sent, in the shape's types. Raises DRF's ValidationError, which names each field."""
    if isinstance(sent, QueryDict):
        sent = sent.dict()  # DRF takes what is empty in a form for what was not sent
    else:
        kinds.require(shape(), sent)
    read = shape(data=sent, partial=partial)
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)
