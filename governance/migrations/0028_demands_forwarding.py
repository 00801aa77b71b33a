"""A tenant may demand that its record reaches the targets that it is sent to."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

# When the oldest event was recorded that has not arrived at some target which is switched on; null where all have it.
UNSENT_SINCE = """
SELECT min(e.recorded_at)
FROM public.forward_target t
LEFT JOIN public.forward_cursor c ON c.tenant_id = t.tenant_id AND c.target = t.id
JOIN audit.leaf l ON l.tenant_id = t.tenant_id AND l.index = coalesce(c.next_index, 0)
JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
WHERE t.tenant_id = chancery.tenant() AND t.is_enabled
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0027_own_events")]

    operations = [
        migrations.AddField("tenant", "demands_forwarding", models.BooleanField(default=False, db_default=False)),
        rls.door("audit.unsent_since()", UNSENT_SINCE, returns="timestamptz"),
    ]
