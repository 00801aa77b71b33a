"""Conversations and answers. The interaction that the record speaks of is the answer's id."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Person, TenantKey, TenantModel
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


class Conversation(TenantModel):
    person = TenantKey(Person, related_name="+")
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
    superseded_at = models.DateTimeField(null=True)  # asked again in other words: kept, and no longer shown
    key = models.UUIDField(null=True)  # the API key it was asked with, whose scopes still hold
    receipt = models.JSONField(default=dict)
    capsule = models.JSONField(default=dict)
    passages = models.JSONField(default=list)  # what the model was given: chunk ids, names, locators, hashes
    max_tokens = models.PositiveIntegerField(default=512)
    sampler = models.JSONField(default=dict)  # what the client set of temperature, seed and stop
    brought = models.JSONField(default=dict)  # turns and instruction that came with the question, as policy left them
    fault = models.CharField(max_length=40, blank=True)  # the code of the error that it failed by
    feedback = models.SmallIntegerField(null=True)
    feedback_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "answer"
        indexes = [
            models.Index(fields=["tenant", "conversation", "created_at"], name="answer_by_conversation"),
            models.Index(fields=["status", "lease_until"], name="answer_due"),
        ]

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def refresh_from_db_in(self, scope: Scope) -> None:
        with scope.transaction():
            self.refresh_from_db(fields=["status", "notice", "cancel_requested_at", "finished_at"])


def ordered_segments() -> models.Prefetch[str]:
    return models.Prefetch("segments", queryset=Segment.objects.order_by("ordinal"))


class Segment(TenantModel):
    """What was delivered, in the order in which it was; never changed, never taken back."""

    person = TenantKey(Person, related_name="+")
    answer = TenantKey(Answer, related_name="segments")
    ordinal = models.PositiveIntegerField()
    text = models.TextField()
    citations = models.JSONField(default=list)  # [{marker, document_id, document_name, chunk_id, quote, locator}]
    is_supported = models.BooleanField(null=True)  # null: nothing in it needed support

    class Meta:
        db_table = "segment"
        constraints = [models.UniqueConstraint(fields=["tenant", "answer", "ordinal"], name="segment_once")]
