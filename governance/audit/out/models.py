"""Tables of what leaves the record. Reached as `governance.models.ForwardTarget` and so on, like all of the ground's."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Tenant, TenantModel


class ForwardTarget(TenantModel):
    """Where a tenant's record is sent to, by its admins' wish. The secret is locked under a key outside Postgres."""

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=500)
    format = models.CharField(max_length=20)
    secret = models.BinaryField(default=bytes)
    is_enabled = models.BooleanField(default=True)
    only = ArrayField(
        models.CharField(max_length=60), default=list, db_default=[]
    )  # see targets.wants; empty: the whole record
    carries_words = models.BooleanField(default=False)  # payloads too; a compliance officer alone says so

    class Meta:
        db_table = "forward_target"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="forward_target_name_once")]

    def __str__(self) -> str:
        return self.name


class ForwardCursor(models.Model):
    """How far a target has got with one tenant's record, who is at work on it, and what went wrong last.

    `target` is a row of ForwardTarget, or stands for one of the installation's own. `tenant` may be the installation itself,
    which is no row: its log is sent to its own targets.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    target = models.UUIDField()
    next_index = models.PositiveBigIntegerField(default=0)  # of the tree: all before it have arrived
    next_head = models.PositiveBigIntegerField(default=1)  # the number of the checkpoint that is sent next
    sent = models.PositiveBigIntegerField(default=0)  # events that arrived
    sent_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, default="")
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "forward_cursor"
        constraints = [models.UniqueConstraint(fields=["tenant", "target"], name="forward_cursor_once")]
