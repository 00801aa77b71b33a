"""The library's tables. A row is the truth and a Celery message a doorbell: versions carry state, lease and attempts.

`embedding` and `posting` have no model: only ingestion.stores.pgvector and ingestion.postings write and read them, in SQL.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from governance.models import TenantKey, TenantModel


class Status(models.TextChoices):
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"  # by us, or by something that may pass: it can be tried again
    REJECTED = "rejected"  # by what the file is: trying again would not help
    QUARANTINED = "quarantined"  # by policy


class Classification(models.TextChoices):
    """How far what a collection holds may go."""

    INTERNAL = "internal"  # to whichever models the installation uses
    RESTRICTED = "restricted"  # to models on machines of the house alone


FINAL = (Status.READY, Status.FAILED, Status.REJECTED, Status.QUARANTINED)


class Collection(TenantModel):
    """Its id is that of the Resource which grants point at."""

    name = models.CharField(max_length=200)
    description = models.CharField(max_length=1000, blank=True)
    classification = models.CharField(max_length=20, choices=Classification, default=Classification.INTERNAL)
    created_by = models.UUIDField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "collection"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=models.Q(deleted_at=None), name="collection_name_once_a_tenant"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Document(TenantModel):
    collection = TenantKey(Collection, related_name="documents")
    name = models.CharField(max_length=255)
    created_by = models.UUIDField(null=True)
    current = TenantKey("Version", null=True, related_name="+")  # what readers see; flipped in one transaction
    latest = TenantKey("Version", null=True, related_name="+")  # what was uploaded last, ready or not

    class Meta:
        db_table = "document"
        indexes = [models.Index(fields=["tenant", "collection", "name"], name="document_by_collection")]

    def __str__(self) -> str:
        return self.name


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
    attempts = models.PositiveIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=500, blank=True)
    remedy = models.CharField(max_length=500, blank=True)
    timeline = models.JSONField(default=list)  # [{stage, at, note}]
    title = models.CharField(max_length=500, blank=True)
    pages = models.PositiveIntegerField(null=True)
    chunks = models.PositiveIntegerField(default=0)
    uploaded_by = models.UUIDField(null=True)

    class Meta:
        db_table = "version"
        constraints = [models.UniqueConstraint(fields=["tenant", "document", "number"], name="version_number_once")]
        indexes = [models.Index(fields=["status", "lease_until"], name="version_due")]

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def mark(self, stage: str, note: str = "") -> None:
        self.timeline = [*self.timeline, {"stage": stage, "at": timezone.now().isoformat(), "note": note}]


class Chunk(models.Model):
    """What is stored. A passage is a chunk that a certain person was allowed to see: ingestion.search makes those."""

    id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    collection_id = models.UUIDField()
    document_id = models.UUIDField()
    version_id = models.UUIDField()
    ordinal = models.PositiveIntegerField()
    text = models.TextField()
    context = models.TextField()  # what is embedded: title and heading path, then the text
    heading_path = models.JSONField(default=list)
    locator = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    orders = models.JSONField(default=dict)  # what the policy said of orders in it as it came in: see ingestion.orders
    is_quarantined = models.BooleanField(default=False)  # never shown to a model

    class Meta:
        db_table = "chunk"
        managed = False


class Discarded(TenantModel):
    """A file to remove from storage: written with the delete, worked off after its commit."""

    path = models.CharField(max_length=200)

    class Meta:
        db_table = "discarded"
