"""What may be asked for, and what was asked."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from governance.models import Group, Person, Resource, TenantKey, TenantModel
from governance.roles import Level


class Offer(TenantModel):
    """That a resource may be asked for. Its title and line are all that is shown of it."""

    resource = TenantKey(Resource, related_name="+")
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    level_most = models.PositiveSmallIntegerField()  # the highest that may be asked for
    approvals = models.PositiveSmallIntegerField()  # how many it takes
    days_most = models.PositiveSmallIntegerField()  # for how long at most
    lapse_days = models.PositiveSmallIntegerField()  # a request that nobody decided ends after so many
    approvers = TenantKey(Group, null=True, related_name="+")  # who decides; null for those who manage it
    groups = ArrayField(models.UUIDField(), default=list)  # to whom it is shown; empty for everybody
    offered_by = models.UUIDField(null=True)

    class Meta:
        db_table = "access_offer"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "resource"], name="access_offer_once_a_resource"),
            models.CheckConstraint(
                condition=models.Q(level_most__in=[int(Level.READ), int(Level.CONTRIBUTE)]),
                name="access_offer_level_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(approvals__gte=1, approvals__lte=2), name="access_offer_takes_one_or_two"
            ),
        )

    def __str__(self) -> str:
        return self.title


class Status(models.TextChoices):
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by whoever asked
    LAPSED = "lapsed"  # nobody decided in time, or it is offered no more


class AccessRequest(TenantModel):
    """`approvals` are {"person", "level", "days", "at"}, oldest first; `deciders` all who approved or refused."""

    resource = TenantKey(Resource, related_name="+")
    person = TenantKey(Person, related_name="+")
    title = models.CharField(max_length=200)  # as it was offered
    level = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=1000)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    lapses_at = models.DateTimeField()
    approvals = models.JSONField(default=list)
    deciders = ArrayField(models.UUIDField(), default=list)
    answer = models.CharField(max_length=1000, blank=True)  # the words of whoever refused
    decided_at = models.DateTimeField(null=True)
    given_level = models.PositiveSmallIntegerField(null=True)
    given_until = models.DateTimeField(null=True)
    grant = models.UUIDField(null=True)  # no key: it outlives the grant

    class Meta:
        db_table = "access_request"
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "person", "resource"],
                condition=models.Q(status="open"),
                name="access_request_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["open", "approved", "refused", "withdrawn", "lapsed"]),
                name="access_request_status_is_known",
            ),
        )
        indexes = (
            models.Index(fields=["tenant"], condition=models.Q(status="open"), name="access_request_open"),
            models.Index(fields=["tenant", "person", "created_at"], name="access_request_by_person"),
            models.Index(fields=["tenant", "grant"], name="access_request_by_grant"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status == Status.OPEN and self.lapses_at > timezone.now()

    @property
    def standing(self) -> str:
        """Its status as of now: what nobody decided in time has lapsed, written down or not."""
        return str(Status.LAPSED) if self.status == Status.OPEN and not self.is_open else str(self.status)
