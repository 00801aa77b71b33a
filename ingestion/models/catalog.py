"""Collections, and what each asks of the answers that stand on it."""

from __future__ import annotations

from django.db import models

from governance.models import TenantModel


class Classification(models.TextChoices):
    """How far what a collection holds may go."""

    INTERNAL = "internal"  # to whichever models the installation uses
    RESTRICTED = "restricted"  # to models on machines of the house alone


class Strictness(models.TextChoices):
    """How sure an answer from a collection has to be."""

    LENIENT = "lenient"  # refuses what is far off alone
    BALANCED = "balanced"
    STRICT = "strict"  # refuses what is not near, and delivers no sentence that no passage supports


class Collection(TenantModel):
    """Its id is that of the Resource which grants point at."""

    name = models.CharField(max_length=200)
    description = models.CharField(max_length=1000, blank=True)
    classification = models.CharField(max_length=20, choices=Classification, default=Classification.INTERNAL)
    label = models.PositiveSmallIntegerField(default=0, db_default=0)  # of its documents that have none of their own
    created_by = models.UUIDField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.UUIDField(null=True)
    purged_at = models.DateTimeField(null=True)  # since when it is erased for good: there is no way back
    purged_by = models.UUIDField(null=True)  # who had it so; null where its time was over
    paused_at = models.DateTimeField(null=True)  # since when nothing more of it is read
    cutting = models.JSONField(default=dict, db_default={})  # see ingestion.cutting
    strictness = models.CharField(
        max_length=20, choices=Strictness, default=Strictness.BALANCED, db_default=Strictness.BALANCED
    )
    # In so many days what a text's age takes from its place among what is found is half of all that it can; 0 takes nothing.
    half_life_days = models.PositiveIntegerField(default=0, db_default=0)
    gaps_closed = models.JSONField(default=dict, db_default={})  # {term: since when} of what was asked in vain
    reread_at = models.DateTimeField(null=True)  # since when what is cut otherwise is being read again
    # What it belongs to, of those above: such a collection stands in no list, and is searched where it is named, only.
    bound_to = models.UUIDField(null=True)

    class Meta:
        db_table = "collection"
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=models.Q(deleted_at=None), name="collection_name_once_a_tenant"
            ),
            models.UniqueConstraint(
                fields=["tenant", "bound_to"],
                condition=models.Q(deleted_at=None, bound_to__isnull=False),
                name="collection_bound_once",
            ),
        )

    def __str__(self) -> str:
        return self.name
