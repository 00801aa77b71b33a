"""Directories that provision people and groups over SCIM: their tokens, what they keep, and what was refused to them."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0043_service_isolation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Directory",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=80)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "directory",
            },
        ),
        migrations.CreateModel(
            name="DirectoryEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("standing", models.CharField(default="live", max_length=10)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("user_name", models.CharField(blank=True, max_length=255)),
                ("attributes", models.JSONField(default=dict)),
                ("active", models.BooleanField(null=True)),
                ("holds_off", models.BooleanField(default=False)),
                ("was_made", models.BooleanField(default=False)),
                ("number", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                (
                    "directory",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="entries",
                        to="governance.directory",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="directory_entries",
                        to="governance.group",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="directory_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "directory_entry",
            },
        ),
        migrations.CreateModel(
            name="DirectoryFault",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("method", models.CharField(max_length=10)),
                ("kind", models.CharField(max_length=20)),
                ("target", models.CharField(blank=True, max_length=255)),
                ("status", models.PositiveSmallIntegerField()),
                ("detail", models.CharField(max_length=500)),
                ("about", models.UUIDField(null=True)),
                (
                    "directory",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="faults",
                        to="governance.directory",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "directory_fault",
            },
        ),
        migrations.CreateModel(
            name="DirectoryToken",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("hash", models.CharField(max_length=64)),
                ("prefix", models.CharField(max_length=16)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "directory",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="tokens",
                        to="governance.directory",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "directory_token",
            },
        ),
        migrations.AddConstraint(
            model_name="directory",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="directory_name_once"),
        ),
        migrations.AddIndex(
            model_name="directoryentry",
            index=models.Index(fields=["tenant", "directory", "external_id"], name="directory_entry_by_external"),
        ),
        migrations.AddIndex(
            model_name="directoryentry",
            index=models.Index(fields=["tenant", "directory", "created_at"], name="directory_entry_in_order"),
        ),
        migrations.AddConstraint(
            model_name="directoryentry",
            constraint=models.UniqueConstraint(fields=("tenant", "person"), name="directory_entry_once_a_person"),
        ),
        migrations.AddConstraint(
            model_name="directoryentry",
            constraint=models.UniqueConstraint(fields=("tenant", "group"), name="directory_entry_once_a_group"),
        ),
        migrations.AddConstraint(
            model_name="directoryentry",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                models.F("directory"),
                django.db.models.functions.text.Lower("user_name"),
                condition=models.Q(("person__isnull", False), models.Q(("standing", "gone"), _negated=True)),
                name="directory_user_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="directoryentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("person__isnull", True), ("group__isnull", True), _connector="XOR"),
                name="directory_entry_is_of_one",
            ),
        ),
        migrations.AddIndex(
            model_name="directoryfault",
            index=models.Index(fields=["tenant", "directory", "created_at"], name="directory_fault_in_order"),
        ),
        migrations.AddIndex(
            model_name="directorytoken",
            index=models.Index(fields=["hash"], name="directory_token_by_hash"),
        ),
        migrations.AddConstraint(
            model_name="directorytoken",
            constraint=models.UniqueConstraint(fields=("tenant", "hash"), name="directory_token_hash_once"),
        ),
    ]
