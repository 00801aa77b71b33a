"""Openings and cases are the officers' own. Postgres holds that nobody approves what they asked for, nor in another's name."""

from __future__ import annotations

from django.db import migrations

from governance import rls

OFFICERS = f"((SELECT chancery.has_role('compliance_officer')) OR {rls.SYSTEM})"
ME = "(SELECT chancery.person())"

TWO = f"""
DROP POLICY inserts ON record_opening;
DROP POLICY updates ON record_opening;
DROP POLICY deletes ON record_opening;
CREATE POLICY inserts ON record_opening FOR INSERT
    WITH CHECK ({OFFICERS} AND asked_by = {ME} AND status = 'waiting');
CREATE POLICY updates ON record_opening FOR UPDATE
    USING ({OFFICERS} AND asked_by <> {ME} AND status = 'waiting') WITH CHECK (decided_by = {ME});
CREATE POLICY deletes ON record_opening FOR DELETE USING ({rls.SYSTEM});
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0021_officers_tables")]

    operations = [
        *(
            rls.isolate(table, read=OFFICERS, write=OFFICERS)
            for table in ("record_opening", "record_case", "record_case_item")
        ),
        migrations.RunSQL(TWO, migrations.RunSQL.noop),
        rls.addressable("record_case"),
        rls.same_tenant("record_case_item", "case_id", "record_case", "CASCADE"),
    ]
