"""A document may be narrower than its collection: for named readers alone, or under a label of its own."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import deletion

KEY = {"db_constraint": False, "on_delete": deletion.DO_NOTHING}


class Migration(migrations.Migration):
    dependencies = [
        ("ingestion", "0021_custom_roles"),
        ("governance", "0046_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("collection", "label", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.AddField("document", "is_restricted", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("document", "label", models.PositiveSmallIntegerField(null=True)),
        migrations.AddIndex(
            "document",
            models.Index(
                fields=["tenant", "collection"],
                condition=models.Q(("is_restricted", True), ("label__isnull", False), _connector="OR"),
                name="document_narrowed",
            ),
        ),
        migrations.AddIndex(
            "document",
            models.Index(
                fields=["tenant", "parent"], condition=models.Q(("parent__isnull", False)), name="document_parts"
            ),
        ),
        migrations.CreateModel(
            "Reader",
            [
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("named_by", models.UUIDField(null=True)),
                ("collection", models.ForeignKey(related_name="+", to="ingestion.collection", **KEY)),
                ("document", models.ForeignKey(related_name="readers", to="ingestion.document", **KEY)),
                ("group", models.ForeignKey(null=True, related_name="+", to="governance.group", **KEY)),
                ("person", models.ForeignKey(null=True, related_name="+", to=settings.AUTH_USER_MODEL, **KEY)),
                (
                    "tenant",
                    models.ForeignKey(on_delete=deletion.DO_NOTHING, related_name="+", to="governance.tenant"),
                ),
            ],
            options={
                "db_table": "document_reader",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("person__isnull", False), ("group__isnull", False), _connector="XOR"),
                        name="document_reader_is_one",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "document", "person", "group"),
                        name="document_reader_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
    ]
