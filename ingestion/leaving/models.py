"""What leaves, and what outlives it. Reached as `ingestion.models.Deletion` and so on, like all of the library's tables."""

from __future__ import annotations

from django.db import models

from governance.models import TenantModel


class Deletion(TenantModel):
    """A collection that is erased for good, or was: it outlives the collection. `before` is what there was as it began."""

    collection = models.UUIDField()
    name = models.CharField(max_length=200)
    deleted_at = models.DateTimeField()  # into the bin
    deleted_by = models.UUIDField(null=True)
    purged_at = models.DateTimeField()
    purged_by = models.UUIDField(null=True)  # null where its time was over
    before = models.JSONField(default=dict)
    contents = models.JSONField(default=dict)  # see ingestion.leaving.counting.contents
    erased_at = models.DateTimeField(null=True)
    event = models.UUIDField(null=True)  # on the record, with the certificate's hash
    certificate = models.JSONField(default=dict)

    class Meta:
        db_table = "collection_deletion"
        constraints = [models.UniqueConstraint(fields=["tenant", "collection"], name="collection_deletion_once")]

    def __str__(self) -> str:
        return self.name


class Discarded(TenantModel):
    """A file to remove from storage: written with the delete, worked off after its commit."""

    path = models.CharField(max_length=200)
    collection = models.UUIDField(null=True)  # that it was in: its deletion is whole once none is left

    class Meta:
        db_table = "discarded"
