"""A collection that belongs to one thing above it, such as a conversation: listed nowhere."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0017_strictness")]

    operations = [
        migrations.AddField("collection", "bound_to", models.UUIDField(null=True)),
        migrations.AddConstraint(
            "collection",
            models.UniqueConstraint(
                fields=["tenant", "bound_to"],
                condition=models.Q(deleted_at=None, bound_to__isnull=False),
                name="collection_bound_once",
            ),
        ),
    ]
