"""What a tenant opens to an operator for a support case."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from governance.models import Resource, TenantKey, TenantModel
from governance.roles import SupportLevel


class How(models.TextChoices):
    """How a request, or what was opened, came to its end."""

    REFUSED = "refused"
    ENDED = "ended"  # by an admin
    GIVEN_BACK = "given_back"  # by the operator
    OVER = "over"  # its time was


class SupportAccess(TenantModel):
    """Asked for by an operator, or offered by an admin. It is open from `opened_at` until `ends_at`, or until it is closed."""

    operator = models.UUIDField(null=True)  # null: any operator of the installation
    ticket = models.CharField(max_length=80)
    reason = models.CharField(max_length=500)
    level = models.PositiveSmallIntegerField()
    hours = models.PositiveSmallIntegerField()
    opened_by = models.UUIDField(null=True)
    opened_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)  # a person of the tenant, or the operator; null where its time was over
    closed_at = models.DateTimeField(null=True)
    closed_how = models.CharField(max_length=20, choices=How, blank=True, default="")

    class Meta:
        db_table = "support_access"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(level__in=[int(level) for level in SupportLevel]), name="support_level_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(opened_at__isnull=True) | models.Q(ends_at__isnull=False, opened_by__isnull=False),
                name="support_that_is_open_ends",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "created_at"], name="support_by_time")]

    @property
    def is_asked(self) -> bool:
        return self.opened_at is None and self.closed_at is None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and self.ends_at is not None and self.ends_at > timezone.now()

    @property
    def state(self) -> str:
        """asked, open, or how it came to its end."""
        if self.closed_at is not None:
            return self.closed_how
        return "asked" if self.is_asked else "open" if self.is_open else str(How.OVER)


class SupportReach(TenantModel):
    """A collection that was named."""

    access = TenantKey(SupportAccess, related_name="reach")
    resource = TenantKey(Resource, related_name="+")

    class Meta:
        db_table = "support_reach"
        constraints = [models.UniqueConstraint(fields=["tenant", "access", "resource"], name="support_reach_once")]
