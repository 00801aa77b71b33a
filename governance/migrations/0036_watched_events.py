"""A target that is told of some events alone: a webhook for another tool, beside the copies of the whole record."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0035_local_accounts")]

    operations = [
        migrations.AddField(
            "forwardtarget",
            "only",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60), db_default=[], default=list
            ),
        )
    ]
