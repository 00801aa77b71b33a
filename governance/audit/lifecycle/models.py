"""Tables of holds, periods and erasures. Reached as `governance.models.Hold` and so on, like all of the ground's."""

from __future__ import annotations

from django.db import models

from governance.audit.lifecycle.classes import Class
from governance.models import Person, TenantKey, TenantModel


class Hold(TenantModel):
    """A selection of the record that nothing may be let go of: `wanted` are filters, as `audit.condition` takes them."""

    wanted = models.JSONField()
    reason = models.CharField(max_length=500)
    placed_by = models.UUIDField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True)

    class Meta:
        db_table = "hold"


class Period(TenantModel):
    """How many days a class is kept; None is for good. A shorter one counts a while after it was set: `days_before`."""

    of = models.CharField(max_length=20, choices=[(str(one), str(one)) for one in Class])
    days = models.PositiveIntegerField(null=True)
    days_before = models.PositiveIntegerField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.UUIDField(null=True)

    class Meta:
        db_table = "retention_period"
        constraints = [models.UniqueConstraint(fields=["tenant", "of"], name="retention_period_once_a_class")]


class ErasureStatus(models.TextChoices):
    REQUESTED = "requested"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    APPROVED = "approved"  # and under way, or waiting for a hold to be lifted
    ERASED = "erased"


class Erasure(TenantModel):
    """One request, and what became of it. `note` are the asker's words, `answer` those of whoever decided."""

    person = TenantKey(Person, related_name="+")
    status = models.CharField(max_length=20, choices=ErasureStatus, default=ErasureStatus.REQUESTED)
    note = models.CharField(max_length=500, blank=True)
    requested_by = models.UUIDField(null=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, blank=True)
    erased_at = models.DateTimeField(null=True)
    event = models.UUIDField(null=True)  # on the record, with the certificate's hash
    certificate = models.JSONField(default=dict)

    class Meta:
        db_table = "erasure"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person"],
                condition=models.Q(status__in=[ErasureStatus.REQUESTED, ErasureStatus.APPROVED]),
                name="erasure_open_once_a_person",
            )
        ]
