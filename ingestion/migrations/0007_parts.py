"""Documents within documents: which one they came in, and under which path."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import deletion

from governance import rls


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0006_indexes")]

    operations = [
        migrations.AddField(
            "document",
            "parent",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=deletion.DO_NOTHING,
                related_name="parts",
                to="ingestion.document",
            ),
        ),
        migrations.AddField(
            "document", "path", models.CharField(max_length=500, blank=True, default="", db_default="")
        ),
        migrations.AddField(
            "document",
            "named_by",
            models.ForeignKey(
                db_constraint=False, null=True, on_delete=deletion.DO_NOTHING, related_name="+", to="ingestion.version"
            ),
        ),
        migrations.AddField("version", "skipped", models.JSONField(default=list, db_default=[])),
        migrations.AddConstraint(
            "document",
            models.UniqueConstraint(
                fields=["tenant", "parent", "path"],
                condition=models.Q(parent__isnull=False),
                name="part_once_a_document",
            ),
        ),
        # A document goes only after its parts: each has a file to remove and an end to record.
        rls.same_tenant("document", "parent_id", "document"),
        rls.same_tenant("document", "named_by_id", "version", "SET NULL (named_by_id)"),
    ]
