"""How long each step of an answer took."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assistant", "0015_asked")]

    operations = [migrations.AddField("answer", "times", models.JSONField(default=dict, db_default={}))]
