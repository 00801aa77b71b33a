"""The vectors of embedders, as wholes."""

from __future__ import annotations

from django.db import models

from governance.models import TenantModel


class IndexState(models.TextChoices):
    BUILDING = "building"  # beside the live one, from the stored chunks
    PAUSED = "paused"  # and takes up nothing new until it goes on
    READY = "ready"  # holds every chunk that readers see: it can be switched to
    LIVE = "live"
    RETIRING = "retiring"
    RETIRED = "retired"  # its vectors are gone


class Index(TenantModel):
    """The vectors of one embedder over all that a tenant holds; without a live one, the installation's own is meant."""

    name = models.CharField(max_length=80)  # the embedder's
    dimensions = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=IndexState)
    done = models.PositiveIntegerField(default=0)  # chunks
    total = models.PositiveIntegerField(default=0)
    too_long = models.PositiveIntegerField(default=0)  # chunks that its embedder does not read to their end
    place = models.UUIDField(null=True)  # the chunk after which the build goes on
    worked_s = models.FloatField(default=0)  # seconds of building, for the time that is left
    worked = models.PositiveIntegerField(default=0)  # chunks in those seconds
    fault = models.CharField(max_length=500, blank=True)  # why it does not come on, in words
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    person = models.UUIDField(null=True)  # who had it built
    ready_at = models.DateTimeField(null=True)
    live_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    removed = models.PositiveIntegerField(null=True)  # vectors, as it was retired

    class Meta:
        db_table = "search_index"
        constraints = (
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(state="live"), name="search_index_one_live"),
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=~models.Q(state="retired"), name="search_index_once_an_embedder"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    @property
    def left_s(self) -> int | None:
        """Seconds of work until it is ready; None before there is anything to go by."""
        return round((self.total - self.done) * self.worked_s / self.worked) if self.worked else None
