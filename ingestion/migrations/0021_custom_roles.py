"""Collections let those through to whom a tenant's own role opens them, as they do admins: their names, not what they hold."""

from __future__ import annotations

from django.db import migrations

SEES = """
ALTER POLICY reads ON collection USING (
    id = ANY (ARRAY(SELECT chancery.collections(1))) OR (SELECT chancery.has_role('tenant_admin'))
    OR (SELECT chancery.opens('collection.see')) OR (SELECT chancery.opens('collection.manage')));
"""
MANAGES = """(
    id = ANY (ARRAY(SELECT chancery.collections(3))) OR (SELECT chancery.has_role('tenant_admin'))
    OR (SELECT chancery.opens('collection.manage')) OR (SELECT chancery.is_system()))"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0020_due_purges"), ("governance", "0039_access_over_time")]

    operations = [
        migrations.RunSQL(
            SEES
            + f"ALTER POLICY inserts ON collection WITH CHECK {MANAGES};"
            + f"ALTER POLICY updates ON collection USING {MANAGES} WITH CHECK {MANAGES};"
            + f"ALTER POLICY deletes ON collection USING {MANAGES};",
            migrations.RunSQL.noop,
        ),
    ]
