"""Tables of the policy's ledger and replays. Reached as `governance.models.PolicyDecision`, like all of the ground's."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import TenantModel


class PolicyDecision(TenantModel):
    """The ledger: what each rule said of one text, or in one row without a rule that none had anything to say.

    It holds offsets, never the text. A row is written once, with the event that it belongs to.
    """

    interaction = models.UUIDField()
    event = models.UUIDField(null=True)  # the policy.decided event; rows from before it was kept name none
    person = models.UUIDField(null=True)  # who had it judged; none for the tenant's own background work
    collection = models.UUIDField(null=True)  # where the passage or document stands
    stage = models.CharField(max_length=20)
    subject_id = models.UUIDField(null=True)  # the passage or document, where the text was not a person's
    part = models.CharField(max_length=40, default="")  # of several texts that came together, which one
    rule = models.CharField(max_length=80)
    policy_version = models.PositiveIntegerField()
    policy_sha256 = models.CharField(max_length=64, default="")  # empty where it was decided before versions had one
    detector = models.CharField(max_length=40)
    action = models.CharField(max_length=20)
    score = models.FloatField()
    threshold = models.FloatField()
    reason = models.CharField(max_length=500)
    spans = models.JSONField(default=list)
    latency_ms = models.FloatField()
    error = models.CharField(max_length=200, default="")  # what failed, where the detector did

    class Meta:
        db_table = "policy_decision"
        indexes = [
            models.Index(fields=["tenant", "interaction"], name="policy_decision_of"),
            models.Index(fields=["tenant", "-created_at", "-id"], name="policy_decision_by_time"),
            models.Index(fields=["tenant", "action", "-created_at"], name="policy_decision_by_action"),
            models.Index(fields=["tenant", "rule", "-created_at"], name="policy_decision_by_rule"),
            models.Index(fields=["tenant", "person", "-created_at"], name="policy_decision_by_person"),
        ]

    @property
    def is_error(self) -> bool:
        return bool(self.error)


class ReplayStatus(models.TextChoices):
    QUEUED = "queued"  # or between two stretches
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class PolicyReplay(TenantModel):
    """A draft held against what was recorded in a period. `found` is put down after every batch; `report` is its end.

    `rules` are the draft's as they were when it began: whatever is written on the draft meanwhile, one replay tries one policy.
    """

    person = models.UUIDField()  # who started it, and whose right to it is asked again at every stretch
    draft = models.UUIDField()  # the version
    draft_number = models.PositiveIntegerField()
    draft_sha256 = models.CharField(max_length=64)
    rules = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    stages = ArrayField(models.CharField(max_length=20))
    status = models.CharField(max_length=20, choices=ReplayStatus, default=ReplayStatus.QUEUED)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)  # since the last batch that was kept
    total = models.PositiveIntegerField(default=0)  # events of the period that something begins with
    seen = models.PositiveIntegerField(default=0)
    place = models.JSONField(default=dict)  # after which of them it goes on
    found = models.JSONField(default=dict)  # see governance.policy.replay.tally
    report = models.BinaryField(null=True)
    report_sha256 = models.CharField(max_length=64, default="")
    fault = models.CharField(max_length=40, default="")
    finished_at = models.DateTimeField(null=True)
    signed_by = models.UUIDField(null=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "policy_replay"
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="policy_replay_by_time"),
            models.Index(fields=["status", "lease_until"], name="policy_replay_due"),
        ]

    @property
    def is_under_way(self) -> bool:
        return self.status in {ReplayStatus.QUEUED, ReplayStatus.RUNNING}

    @property
    def percent(self) -> int:
        return 100 * self.seen // self.total if self.total else 0
