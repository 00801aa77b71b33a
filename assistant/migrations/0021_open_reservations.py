"""What was set aside and is settled by nobody any more: for the sweep, which knows no tenant yet."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# Of an answer that waits or is written, the answer's own lease says who works on it.
DUE = """
SELECT r.tenant_id, r.interaction FROM public.reservation r
WHERE r.used IS NULL AND coalesce(r.lease_until, r.created_at + interval '1 day') < now()
  AND NOT EXISTS (SELECT FROM public.answer a WHERE a.tenant_id = r.tenant_id AND a.id = r.interaction
                  AND a.status IN ('queued', 'running'))
ORDER BY r.created_at LIMIT amount
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0020_support"), ("governance", "0052_quota_isolation")]

    operations = [
        migrations.RunSQL("GRANT SELECT ON reservation TO chancery_door", migrations.RunSQL.noop),
        rls.door("chancery.due_reservations(amount integer)", DUE, returns="TABLE (tenant_id uuid, interaction uuid)"),
    ]
