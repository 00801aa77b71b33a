"""Every verdict is a row of the ledger: with its event, its person, its place and the policy that was in force.

A text that passed has a row too, without a rule. What is written stays as it is: nobody changes a row, and only the tenant's
own background work takes one away. Compliance officers read it, as they read the record.
"""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

READ = f"{rls.SYSTEM} OR (SELECT chancery.has_role('compliance_officer'))"
CLOSE = f"""
ALTER POLICY reads ON policy_decision USING ({READ});
ALTER POLICY updates ON policy_decision USING (false) WITH CHECK (false);
ALTER POLICY deletes ON policy_decision USING ({rls.SYSTEM});
"""
OPEN = """
ALTER POLICY reads ON policy_decision USING (true);
ALTER POLICY updates ON policy_decision USING (true) WITH CHECK (true);
ALTER POLICY deletes ON policy_decision USING (true);
"""
# Rewriting a column asks no row-level policy, so that the rows of every tenant keep what they said.
NAME_ERRORS = """
ALTER TABLE policy_decision RENAME COLUMN is_error TO error;
ALTER TABLE policy_decision ALTER COLUMN error TYPE varchar(200)
    USING CASE WHEN error THEN 'the detector failed' ELSE '' END;
"""
UNNAME_ERRORS = """
ALTER TABLE policy_decision ALTER COLUMN error TYPE boolean USING error <> '';
ALTER TABLE policy_decision RENAME COLUMN error TO is_error;
"""
NAME = "policydecision"


class Migration(migrations.Migration):
    dependencies = [("governance", "0023_pages_of_the_record")]

    operations = [
        migrations.AddField(NAME, "event", models.UUIDField(null=True)),
        migrations.AddField(NAME, "person", models.UUIDField(null=True)),
        migrations.AddField(NAME, "collection", models.UUIDField(null=True)),
        migrations.AddField(NAME, "part", models.CharField(max_length=40, default="")),
        migrations.RunSQL(
            NAME_ERRORS,
            UNNAME_ERRORS,
            state_operations=[
                migrations.RemoveField(NAME, "is_error"),
                migrations.AddField(NAME, "error", models.CharField(max_length=200, default="")),
            ],
        ),
        migrations.AddIndex(
            NAME, models.Index(fields=["tenant", "-created_at", "-id"], name="policy_decision_by_time")
        ),
        migrations.AddIndex(
            NAME, models.Index(fields=["tenant", "action", "-created_at"], name="policy_decision_by_action")
        ),
        migrations.AddIndex(
            NAME, models.Index(fields=["tenant", "rule", "-created_at"], name="policy_decision_by_rule")
        ),
        migrations.AddIndex(
            NAME, models.Index(fields=["tenant", "person", "-created_at"], name="policy_decision_by_person")
        ),
        migrations.RunSQL(CLOSE, OPEN),
    ]
