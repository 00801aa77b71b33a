"""What a document counts for among those that speak of the same, from when its text counts, and how fast it ages."""

from __future__ import annotations

from django.db import migrations, models

LEVELS = [("authoritative", "Authoritative"), ("ordinary", "Ordinary"), ("superseded", "Superseded")]


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0027_narrowing_remembered")]

    operations = [
        migrations.AddField(
            "document",
            "authority",
            models.CharField(choices=LEVELS, db_default="ordinary", default="ordinary", max_length=20),
        ),
        migrations.AddField("version", "dated", models.DateTimeField(null=True)),
        migrations.AddField("collection", "half_life_days", models.PositiveIntegerField(db_default=0, default=0)),
    ]
