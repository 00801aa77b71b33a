"""What text recognition has read of a version's pages, until its passages are stored."""

from __future__ import annotations

import uuid

from django.db import migrations, models
from django.db.models import deletion

from governance import rls


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0010_source_isolation")]

    operations = [
        migrations.CreateModel(
            "Recognised",
            [
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.PositiveIntegerField()),
                ("page", models.JSONField()),
                (
                    "tenant",
                    models.ForeignKey(on_delete=deletion.DO_NOTHING, related_name="+", to="governance.tenant"),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False, on_delete=deletion.DO_NOTHING, related_name="+", to="ingestion.version"
                    ),
                ),
            ],
            options={"db_table": "recognised"},
        ),
        migrations.AddConstraint(
            "Recognised",
            models.UniqueConstraint(fields=["tenant", "version", "number"], name="recognised_once_a_page"),
        ),
        rls.same_tenant("recognised", "version_id", "version", "CASCADE"),
        rls.isolate("recognised", read=rls.SYSTEM, write=rls.SYSTEM),
    ]
