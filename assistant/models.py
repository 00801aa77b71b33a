"""Conversations and answers. The interaction that the record speaks of is the answer's id."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Group, Person, TenantKey, TenantModel
from governance.scope import Scope


class Status(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    ANSWERED = "answered"
    REFUSED = "refused"  # nothing found that could carry an answer
    BLOCKED = "blocked"  # by policy
    CANCELLED = "cancelled"  # by the person
    INTERRUPTED = "interrupted"  # after a part was delivered: the part is kept
    FAILED = "failed"


FINAL = tuple(status for status in Status if status not in {Status.QUEUED, Status.RUNNING})


class Support(models.TextChoices):
    """What a sentence that was delivered stands on."""

    NEUTRAL = "neutral"  # it states nothing
    SUPPORTED = "supported"  # by the passages that it cites
    MOVED = "moved"  # by another passage than the one that the model named
    UNSUPPORTED = "unsupported"  # by none, and it was delivered as such
    EXTRACT = "extract"  # it is a passage's own words, put there by us


class Composed(TenantModel):
    """An assistant that an admin composed: what it is told, where it looks, and who finds it."""

    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=300, blank=True)
    instruction = models.TextField(blank=True)
    collections = ArrayField(models.UUIDField(), default=list)  # empty: all that whoever asks may read
    model = models.CharField(max_length=100, blank=True)  # a further one; empty: the usual one
    starters = ArrayField(models.CharField(max_length=300), default=list)
    is_for_all = models.BooleanField(default=False)
    groups = ArrayField(models.UUIDField(), default=list)  # who finds it, where not everybody does
    is_on = models.BooleanField(default=True)
    origins = ArrayField(models.CharField(max_length=200), default=list, db_default=[])  # of pages it stands in
    updated_at = models.DateTimeField(auto_now=True)
    looks_in: Sequence[str] = ()  # names, where a page shows them
    found_by: Sequence[str] = ()

    class Meta:
        db_table = "assistant"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="assistant_once_a_name")]

    def __str__(self) -> str:
        return self.name


class Conversation(TenantModel):
    person = TenantKey(Person, related_name="+")
    assistant = models.UUIDField(null=True)  # that it is held with; its turns go on with the same one
    title = models.CharField(max_length=200)
    updated_at = models.DateTimeField(auto_now=True)
    is_pinned = models.BooleanField(default=False)
    is_listed = models.BooleanField(default=True)  # false where the client keeps its own, and each call would be one
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversation"
        indexes = [models.Index(fields=["tenant", "person", "-updated_at"], name="conversation_by_person")]

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True)
class Beside:
    """The answers that stand after the same turn, the oldest first, of which this is number `position` from 1."""

    ids: tuple[uuid.UUID, ...]
    position: int

    @property
    def total(self) -> int:
        return len(self.ids)

    @property
    def previous(self) -> uuid.UUID | None:
        return self.ids[self.position - 2] if self.position > 1 else None

    @property
    def following(self) -> uuid.UUID | None:
        return self.ids[self.position] if self.position < self.total else None


class Answer(TenantModel):
    """One question and what became of it. `question` holds the redacted text where policy redacted it."""

    person = TenantKey(Person, related_name="+")
    conversation = TenantKey(Conversation, related_name="answers")
    question = models.TextField()
    collections = ArrayField(models.UUIDField(), default=list)  # empty: all that the person may read
    client = models.CharField(max_length=20, default="portal")
    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    notice = models.CharField(max_length=1000, blank=True)  # what the person is told where there is no answer
    is_model_only = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    after = TenantKey("self", null=True, related_name="+")  # the turn before it on its line; none where a line begins
    superseded_at = models.DateTimeField(
        null=True
    )  # since when it is not on the line that is shown: kept, to go back to
    model = models.CharField(
        max_length=100, blank=True
    )  # a further one, by the name of its runner; empty: the usual one
    key = models.UUIDField(null=True)  # the API key it was asked with, whose scopes still hold
    receipt = models.JSONField(default=dict)
    times = models.JSONField(default=dict, db_default={})  # milliseconds by step, see answering.steps
    capsule = models.JSONField(default=dict)
    passages = models.JSONField(default=list)  # what the model was given: chunk ids, names, locators, hashes
    max_tokens = models.PositiveIntegerField(default=512)
    sampler = models.JSONField(default=dict)  # what the client set of temperature, seed and stop
    understanding = models.JSONField(default=dict, db_default={})  # {"off": parts of it that its person switched off}
    brought = models.JSONField(default=dict)  # turns and instruction that came with the question, as policy left them
    fault = models.CharField(max_length=40, blank=True)  # the code of the error that it failed by
    # The highest of what the model read for it, as it was called then: {"rank", "name"}; empty where nothing had one.
    label = models.JSONField(default=dict, db_default={})
    feedback = models.SmallIntegerField(null=True)
    feedback_reason = models.CharField(max_length=500, blank=True)
    # Of a question that found nothing: its words, and the collections where one would have looked. See assistant.gaps.
    gap_terms = ArrayField(models.CharField(max_length=80), default=list, db_default=[])
    gap_collections = ArrayField(models.UUIDField(), default=list, db_default=[])
    follow_ups: Sequence[str] = ()  # what might be asked next, where a page offers it
    beside: Beside | None = None  # where it stands among those asked in the same place, once `branches.mark` has looked

    class Meta:
        db_table = "answer"
        indexes = [
            models.Index(fields=["tenant", "conversation", "created_at"], name="answer_by_conversation"),
            models.Index(fields=["status", "lease_until"], name="answer_due"),
            # Whose turn it is: what waits and runs, few of all, and who was served last.
            models.Index(
                fields=["tenant", "person"],
                condition=models.Q(status__in=[Status.QUEUED, Status.RUNNING]),
                name="answer_unended",
            ),
            models.Index(fields=["tenant", "started_at"], name="answer_served_tenant"),
            models.Index(fields=["tenant", "person", "started_at"], name="answer_served_person"),
        ]

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def refresh_from_db_in(self, scope: Scope) -> None:
        with scope.transaction():
            self.refresh_from_db(fields=["status", "notice", "cancel_requested_at", "finished_at"])


def ordered_segments() -> models.Prefetch[str]:
    return models.Prefetch("segments", queryset=Segment.objects.order_by("ordinal"))


class Share(TenantModel):
    """Somebody else may read a conversation, as far as it had come when it was shared with them. `person` is whose it is."""

    person = TenantKey(Person, related_name="+")
    conversation = TenantKey(Conversation, related_name="shares")
    reader = TenantKey(Person, null=True, related_name="+")  # this, or the group
    group = TenantKey(Group, null=True, related_name="+")
    until = models.DateTimeField()

    class Meta:
        db_table = "share"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reader__isnull=False) ^ models.Q(group__isnull=False), name="share_with_one"
            ),
            models.UniqueConstraint(
                fields=["tenant", "conversation", "reader", "group"], nulls_distinct=False, name="share_once"
            ),
        ]


class SavedPrompt(TenantModel):
    """A text to ask with, its person's own or everybody's of the tenant. `{words in braces}` are what is filled in."""

    person = TenantKey(Person, related_name="+")
    name = models.CharField(max_length=80)
    text = models.TextField()
    is_shared = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "saved_prompt"
        constraints = [models.UniqueConstraint(fields=["tenant", "person", "name"], name="saved_prompt_once_a_person")]

    def __str__(self) -> str:
        return self.name


class Segment(TenantModel):
    """What was delivered, in the order in which it was; never changed, never taken back."""

    person = TenantKey(Person, related_name="+")
    answer = TenantKey(Answer, related_name="segments")
    ordinal = models.PositiveIntegerField()
    text = models.TextField()
    citations = models.JSONField(default=list)  # as delivery makes them
    is_supported = models.BooleanField(null=True)  # null: nothing in it needed support
    # Empty for what was delivered before this was kept.
    support = models.CharField(max_length=20, choices=Support, blank=True, default="", db_default="")

    class Meta:
        db_table = "segment"
        constraints = [models.UniqueConstraint(fields=["tenant", "answer", "ordinal"], name="segment_once")]


class IdempotentRequest(TenantModel):
    """A request that its client named, and the id of what came of it: see assistant.idempotency."""

    person = TenantKey(Person, related_name="+")
    name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    made = models.UUIDField()
    outcome = models.CharField(max_length=20, blank=True, default="")
    lease_until = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "idempotent_request"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "person", "name"], name="idempotent_request_once_a_person")
        ]


# Django finds an app's tables in this module; these have a room of their own.
from assistant.evaluation.models import RunState as RunState  # noqa: E402
from assistant.evaluation.models import SetAsked as SetAsked  # noqa: E402
from assistant.evaluation.models import SetQuestion as SetQuestion  # noqa: E402
from assistant.evaluation.models import SetRun as SetRun  # noqa: E402
