"""Tables of a tenant's own roles, and of the history of all that access rests on."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Group, Person, TenantKey, TenantModel


class CustomRole(TenantModel):
    """A tenant's own role: a name and actions out of `governance.roles.CUSTOM_ACTIONS`."""

    name = models.CharField(max_length=200)
    actions = ArrayField(models.CharField(max_length=40))

    class Meta:
        db_table = "custom_role"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="custom_role_name_once_a_tenant")]

    def __str__(self) -> str:
        return self.name


class CustomRoleAssignment(TenantModel):
    role = TenantKey(CustomRole, related_name="assignments")
    person = TenantKey(Person, null=True, related_name="custom_roles")
    group = TenantKey(Group, null=True, related_name="custom_roles")
    ends_at = models.DateTimeField(null=True)
    given_by = models.UUIDField(null=True)

    class Meta:
        db_table = "custom_role_assignment"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "role", "person", "group"], name="custom_role_once_a_holder", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) ^ models.Q(group__isnull=True),
                name="custom_role_has_one_holder",
            ),
        ]


class AccessHistory(TenantModel):
    """What a row that access rests on said, and from when to when. Postgres writes it, whoever changes the row."""

    kind = models.CharField(max_length=40)  # the table
    row = models.UUIDField()
    # Whom and what it is about, out of `said`: to be found by. No keys, since it outlives them.
    person = models.UUIDField(null=True)
    group = models.UUIDField(null=True)
    resource = models.UUIDField(null=True)
    said = models.JSONField()
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_history"
        indexes = [
            models.Index(fields=["tenant", "kind", "row"], name="access_history_by_row"),
            models.Index(fields=["tenant", "person", "kind"], name="access_history_by_person"),
            models.Index(fields=["tenant", "resource", "kind"], name="access_history_by_resource"),
        ]
