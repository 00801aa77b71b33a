"""Where the record is sent to, and how far each target has got: for the tenant's admins and officers, and its own work."""

from __future__ import annotations

from django.db import migrations

from governance import rls

THEIRS = (
    f"({rls.SYSTEM} OR (SELECT chancery.has_role('tenant_admin')) OR (SELECT chancery.has_role('compliance_officer')))"
)

# What is due, of every tenant and of the installation's own log: (tenant, target). A target that has no cursor yet has
# everything before it. `installed` are the installation's targets, which get the record of all.
DUE = """
SELECT every.tenant, every.target FROM (
    SELECT t.tenant_id AS tenant, t.id AS target FROM public.forward_target t WHERE t.is_enabled
    UNION ALL
    SELECT whose.id, one FROM (SELECT id FROM public.tenant
                               UNION ALL SELECT '00000000-0000-0000-0000-000000000000'::uuid) AS whose,
                              unnest(installed) AS one
) AS every LEFT JOIN public.forward_cursor c ON c.tenant_id = every.tenant AND c.target = every.target
WHERE (c.next_try_at IS NULL OR c.next_try_at <= now()) AND (c.lease_until IS NULL OR c.lease_until <= now())
  AND (EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = every.tenant AND l.index >= coalesce(c.next_index, 0))
       OR EXISTS (SELECT FROM audit.checkpoint k WHERE k.tenant_id = every.tenant
                  AND k.number >= coalesce(c.next_head, 1)))
ORDER BY c.sent_at NULLS FIRST LIMIT least(greatest(amount, 1), 1000)
"""

# Numbers alone: what is sealed and has not arrived, and since when the oldest of it waits.
BEHIND = """
SELECT (SELECT coalesce(max(l.index) + 1, 0) FROM audit.leaf l WHERE l.tenant_id = chancery.tenant()),
       (SELECT coalesce(max(k.number), 0) FROM audit.checkpoint k WHERE k.tenant_id = chancery.tenant()),
       (SELECT e.recorded_at FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
        WHERE l.tenant_id = chancery.tenant() AND l.index = its_index)
WHERE chancery.is_system() OR chancery.has_role('tenant_admin') OR chancery.has_role('compliance_officer')
"""

# The same of the whole installation, for operators: no name of a tenant passes.
FIGURES = """
SELECT c.target, count(*), coalesce(sum(greatest(coalesce(s.size, 0) - c.next_index, 0)), 0)::bigint,
       count(*) FILTER (WHERE c.failures > 0), min(c.failing_since), max(c.sent_at)
FROM public.forward_cursor c
LEFT JOIN LATERAL (SELECT max(l.index) + 1 AS size FROM audit.leaf l WHERE l.tenant_id = c.tenant_id) AS s ON true
GROUP BY c.target
"""

TO_THE_DOOR = "GRANT SELECT ON forward_target, forward_cursor TO chancery_door"


class Migration(migrations.Migration):
    dependencies = [("governance", "0013_forward_tables")]

    operations = [
        rls.isolate("forward_target", read=THEIRS, write=THEIRS),
        rls.isolate("forward_cursor", read=THEIRS, write=THEIRS),
        migrations.RunSQL(TO_THE_DOOR, "REVOKE SELECT ON forward_target, forward_cursor FROM chancery_door"),
        rls.door(
            "chancery.due_forwards(installed uuid[], amount integer)",
            DUE,
            returns="TABLE (tenant uuid, target uuid)",
        ),
        rls.door(
            "audit.behind(its_index bigint)",
            BEHIND,
            returns="TABLE (events bigint, heads bigint, since timestamptz)",
        ),
        rls.door(
            "chancery.forward_figures()",
            FIGURES,
            returns="TABLE (target uuid, tenants bigint, behind bigint, failing bigint, failing_since timestamptz,"
            " sent_at timestamptz)",
        ),
    ]
