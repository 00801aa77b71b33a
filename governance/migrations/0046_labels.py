"""Classification labels of a tenant's own, and how far up people and groups are cleared."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import deletion

from governance import rls

KEY = {"db_constraint": False, "on_delete": deletion.DO_NOTHING, "related_name": "+"}
ADMINS = f"((SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"

# 32767 where nobody is held back. The tenant's default, and what one of them, or a group of theirs, is cleared for further.
CLEARANCE = """
SELECT CASE
    WHEN chancery.is_system() OR t.clearance IS NULL THEN 32767
    ELSE greatest(t.clearance, (
        SELECT max(c.rank) FROM public.clearance c
        WHERE c.tenant_id = t.id AND (
            c.person_id = chancery.person()
            OR c.group_id IN (SELECT m.group_id FROM public.membership m
                              WHERE m.tenant_id = t.id AND m.person_id = chancery.person()))))
END::integer FROM public.tenant t WHERE t.id = chancery.tenant()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0045_directory_isolation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("tenant", "clearance", models.PositiveSmallIntegerField(null=True)),
        migrations.CreateModel(
            "Label",
            [
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("rank", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=60)),
                (
                    "tenant",
                    models.ForeignKey(on_delete=deletion.DO_NOTHING, related_name="+", to="governance.tenant"),
                ),
            ],
            options={
                "db_table": "label",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "rank"), name="label_rank_once_a_tenant"),
                    models.UniqueConstraint(fields=("tenant", "name"), name="label_name_once_a_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            "Clearance",
            [
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("rank", models.PositiveSmallIntegerField()),
                ("group", models.ForeignKey(null=True, to="governance.group", **KEY)),
                ("person", models.ForeignKey(null=True, to=settings.AUTH_USER_MODEL, **KEY)),
                (
                    "tenant",
                    models.ForeignKey(on_delete=deletion.DO_NOTHING, related_name="+", to="governance.tenant"),
                ),
            ],
            options={
                "db_table": "clearance",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("person__isnull", False), ("group__isnull", False), _connector="XOR"),
                        name="clearance_of_one",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "person", "group"), name="clearance_once", nulls_distinct=False
                    ),
                ],
            },
        ),
        rls.same_tenant("clearance", "person_id", "person", "CASCADE"),
        rls.same_tenant("clearance", "group_id", '"group"', "CASCADE"),
        rls.isolate("label", write=ADMINS),
        rls.isolate("clearance", read=ADMINS, write=ADMINS),
        migrations.RunSQL(
            "GRANT SELECT ON clearance TO chancery_door", "REVOKE SELECT ON clearance FROM chancery_door"
        ),
        rls.door("chancery.clearance()", CLEARANCE, returns="integer"),
    ]
