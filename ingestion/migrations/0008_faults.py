"""Attempts that failed are counted apart from those whose worker was killed."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0007_parts")]

    operations = [migrations.AddField("version", "faults", models.PositiveIntegerField(default=0))]
