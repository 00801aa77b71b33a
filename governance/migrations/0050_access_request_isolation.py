"""Row-level security of what may be asked for and what was asked, and who decides it: worked out here and nowhere else."""

from __future__ import annotations

from django.db import migrations

from governance import rls

MANAGED = (
    f"({rls.readable('resource_id', 3)} OR (SELECT chancery.has_role('tenant_admin'))"
    f" OR (SELECT chancery.opens('collection.manage')) OR {rls.SYSTEM})"
)
SHOWN = """(cardinality(groups) = 0 OR groups && ARRAY(
    SELECT m.group_id FROM membership m WHERE m.person_id = (SELECT chancery.person())))"""

# The open requests that somebody decides: those of the collections they manage by a grant, or of those whose deciders are a
# group of theirs; where fewer people than it takes would do, admins as well. Not one's own, and none that one approved.
DECIDABLE = """
WITH me AS (
    SELECT p.id, p.tenant_id FROM public.person p JOIN public.tenant t ON t.id = p.tenant_id
    WHERE p.id = who AND p.is_active AND NOT p.is_service AND t.switched_off_at IS NULL
), waits AS (
    SELECT q.id, q.tenant_id, q.resource_id, q.person_id, o.approvals, o.approvers_id
    FROM me
    JOIN public.access_request q ON q.tenant_id = me.tenant_id AND q.status = 'open' AND q.lapses_at > now()
        AND q.person_id <> me.id AND NOT me.id = ANY (q.deciders)
    JOIN public.resource r ON r.tenant_id = q.tenant_id AND r.id = q.resource_id AND r.retired_at IS NULL
    JOIN public.access_offer o ON o.tenant_id = q.tenant_id AND o.resource_id = q.resource_id
), named AS (
    SELECT w.id, w.tenant_id, w.resource_id, w.person_id AS asked_by, w.approvers_id, m.person_id
    FROM waits w JOIN public.membership m ON m.tenant_id = w.tenant_id AND m.group_id = w.approvers_id
    UNION
    SELECT w.id, w.tenant_id, w.resource_id, w.person_id, w.approvers_id, coalesce(g.person_id, m.person_id)
    FROM waits w
    JOIN public."grant" g ON g.tenant_id = w.tenant_id AND g.resource_id = w.resource_id AND NOT g.denies AND g.level >= 3
        AND (g.ends_at IS NULL OR g.ends_at > now())
    LEFT JOIN public.membership m ON m.tenant_id = g.tenant_id AND m.group_id = g.group_id
    WHERE w.approvers_id IS NULL
), able AS (
    SELECT DISTINCT n.id, n.person_id FROM named n
    JOIN public.person p ON p.tenant_id = n.tenant_id AND p.id = n.person_id AND p.is_active AND NOT p.is_service
    WHERE n.person_id <> n.asked_by AND (n.approvers_id IS NOT NULL OR NOT EXISTS (
        SELECT FROM public."grant" d
        WHERE d.tenant_id = n.tenant_id AND d.resource_id = n.resource_id AND d.denies
          AND (d.ends_at IS NULL OR d.ends_at > now())
          AND (d.person_id = n.person_id OR d.group_id IN (
              SELECT m.group_id FROM public.membership m WHERE m.tenant_id = n.tenant_id AND m.person_id = n.person_id))))
)
SELECT w.id FROM waits w
WHERE EXISTS (SELECT FROM able a WHERE a.id = w.id AND a.person_id = who)
   OR ((SELECT count(*) FROM able a WHERE a.id = w.id) < w.approvals
       AND EXISTS (SELECT FROM public.role_assignment r
                   WHERE r.tenant_id = w.tenant_id AND r.person_id = who AND r.role = 'tenant_admin'
                     AND (r.ends_at IS NULL OR r.ends_at > now())))
"""

# What a page's head says of it, in one statement: how many wait for them, and whether there is anything at all.
ASKING = """
WITH me AS (SELECT p.id, p.tenant_id FROM public.person p WHERE p.id = who AND p.is_active AND NOT p.is_service),
counted AS (SELECT count(*)::integer AS waits FROM chancery.decidable(who))
SELECT c.waits, c.waits > 0
    OR EXISTS (SELECT FROM public.access_request q JOIN me ON q.tenant_id = me.tenant_id AND q.person_id = me.id)
    OR EXISTS (SELECT FROM public.access_offer o JOIN me ON o.tenant_id = me.tenant_id
               JOIN public.resource r ON r.tenant_id = o.tenant_id AND r.id = o.resource_id AND r.retired_at IS NULL
               WHERE cardinality(o.groups) = 0 OR o.groups && ARRAY(
                   SELECT m.group_id FROM public.membership m
                   WHERE m.tenant_id = me.tenant_id AND m.person_id = me.id))
FROM counted c
"""

THEIRS = (
    "(person_id = (SELECT chancery.person()) OR (SELECT chancery.person()) = ANY (deciders)"
    f" OR id IN (SELECT chancery.decidable((SELECT chancery.person()))) OR {MANAGED})"
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0049_access_request_tables")]

    operations = [
        rls.same_tenant("access_offer", "resource_id", "resource", "CASCADE"),
        rls.same_tenant("access_offer", "approvers_id", '"group"', "SET NULL (approvers_id)"),
        rls.same_tenant("access_request", "resource_id", "resource", "CASCADE"),
        rls.same_tenant("access_request", "person_id", "person", "CASCADE"),
        migrations.RunSQL(
            "GRANT SELECT ON access_offer, access_request TO chancery_door",
            "REVOKE SELECT ON access_offer, access_request FROM chancery_door",
        ),
        rls.door("chancery.decidable(who uuid)", DECIDABLE, returns="SETOF uuid"),
        rls.door("chancery.asking(who uuid)", ASKING, returns="TABLE (awaiting integer, is_any boolean)"),
        rls.door(
            "chancery.due_requests()",
            "SELECT DISTINCT tenant_id FROM public.access_request WHERE status = 'open' AND lapses_at <= now()",
            returns="SETOF uuid",
        ),
        rls.isolate("access_offer", read=f"({SHOWN} OR {MANAGED})", write=MANAGED),
        rls.isolate("access_request", read=THEIRS, write=THEIRS),
    ]
