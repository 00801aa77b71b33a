"""What a request made that its client named, so that it is not done twice. For a day, each person's own."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance import rls


class Migration(migrations.Migration):
    dependencies = [("assistant", "0018_embedded"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("made", models.UUIDField()),
                ("outcome", models.CharField(blank=True, default="", max_length=20)),
                ("lease_until", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
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
                "db_table": "idempotent_request",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "person", "name"), name="idempotent_request_once_a_person"
                    )
                ],
            },
        ),
        rls.same_tenant("idempotent_request", "person_id", "person"),
        rls.isolate("idempotent_request", read=rls.OWN, write=rls.OWN),
    ]
