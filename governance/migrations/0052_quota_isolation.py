"""Row-level security on limits and on what is taken of them; what was used before is counted once, as this is put in."""

from __future__ import annotations

from django.db import migrations

from governance import rls

ADMIN = "(SELECT chancery.has_role('tenant_admin'))"
OF_MY_KEYS = "key_id = ANY (ARRAY(SELECT k.id FROM api_key k WHERE k.person_id = (SELECT chancery.person())))"
# A limit is a number that says how much. Whoever it holds for is counted against it; one person's is nobody else's to see.
READS_LIMITS = f"person_id IS NULL OR {rls.OWN} OR {ADMIN}"
WRITES_LIMITS = f"{rls.SYSTEM} OR {ADMIN} OR {OF_MY_KEYS}"
# Whoever asks counts themselves, and what they are a part of.
COUNTS = f"kind <> 'person' OR subject = (SELECT chancery.person())::text OR {rls.SYSTEM} OR {ADMIN}"
OPERATES = "(SELECT current_setting('chancery.actor_kind', true) = 'operator')"
PRICES = f"{rls.SYSTEM} OR {ADMIN} OR {OPERATES}"

COUNTED = """
INSERT INTO public.spent (id, created_at, tenant_id, day, kind, subject, tokens, ms, nanos, held_tokens, held_ms, held_nanos)
SELECT gen_random_uuid(), now(), r.tenant_id, r.day, s.kind, s.subject,
       coalesce(sum(r.used), 0), 0, 0, coalesce(sum(r.reserved) FILTER (WHERE r.used IS NULL), 0), 0, 0
FROM public.reservation r CROSS JOIN LATERAL (
    VALUES ('tenant', ''), ('person', r.person_id::text), ('key', r.key::text)
) s(kind, subject)
WHERE s.subject IS NOT NULL AND r.day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date
GROUP BY r.tenant_id, r.day, s.kind, s.subject
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0051_quota_tables")]

    operations = [
        rls.same_tenant("allowance", "group_id", '"group"', "CASCADE"),
        rls.same_tenant("allowance", "person_id", "person", "CASCADE"),
        migrations.RunSQL(
            f"ALTER POLICY reads ON allowance USING ({READS_LIMITS});"
            f"ALTER POLICY inserts ON allowance WITH CHECK ({WRITES_LIMITS});"
            f"ALTER POLICY updates ON allowance USING ({WRITES_LIMITS}) WITH CHECK ({WRITES_LIMITS});"
            f"ALTER POLICY deletes ON allowance USING ({WRITES_LIMITS});",
            migrations.RunSQL.noop,
        ),
        rls.isolate("spent", read=COUNTS, write=COUNTS),
        rls.isolate("price", write=PRICES),
        rls.isolate("quota_alert"),
        migrations.RunSQL(
            f"""
            GRANT INSERT ON spent TO chancery_door;
            CREATE FUNCTION chancery.count_what_was_used() RETURNS void LANGUAGE sql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp AS $door$ {COUNTED} $door$;
            ALTER FUNCTION chancery.count_what_was_used() OWNER TO chancery_door;
            SELECT chancery.count_what_was_used();
            DROP FUNCTION chancery.count_what_was_used();
            REVOKE INSERT ON spent FROM chancery_door;
            """,
            migrations.RunSQL.noop,
        ),
    ]
