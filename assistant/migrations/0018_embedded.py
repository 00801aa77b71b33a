"""Where an assistant may be embedded."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assistant", "0017_assistants")]

    operations = [
        migrations.AddField(
            "composed",
            "origins",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200), db_default=[], default=list
            ),
        )
    ]
