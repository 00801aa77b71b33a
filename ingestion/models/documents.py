"""Documents, their versions, and how far each of those is."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from governance.models import Group, Person, TenantKey, TenantModel
from ingestion.models.catalog import Collection
from ingestion.scanning.base import INFECTED


class Status(models.TextChoices):
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"  # by us, or by something that may pass: it can be tried again
    REJECTED = "rejected"  # by what the file is: trying again would not help
    QUARANTINED = "quarantined"  # by policy


class Authority(models.TextChoices):
    """What a document counts for among those that say something of the same."""

    AUTHORITATIVE = "authoritative"  # the rule itself
    ORDINARY = "ordinary"
    SUPERSEDED = "superseded"  # something newer holds


RELEASED = "released"  # a mark of a timeline, and no status
FINAL = (Status.READY, Status.FAILED, Status.REJECTED, Status.QUARANTINED)


class Document(TenantModel):
    collection = TenantKey(Collection, related_name="documents")
    name = models.CharField(max_length=255)
    former_names = ArrayField(models.CharField(max_length=255), default=list, db_default=[])
    created_by = models.UUIDField(null=True)
    current = TenantKey("Version", null=True, related_name="+")  # what readers see; flipped in one transaction
    latest = TenantKey("Version", null=True, related_name="+")  # what was uploaded last, ready or not
    # Of a document that came within another one: which, where in it, and which upload of that one named it last.
    parent = TenantKey("self", null=True, related_name="parts")
    path = models.CharField(max_length=500, blank=True, default="", db_default="")
    named_by = TenantKey("Version", null=True, related_name="+")
    # In the bin since then: Postgres shows such a row to a transaction that has opened the bin, and to no other.
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.UUIDField(null=True)
    # Narrower than its collection: ingestion.documents.restrictions. What came within it is as narrow.
    is_restricted = models.BooleanField(default=False, db_default=False)  # to whom `Reader` names
    label = models.PositiveSmallIntegerField(null=True)  # the rank of a label of its own; null for its collection's
    authority = models.CharField(
        max_length=20, choices=Authority, default=Authority.ORDINARY, db_default=Authority.ORDINARY
    )
    mark: Any = None  # what it carries, where `labelled.mark` has looked

    class Meta:
        db_table = "document"
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "parent", "path"],
                condition=models.Q(parent__isnull=False, deleted_at=None),
                name="part_once_a_document",
            ),
        )
        indexes = (
            models.Index(fields=["tenant", "collection", "name"], name="document_by_collection"),
            models.Index(
                fields=["tenant", "deleted_at"], condition=models.Q(deleted_at__isnull=False), name="document_in_bin"
            ),
            models.Index(
                fields=["tenant", "collection"],
                condition=models.Q(is_restricted=True) | models.Q(label__isnull=False),
                name="document_narrowed",
            ),
            models.Index(fields=["tenant", "parent"], condition=models.Q(parent__isnull=False), name="document_parts"),
        )

    def __str__(self) -> str:
        return self.name


class Reader(TenantModel):
    """Who of those that may read the collection is named for a restricted document."""

    collection = TenantKey(Collection, related_name="+")
    document = TenantKey(Document, related_name="readers")
    person = TenantKey(Person, null=True, related_name="+")
    group = TenantKey(Group, null=True, related_name="+")
    named_by = models.UUIDField(null=True)

    class Meta:
        db_table = "document_reader"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) ^ models.Q(group__isnull=False), name="document_reader_is_one"
            ),
            models.UniqueConstraint(
                fields=["tenant", "document", "person", "group"], name="document_reader_once", nulls_distinct=False
            ),
        )


class Version(TenantModel):
    collection = TenantKey(Collection, related_name="+")
    document = TenantKey(Document, related_name="versions")
    number = models.PositiveIntegerField()
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)  # in the default storage
    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    stage = models.CharField(max_length=20, blank=True)
    done = models.PositiveIntegerField(default=0)  # of the stage: pages or chunks
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)  # 0 begins anew
    faults = models.PositiveIntegerField(default=0)  # so many of them failed; the others were killed
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)  # of one that is queued: not to be taken before
    taken_at = models.DateTimeField(null=True)  # last, by a worker
    is_bulk = models.BooleanField(default=False)  # brought by a machine, in its hundreds: after what people bring
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=500, blank=True)
    remedy = models.CharField(max_length=500, blank=True)
    timeline = models.JSONField(default=list)  # [{stage, at, note, ...figures}]
    queued_at = models.DateTimeField(null=True)  # for the last time
    ended_at = models.DateTimeField(null=True)  # in whichever way; null while it is on its way
    title = models.CharField(max_length=500, blank=True)
    pages = models.PositiveIntegerField(null=True)
    flags = models.JSONField(default=list)  # names of ingestion.parsers.flags
    chunks = models.PositiveIntegerField(default=0)
    dated = models.DateTimeField(null=True)  # what its text counts from; null for when it came
    cut = models.CharField(max_length=40, blank=True, default="", db_default="180/230/1111")  # ingestion.cutting's key
    uploaded_by = models.UUIDField(null=True)
    skipped = models.JSONField(default=list, db_default=[])  # documents within it that were not taken: [{path, why}]

    class Meta:
        db_table = "version"
        constraints = (models.UniqueConstraint(fields=["tenant", "document", "number"], name="version_number_once"),)
        indexes = (
            models.Index(fields=["status", "lease_until"], name="version_due"),
            models.Index(fields=["tenant", "collection", "queued_at"], name="version_by_queue"),
        )

    READ, EMBED = "parse", "embed"  # the stages that an ingest can begin with

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def resumes_at(self) -> str:
        """Where it goes on once it is tried again. What the policy keeps back is judged anew."""
        return self.EMBED if self.chunks and self.status != Status.QUARANTINED else self.READ

    @property
    def is_released(self) -> bool:
        """Whether a person has let go on what the policy had kept back; it stays so however often these bytes are read."""
        last = [mark["stage"] for mark in self.timeline if mark["stage"] in (Status.QUARANTINED, RELEASED)]
        return bool(last) and last[-1] == RELEASED

    @property
    def is_infected(self) -> bool:
        """What malware was found in is handed out nowhere, and released by nobody."""
        return self.error_code == INFECTED

    def mark(self, stage: str, note: str = "", **figures: Any) -> None:
        """What is none of `figures` is left out. `at` may be among them, for what was done a moment ago."""
        told = {"stage": stage, "at": timezone.now().isoformat(), "note": note}
        self.timeline = [*self.timeline, told | {name: one for name, one in figures.items() if one is not None}]

    def tell(self, **figures: Any) -> None:
        """More of the last mark: what became of the stage."""
        if self.timeline:
            self.timeline = [*self.timeline[:-1], self.timeline[-1] | figures]

    def queue(self, note: str = "", **figures: Any) -> None:
        """Into the queue, with all its attempts before it. What is done already stays done."""
        self.status, self.stage, self.attempts, self.faults = Status.QUEUED, "", 0, 0
        self.error_code = self.error = self.remedy = ""
        self.lease = self.lease_until = self.ended_at = None
        self.queued_at = timezone.now()
        self.mark("queued", note, **figures)

    def end(self, status: Status) -> None:
        self.status, self.lease, self.lease_until, self.ended_at = status, None, None, timezone.now()


class Recognised(TenantModel):
    """What text recognition has read of a page, until the version's passages are stored: ingestion.parsers.pages.recognised."""

    version = TenantKey(Version, related_name="+")
    number = models.PositiveIntegerField()
    page = models.JSONField()

    class Meta:
        db_table = "recognised"
        constraints = (models.UniqueConstraint(fields=["tenant", "version", "number"], name="recognised_once_a_page"),)
