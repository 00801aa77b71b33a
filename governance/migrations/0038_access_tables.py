from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

BASICS = [
    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
    ("created_at", models.DateTimeField(auto_now_add=True)),
    (
        "tenant",
        models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"),
    ),
]


def within(to: str, related: str, *, null: bool = False) -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        to, django.db.models.deletion.DO_NOTHING, db_constraint=False, related_name=related, null=null
    )


class Migration(migrations.Migration):
    dependencies = [("governance", "0037_provider_sessions")]

    operations = [
        migrations.AddField("grant", "ends_at", models.DateTimeField(null=True)),
        migrations.AddField("grant", "source", models.CharField(max_length=20, default="manual", db_default="manual")),
        migrations.AddField("roleassignment", "ends_at", models.DateTimeField(null=True)),
        migrations.AddField("roleassignment", "given_by", models.UUIDField(null=True)),
        migrations.CreateModel(
            name="CustomRole",
            fields=[
                *BASICS,
                ("name", models.CharField(max_length=200)),
                (
                    "actions",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
            ],
            options={
                "db_table": "custom_role",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="custom_role_name_once_a_tenant")
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomRoleAssignment",
            fields=[
                *BASICS,
                ("role", within("governance.customrole", "assignments")),
                ("person", within(settings.AUTH_USER_MODEL, "custom_roles", null=True)),
                ("group", within("governance.group", "custom_roles", null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("given_by", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "custom_role_assignment",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "role", "person", "group"),
                        name="custom_role_once_a_holder",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("person__isnull", True), ("group__isnull", True), _connector="XOR"),
                        name="custom_role_has_one_holder",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessHistory",
            fields=[
                *BASICS,
                ("kind", models.CharField(max_length=40)),
                ("row", models.UUIDField()),
                ("person", models.UUIDField(null=True)),
                ("group", models.UUIDField(null=True)),
                ("resource", models.UUIDField(null=True)),
                ("said", models.JSONField()),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "access_history",
                "indexes": [
                    models.Index(fields=["tenant", "kind", "row"], name="access_history_by_row"),
                    models.Index(fields=["tenant", "person", "kind"], name="access_history_by_person"),
                    models.Index(fields=["tenant", "resource", "kind"], name="access_history_by_resource"),
                ],
            },
        ),
    ]
