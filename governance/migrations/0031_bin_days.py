"""How long a deleted document can be restored."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0030_who_calls")]

    operations = [
        migrations.AddField("tenant", "bin_days", models.PositiveSmallIntegerField(default=30, db_default=30)),
    ]
