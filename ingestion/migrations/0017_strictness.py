"""How sure an answer from a collection has to be, and which of its gaps were closed when."""

from __future__ import annotations

from django.db import migrations, models

LEVELS = [("lenient", "Lenient"), ("balanced", "Balanced"), ("strict", "Strict")]


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0016_collections_binned")]

    operations = [
        migrations.AddField(
            "collection",
            "strictness",
            models.CharField(choices=LEVELS, db_default="balanced", default="balanced", max_length=20),
        ),
        migrations.AddField("collection", "gaps_closed", models.JSONField(db_default={}, default=dict)),
    ]
