"""What may be asked for, and what was asked; grants of requests stand beside what is held otherwise."""

from __future__ import annotations

import uuid

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models
from django.db.models import deletion

BASICS = [
    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
    ("created_at", models.DateTimeField(auto_now_add=True)),
    ("tenant", models.ForeignKey(on_delete=deletion.DO_NOTHING, related_name="+", to="governance.tenant")),
]
KEY = {"db_constraint": False, "on_delete": deletion.DO_NOTHING, "related_name": "+"}


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0048_provider_custom_role"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("grant", "grant_once_a_holder"),
        migrations.AddConstraint(
            "grant",
            models.UniqueConstraint(
                fields=("tenant", "resource", "person", "group", "denies"),
                condition=models.Q(("source__in", ["manual", "owner"])),
                name="grant_once_a_holder",
                nulls_distinct=False,
            ),
        ),
        migrations.CreateModel(
            "Offer",
            [
                *BASICS,
                ("title", models.CharField(max_length=200)),
                ("summary", models.CharField(blank=True, max_length=300)),
                ("level_most", models.PositiveSmallIntegerField()),
                ("approvals", models.PositiveSmallIntegerField()),
                ("days_most", models.PositiveSmallIntegerField()),
                ("lapse_days", models.PositiveSmallIntegerField()),
                (
                    "groups",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("offered_by", models.UUIDField(null=True)),
                ("approvers", models.ForeignKey(null=True, to="governance.group", **KEY)),
                ("resource", models.ForeignKey(to="governance.resource", **KEY)),
            ],
            options={
                "db_table": "access_offer",
                "constraints": (
                    models.UniqueConstraint(fields=("tenant", "resource"), name="access_offer_once_a_resource"),
                    models.CheckConstraint(
                        condition=models.Q(("level_most__in", [1, 2])), name="access_offer_level_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approvals__gte", 1), ("approvals__lte", 2)),
                        name="access_offer_takes_one_or_two",
                    ),
                ),
            },
        ),
        migrations.CreateModel(
            "AccessRequest",
            [
                *BASICS,
                ("title", models.CharField(max_length=200)),
                ("level", models.PositiveSmallIntegerField()),
                ("days", models.PositiveSmallIntegerField()),
                ("reason", models.CharField(max_length=1000)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Lapsed"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("lapses_at", models.DateTimeField()),
                ("approvals", models.JSONField(default=list)),
                (
                    "deciders",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=1000)),
                ("decided_at", models.DateTimeField(null=True)),
                ("given_level", models.PositiveSmallIntegerField(null=True)),
                ("given_until", models.DateTimeField(null=True)),
                ("grant", models.UUIDField(null=True)),
                ("person", models.ForeignKey(to=settings.AUTH_USER_MODEL, **KEY)),
                ("resource", models.ForeignKey(to="governance.resource", **KEY)),
            ],
            options={
                "db_table": "access_request",
                "indexes": (
                    models.Index(
                        condition=models.Q(("status", "open")), fields=["tenant"], name="access_request_open"
                    ),
                    models.Index(fields=["tenant", "person", "created_at"], name="access_request_by_person"),
                    models.Index(fields=["tenant", "grant"], name="access_request_by_grant"),
                ),
                "constraints": (
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("tenant", "person", "resource"),
                        name="access_request_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "approved", "refused", "withdrawn", "lapsed"])),
                        name="access_request_status_is_known",
                    ),
                ),
            },
        ),
    ]
