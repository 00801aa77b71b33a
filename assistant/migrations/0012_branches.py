"""A conversation becomes a tree: each question knows the turn that it stands after, and by which model it was to be answered."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from governance import rls

# A turn that is there already stands after the last one that was shown when it was asked. What its question took the place
# of was hidden in the same transaction, a moment after the row was made. The owner is under row-level security too, and
# sees no row: for these statements, inside one transaction, it is not.
AFTER = """
ALTER TABLE answer NO FORCE ROW LEVEL SECURITY;
UPDATE answer a SET after_id = (
    SELECT b.id FROM answer b
    WHERE b.tenant_id = a.tenant_id AND b.conversation_id = a.conversation_id AND b.created_at < a.created_at
      AND (b.superseded_at IS NULL OR b.superseded_at > a.created_at + interval '1 second')
    ORDER BY b.created_at DESC LIMIT 1
);
ALTER TABLE answer FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0011_support_and_gaps")]

    operations = [
        migrations.AddField(
            "answer",
            "after",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="assistant.answer",
            ),
        ),
        migrations.AddField("answer", "model", models.CharField(blank=True, default="", max_length=100)),
        migrations.AlterField("answer", "model", models.CharField(blank=True, max_length=100)),
        migrations.RunSQL(AFTER, migrations.RunSQL.noop),
        rls.same_tenant("answer", "after_id", "answer", "CASCADE"),
    ]
