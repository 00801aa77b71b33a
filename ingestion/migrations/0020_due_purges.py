"""The door for tenants in which something deleted waits to go: the purge looks there, and not into all of them."""

from __future__ import annotations

from django.db import migrations

from governance import rls

DUE = """
SELECT c.tenant_id FROM public.collection c WHERE c.deleted_at IS NOT NULL OR c.purged_at IS NOT NULL
UNION SELECT f.tenant_id FROM public.discarded f
UNION SELECT d.tenant_id FROM public.document d JOIN public.tenant t ON t.id = d.tenant_id
WHERE d.deleted_at <= now() - make_interval(days => t.bin_days)
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0019_one_partition"), ("governance", "0031_bin_days")]

    operations = [
        migrations.RunSQL("GRANT SELECT ON collection, document, discarded TO chancery_door", migrations.RunSQL.noop),
        rls.door("chancery.due_purges()", DUE, returns="SETOF uuid"),
    ]
