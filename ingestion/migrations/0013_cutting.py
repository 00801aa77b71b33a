"""How a collection's documents are cut, which of them were cut how, and since when they are being read again."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0012_bin_and_case_file")]

    operations = [
        migrations.AddField("collection", "cutting", models.JSONField(default=dict, db_default={})),
        migrations.AddField("collection", "reread_at", models.DateTimeField(null=True)),
        # What is there was cut by what are the defaults.
        migrations.AddField(
            "version", "cut", models.CharField(blank=True, db_default="180/230/1111", default="", max_length=40)
        ),
    ]
