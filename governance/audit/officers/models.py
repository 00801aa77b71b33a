"""Tables of the officers' desk. No word of anybody's stands in them in clear: what an officer writes is in the record's payloads,
or sealed as those are.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from governance.models import TenantKey, TenantModel


class Opening(TenantModel):
    """Asked for by one officer, decided by another. `target` is an interaction, one event, or a case's bundle."""

    WAITING: ClassVar[str] = "waiting"
    APPROVED: ClassVar[str] = "approved"
    DECLINED: ClassVar[str] = "declined"

    kind = models.CharField(max_length=20)
    target = models.UUIDField()
    asked_by = models.UUIDField()
    event = models.UUIDField()  # whose payload says why
    status = models.CharField(max_length=20, default=WAITING)
    expires_at = models.DateTimeField()  # of the question while it waits, of the approval once there is one
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "record_opening"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["interaction", "event", "case"])
                & models.Q(status__in=["waiting", "approved", "declined"]),
                name="record_opening_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status="waiting", decided_by=None, decided_at=None)
                | (~models.Q(status="waiting") & models.Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="record_opening_was_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("asked_by")),
                name="record_opening_takes_two",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "expires_at"], name="record_opening_waiting"),
            models.Index(fields=["tenant", "asked_by", "target"], name="record_opening_of"),
        ]


class Case(TenantModel):
    """`sealed` holds its title, encrypted as payloads are; `query` the filters it was made from, ids and times alone."""

    sealed = models.BinaryField()
    query = models.CharField(max_length=2000, blank=True)
    created_by = models.UUIDField(null=True)
    hold = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "record_case"
        indexes = [models.Index(fields=["tenant", "-created_at"], name="record_case_by_time")]


class CaseItem(TenantModel):
    """An interaction that a case is about."""

    case = TenantKey(Case, related_name="items")
    interaction = models.UUIDField()
    added_by = models.UUIDField(null=True)

    class Meta:
        db_table = "record_case_item"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "case", "interaction"], name="record_case_item_once"),
        ]
        indexes = [models.Index(fields=["tenant", "interaction"], name="record_case_item_of")]
