"""Which label an answer carries: the highest of what the model read for it, as it was called then."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assistant", "0021_open_reservations")]

    operations = [migrations.AddField("answer", "label", models.JSONField(db_default={}, default=dict))]
