"""Tables of the question sets that collections keep. Reached as `assistant.models.SetQuestion` and so on."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from governance.models import TenantKey, TenantModel
from ingestion.models import Collection


class SetQuestion(TenantModel):
    """A line of a collection's set: docs/evaluation.md. `key` is its id there; `facts` stand as they were written.

    `kept_for` says who of those that manage the collection may see it: how narrow each document was that it names and that was
    erased, as `ingestion.documents.narrowing.read` takes it.
    """

    collection = TenantKey(Collection, related_name="+")
    key = models.CharField(max_length=100)
    question = models.TextField()
    documents = ArrayField(models.TextField(), default=list)
    facts = models.JSONField(default=list)
    is_answerable = models.BooleanField(default=True)
    kind = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=20, blank=True)
    kept_for = models.JSONField(default=list, db_default=[])

    class Meta:
        db_table = "set_question"
        constraints = [models.UniqueConstraint(fields=["tenant", "collection", "key"], name="set_question_key_once")]

    def __str__(self) -> str:
        return self.key


class RunState(models.TextChoices):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class SetRun(TenantModel):
    """A collection's set, asked as it was at the beginning; its questions are `SetAsked`, `done` of them so far.

    `answer` is the one that is waited for, and `tries` how many before it came to nothing by no fault of an answer. `content`
    says what the collection held, and so whether anything has changed since; `changed_at` when something was last taken out of
    it or of its set, of which no row is left to tell.
    """

    collection = TenantKey(Collection, related_name="+")
    started_by = models.UUIDField()  # whose rights it is asked with
    key = models.UUIDField(null=True)  # the API key it was begun with, whose scopes still hold
    state = models.CharField(max_length=20, choices=RunState, default=RunState.RUNNING)
    has_answers = models.BooleanField(default=False)
    is_automatic = models.BooleanField(default=False)  # after a change, by itself
    content = models.CharField(max_length=64)
    made = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)  # of one that is over: the mean of each, for the plot
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    answer = models.UUIDField(null=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(default=timezone.now)  # when the collection was last found to be as it was for it
    changed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "set_run"
        indexes = [models.Index(fields=["tenant", "collection", "-created_at"], name="set_run_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "collection"], condition=models.Q(state="running"), name="set_run_one_at_once"
            )
        ]


class SetAsked(TenantModel):
    """A question of a run: `line` as it stood in the set, `told` what came of it, null until it was asked. `kept_for` is of both:
    a document that is erased may be one that the answer alone stands on.
    """

    run = TenantKey(SetRun, related_name="+")
    number = models.PositiveIntegerField()  # from 0 on, in the order of the set
    line = models.JSONField()
    told = models.JSONField(null=True)
    kept_for = models.JSONField(default=list, db_default=[])

    class Meta:
        db_table = "set_asked"
        constraints = [models.UniqueConstraint(fields=["tenant", "run", "number"], name="set_asked_once_a_run")]
