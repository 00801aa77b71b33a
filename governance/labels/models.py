"""A tenant's labels, and how far up people and groups are cleared."""

from __future__ import annotations

from django.db import models

from governance.models import Group, Person, TenantKey, TenantModel


class Label(TenantModel):
    """One of the tenant's ordered list. Documents carry the rank, so that another name is another word for the same."""

    rank = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)

    class Meta:
        db_table = "label"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "rank"], name="label_rank_once_a_tenant"),
            models.UniqueConstraint(fields=["tenant", "name"], name="label_name_once_a_tenant"),
        )

    def __str__(self) -> str:
        return self.name


class Clearance(TenantModel):
    """Up to which rank a person, or everybody in a group, is cleared, where that is further than the tenant's default."""

    person = TenantKey(Person, null=True, related_name="+")
    group = TenantKey(Group, null=True, related_name="+")
    rank = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "clearance"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) ^ models.Q(group__isnull=False), name="clearance_of_one"
            ),
            models.UniqueConstraint(fields=["tenant", "person", "group"], name="clearance_once", nulls_distinct=False),
        )
