"""Tables of what comes from outside. Reached as `ingestion.models.Source` and so on, like all of the library's."""

from __future__ import annotations

from django.db import models

from governance.models import TenantKey, TenantModel
from ingestion.models.catalog import Collection
from ingestion.models.documents import Document


class SourceState(models.TextChoices):
    ACTIVE = "active"
    PAUSED = "paused"
    ASKING = "asking"  # more would be deleted than may be without somebody's word
    ENDING = "ending"  # its documents are being deleted, and then itself


class ItemState(models.TextChoices):
    DUE = "due"  # to be read
    HERE = "here"
    FAILED = "failed"  # tried again by itself
    REFUSED = "refused"  # as it is; a newer one is tried
    CHANGED = "changed"  # both there and by hand here
    LEFT = "left"  # deleted here by hand
    GOING = "going"  # gone there, and to be deleted here
    KEPT = "kept"  # gone there, and kept here


class RunState(models.TextChoices):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Source(TenantModel):
    """A place outside. The credentials are locked under a key outside Postgres."""

    collection = TenantKey(Collection, related_name="+")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    settings = models.JSONField(default=dict)
    secret = models.BinaryField(default=bytes)
    archive = models.CharField(max_length=200, blank=True)  # in the default storage, where one was uploaded
    every_minutes = models.PositiveIntegerField(null=True)  # null: by hand alone
    state = models.CharField(max_length=20, choices=SourceState, default=SourceState.ACTIVE)
    question = models.PositiveIntegerField(default=0)  # how many documents would be deleted
    may_remove = models.BooleanField(default=False)  # the answer, for one run: delete them,
    keeps = models.BooleanField(default=False)  # or keep them, and follow them no longer
    cursor = models.TextField(blank=True)
    run = models.UUIDField(null=True)  # under way
    wanted = models.CharField(max_length=10, blank=True)  # sync or look, by somebody's word
    wanted_by = models.UUIDField(null=True)
    next_run_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # of runs, one after another
    error = models.CharField(max_length=500, blank=True)
    remedy = models.CharField(max_length=500, blank=True)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_by = models.UUIDField(null=True)

    class Meta:
        db_table = "source"
        constraints = [models.UniqueConstraint(fields=["tenant", "collection", "name"], name="source_name_once")]

    def __str__(self) -> str:
        return self.name


class SourceItem(TenantModel):
    """One thing at the place, and the document that it became. `mark` is as it was listed last, `taken_mark` as it is here."""

    collection = TenantKey(Collection, related_name="+")
    source = TenantKey(Source, related_name="items")
    key = models.TextField()
    name = models.CharField(max_length=255)
    place = models.TextField(blank=True)
    folder = models.TextField(blank=True)
    size = models.PositiveBigIntegerField(null=True)
    mark = models.CharField(max_length=200)
    taken_mark = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=20, choices=ItemState, default=ItemState.DUE)
    document = TenantKey(Document, null=True, related_name="+")
    version = models.UUIDField(null=True)  # of the document, that was brought from here last
    is_forced = models.BooleanField(default=False)  # over what was changed by hand
    attempts = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    remedy = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "source_item"
        constraints = [models.UniqueConstraint(fields=["tenant", "source", "key"], name="source_item_key_once")]
        indexes = [
            models.Index(fields=["tenant", "source", "state"], name="source_item_by_state"),
            models.Index(fields=["tenant", "document"], name="source_item_of"),
        ]

    def __str__(self) -> str:
        return self.name


class SourceRun(TenantModel):
    """One look at the place: a sync, or a look that changes nothing and leaves a report. `created_at` is its beginning."""

    collection = TenantKey(Collection, related_name="+")
    source = TenantKey(Source, related_name="runs")
    what = models.CharField(max_length=10)
    state = models.CharField(max_length=20, choices=RunState, default=RunState.RUNNING)
    is_listed = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)
    error = models.CharField(max_length=500, blank=True)
    remedy = models.CharField(max_length=500, blank=True)
    report = models.JSONField(null=True)

    class Meta:
        db_table = "source_run"
        indexes = [models.Index(fields=["tenant", "source", "-created_at"], name="source_run_by_time")]
