"""Which parts of the understanding of a question its person switched off."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assistant", "0007_answers_run")]

    operations = [
        migrations.AddField("answer", "understanding", models.JSONField(default=dict, db_default={})),
    ]
