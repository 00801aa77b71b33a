"""Limits, what is taken of them day by day, prices of models, and which limits somebody was told of."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Group, Person, TenantKey, TenantModel
from governance.service_accounts.models import ApiKey


class Measure(models.TextChoices):
    """What is counted, and in which whole numbers it is kept."""

    TOKENS = "tokens"
    SECONDS = "seconds"  # that a model was at work: kept in milliseconds
    MONEY = "money"  # in the tenant's currency: kept in billionths


class Per(models.TextChoices):
    """Days and months are those of UTC."""

    DAY = "day"
    MONTH = "month"


ALERT_AT = (80, 100)  # percents, where nobody says otherwise


class Allowance(TenantModel):
    """How much may be taken in a day or a month: by a key, a group, a person or a model, or by the whole tenant if by none.

    With `is_each` it holds for every person of the group or of the tenant by themselves. `most` is in the measure's own
    whole numbers; at each of `alert_at`, percents of it, the admins are told.
    """

    key = TenantKey(ApiKey, null=True, related_name="allowances")
    group = TenantKey(Group, null=True, related_name="+")
    person = TenantKey(Person, null=True, related_name="+")
    model = models.CharField(max_length=100, default="", db_default="", blank=True)
    is_each = models.BooleanField(default=False, db_default=False)
    measure = models.CharField(max_length=10, choices=Measure, default=Measure.TOKENS, db_default="tokens")
    per = models.CharField(max_length=10, choices=Per, default=Per.DAY, db_default="day")
    most = models.BigIntegerField()
    alert_at = ArrayField(models.PositiveSmallIntegerField(), default=list, db_default=[])

    class Meta:
        db_table = "allowance"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key", "group", "person", "model", "is_each", "measure", "per"],
                nulls_distinct=False,
                name="allowance_once",
            ),
            models.CheckConstraint(
                condition=models.Q(key__isnull=True, group__isnull=True, person__isnull=True)
                | models.Q(key__isnull=True, group__isnull=True, model="")
                | models.Q(key__isnull=True, person__isnull=True, model="")
                | models.Q(group__isnull=True, person__isnull=True, model=""),
                name="allowance_of_one",
            ),
            models.CheckConstraint(
                condition=models.Q(is_each=False) | models.Q(key__isnull=True, person__isnull=True, model=""),
                name="allowance_each_of_people",
            ),
            models.CheckConstraint(condition=models.Q(most__gte=0), name="allowance_is_an_amount"),
        ]

    @property
    def is_of_tokens_a_day(self) -> bool:
        return self.measure == Measure.TOKENS and self.per == Per.DAY


class Spent(TenantModel):
    """What one subject has used on one day, and what is set aside for it beside that.

    `kind` is tenant, person, group, key or model, `subject` its id (a model's name, and nothing for the tenant). A row is
    changed in the transaction that changes a reservation, so that the sums of both are the same at every moment.
    """

    day = models.DateField()
    kind = models.CharField(max_length=10)
    subject = models.CharField(max_length=100, blank=True)
    tokens = models.BigIntegerField(default=0)
    ms = models.BigIntegerField(default=0)
    nanos = models.BigIntegerField(default=0)
    held_tokens = models.BigIntegerField(default=0)
    held_ms = models.BigIntegerField(default=0)
    held_nanos = models.BigIntegerField(default=0)

    class Meta:
        db_table = "spent"
        constraints = [models.UniqueConstraint(fields=["tenant", "kind", "subject", "day"], name="spent_once_a_day")]


class Price(TenantModel):
    """Of a model: millionths of the tenant's currency for 1,000 tokens, which is billionths for one."""

    model = models.CharField(max_length=100)
    read = models.BigIntegerField()
    written = models.BigIntegerField()

    class Meta:
        db_table = "price"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "model"], name="price_once_a_model"),
            models.CheckConstraint(condition=models.Q(read__gte=0, written__gte=0), name="price_is_an_amount"),
        ]


class QuotaAlert(TenantModel):
    """That a limit had come to `percent` of `most` in the window that begins at `since`: once, whoever comes over it next.

    A limit that was raised is another amount to come near to, and is told of anew.
    """

    kind = models.CharField(max_length=10)
    subject = models.CharField(max_length=100, blank=True)
    is_each = models.BooleanField(default=False)
    measure = models.CharField(max_length=10, choices=Measure)
    per = models.CharField(max_length=10, choices=Per)
    since = models.DateField()
    percent = models.PositiveSmallIntegerField()
    most = models.BigIntegerField()

    class Meta:
        db_table = "quota_alert"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "subject", "measure", "per", "since", "percent", "most"],
                name="quota_alert_once",
            )
        ]
