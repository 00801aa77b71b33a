"""What a document was called before: whoever wrote of it may know it by that."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0029_graphs")]

    operations = [
        migrations.AddField(
            "document", "former_names", ArrayField(models.CharField(max_length=255), db_default=[], default=list)
        ),
    ]
