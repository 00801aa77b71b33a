"""A conversation is its person's alone: neither a colleague nor an admin reads it from these tables."""

from __future__ import annotations

from django.db import migrations

from governance import rls

DUE = """
SELECT a.tenant_id, a.id FROM public.answer a
WHERE (a.status = 'queued' AND a.created_at < now() - interval '3 seconds'
       AND (a.lease_until IS NULL OR a.lease_until < now()))
   OR (a.status = 'running' AND a.lease_until < now())
ORDER BY a.created_at LIMIT amount
"""

# How much the tenant and the person have open: admission must count what row-level security hides from the person.
OPEN = """
SELECT count(*) FILTER (WHERE a.status = 'queued'), count(*) FILTER (WHERE a.status = 'running'),
       count(*) FILTER (WHERE a.person_id = chancery.person())
FROM public.answer a WHERE a.tenant_id = chancery.tenant() AND a.status IN ('queued', 'running')
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0001_tables"), ("governance", "0003_record")]

    operations = [
        migrations.RunSQL("GRANT SELECT ON answer TO chancery_door", "REVOKE SELECT ON answer FROM chancery_door"),
        *[rls.addressable(table) for table in ("conversation", "answer")],
        rls.same_tenant("conversation", "person_id", "person"),
        rls.same_tenant("answer", "person_id", "person"),
        rls.same_tenant("answer", "conversation_id", "conversation", "CASCADE"),
        rls.same_tenant("segment", "answer_id", "answer", "CASCADE"),
        rls.same_tenant("segment", "person_id", "person"),
        *[rls.isolate(table, read=rls.OWN, write=rls.OWN) for table in ("conversation", "answer", "segment")],
        rls.door("chancery.open_answers()", OPEN, returns="TABLE (waiting bigint, running bigint, mine bigint)"),
        rls.door("chancery.due_answers(amount integer)", DUE, returns="TABLE (tenant_id uuid, id uuid)"),
    ]
