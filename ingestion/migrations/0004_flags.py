"""What a document carries beside its words: macros, scripts, files within it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0003_orders_and_classification")]

    operations = [migrations.AddField("version", "flags", models.JSONField(default=list))]
