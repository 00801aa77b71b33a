"""What came of each question of a run stands in a row of its own: a run that goes on rewrites nothing it has written."""

from __future__ import annotations

import uuid

from django.db import migrations, models
from django.db.models import deletion

from governance import rls

# Whoever sees and changes a run, its questions too.
THEIRS = "run_id IN (SELECT id FROM set_run)"
# The owner is under row-level security too, and sees no row: for these statements, inside one transaction, it is not.
COPY = """
ALTER TABLE set_run NO FORCE ROW LEVEL SECURITY;
INSERT INTO set_asked (id, created_at, tenant_id, run_id, number, line, told)
SELECT gen_random_uuid(), r.created_at, r.tenant_id, r.id, l.nth - 1, l.line, r.rows -> (l.nth - 1)::integer
FROM set_run r CROSS JOIN LATERAL jsonb_array_elements(r.lines) WITH ORDINALITY l(line, nth);
ALTER TABLE set_run FORCE ROW LEVEL SECURITY;
"""
BACK = """
ALTER TABLE set_run NO FORCE ROW LEVEL SECURITY;
UPDATE set_run r SET (lines, rows) = (
    SELECT coalesce(jsonb_agg(a.line ORDER BY a.number), '[]'),
           coalesce(jsonb_agg(a.told ORDER BY a.number) FILTER (WHERE a.told IS NOT NULL), '[]')
    FROM set_asked a WHERE a.tenant_id = r.tenant_id AND a.run_id = r.id
);
ALTER TABLE set_run FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0014_saved_prompts")]

    operations = [
        migrations.CreateModel(
            "SetAsked",
            [
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.PositiveIntegerField()),
                ("line", models.JSONField()),
                ("told", models.JSONField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False, on_delete=deletion.DO_NOTHING, related_name="+", to="assistant.setrun"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=deletion.DO_NOTHING, related_name="+", to="governance.tenant"),
                ),
            ],
            options={
                "db_table": "set_asked",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "run", "number"), name="set_asked_once_a_run")
                ],
            },
        ),
        rls.addressable("set_run"),
        rls.same_tenant("set_asked", "run_id", "set_run", "CASCADE"),
        migrations.RunSQL(COPY, BACK),
        rls.isolate("set_asked", read=THEIRS, write=THEIRS),
        migrations.RemoveField("setrun", "lines"),
        migrations.RemoveField("setrun", "rows"),
    ]
