"""Row-level security on what service accounts are, and the doors that say through which one somebody comes."""

from __future__ import annotations

from django.db import migrations

from governance import rls

MINE = "= (SELECT chancery.person())"
ADMIN = "(SELECT chancery.has_role('tenant_admin'))"
# A service account makes and ends what it was given in exchange for its key; its owner may end the key itself.
KEYS = (
    f"{rls.OWN} OR {ADMIN} OR service_id {MINE}"
    f" OR person_id = ANY (ARRAY(SELECT s.person_id FROM service_account s WHERE s.owner_id {MINE}))"
)
OF_MY_KEYS = f"key_id = ANY (ARRAY(SELECT k.id FROM api_key k WHERE k.person_id {MINE}))"
BEFORE = f"{rls.OWN} OR {ADMIN}"


def policies(table: str, read: str, write: str) -> str:
    """Those that `rls.isolate` made, with other conditions."""
    return f"""
    ALTER POLICY reads ON {table} USING ({read});
    ALTER POLICY inserts ON {table} WITH CHECK ({write});
    ALTER POLICY updates ON {table} USING ({write}) WITH CHECK ({write});
    ALTER POLICY deletes ON {table} USING ({write});
    """


# What was exchanged lives by its key, by the account that holds it, and by the permission that it was exchanged under.
LIVES = """
k.revoked_at IS NULL AND k.expires_at > now() AND CASE
    WHEN k.parent_id IS NULL THEN p.is_service OR t.allows_personal_keys
    ELSE EXISTS (
        SELECT FROM public.api_key held
        JOIN public.person s ON s.tenant_id = held.tenant_id AND s.id = held.person_id
        JOIN public.service_account a ON a.tenant_id = s.tenant_id AND a.person_id = s.id
        WHERE held.tenant_id = k.tenant_id AND held.id = k.parent_id
          AND held.revoked_at IS NULL AND held.expires_at > now() AND s.is_active
          AND (a.acts_for = 'everybody' OR a.acts_for = 'group' AND EXISTS (
              SELECT FROM public.membership m WHERE m.tenant_id = k.tenant_id
                AND m.group_id = a.acts_for_group_id AND m.person_id = k.person_id)))
END
"""
# What roles of the tenant's own open for a person, as 0039_access_over_time has it.
OPENED = """
FROM public.custom_role_assignment a
JOIN public.custom_role r ON r.tenant_id = a.tenant_id AND r.id = a.role_id
WHERE a.tenant_id = p.tenant_id AND (a.ends_at IS NULL OR a.ends_at > now())
  AND (a.person_id = p.id OR a.group_id IN (SELECT m.group_id FROM public.membership m
                                            WHERE m.tenant_id = p.tenant_id AND m.person_id = p.id))
"""
RESOLVE_PERSON = f"""
SELECT p.tenant_id,
    ARRAY(SELECT r.role::text FROM public.role_assignment r WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id
          AND (r.ends_at IS NULL OR r.ends_at > now())),
    ARRAY(SELECT m.group_id FROM public.membership m WHERE m.tenant_id = p.tenant_id AND m.person_id = p.id),
    k.scopes::text[], coalesce(k.last_used_at < now() - interval '1 minute', true),
    ARRAY(SELECT DISTINCT unnest(r.actions)::text {OPENED}),
    p.is_service, k.service_id, coalesce(k.parent_id, k.id)
FROM public.person p JOIN public.tenant t ON t.id = p.tenant_id
LEFT JOIN public.api_key k ON k.tenant_id = p.tenant_id AND k.person_id = p.id AND k.id = through AND {LIVES}
WHERE p.id = wanted AND p.is_active AND t.switched_off_at IS NULL
"""
RESOLVE_KEY = f"""
SELECT k.tenant_id, k.id, k.person_id, k.scopes::text[],
    (CASE WHEN k.parent_id IS NULL THEN k.allowed ELSE parent.allowed END)::text[],
    CASE WHEN k.parent_id IS NULL THEN k.per_minute ELSE parent.per_minute END
FROM public.api_key k
JOIN public.person p ON p.tenant_id = k.tenant_id AND p.id = k.person_id
JOIN public.tenant t ON t.id = k.tenant_id
LEFT JOIN public.api_key parent ON parent.tenant_id = k.tenant_id AND parent.id = k.parent_id
WHERE k.hash = key_hash AND p.is_active AND t.switched_off_at IS NULL AND {LIVES}
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0042_service_tables")]

    operations = [
        migrations.RunSQL("GRANT SELECT ON service_account TO chancery_door", migrations.RunSQL.noop),
        rls.addressable("api_key"),
        rls.same_tenant("api_key", "parent_id", "api_key", "CASCADE"),
        rls.same_tenant("api_key", "service_id", "person", "CASCADE"),
        rls.same_tenant("service_account", "person_id", "person", "CASCADE"),
        rls.same_tenant("service_account", "owner_id", "person"),
        rls.same_tenant("service_account", "acts_for_group_id", '"group"', "SET NULL (acts_for_group_id)"),
        rls.same_tenant("allowance", "key_id", "api_key", "CASCADE"),
        rls.same_tenant("acting", "person_id", "person", "CASCADE"),
        rls.same_tenant("acting", "service_id", "person", "CASCADE"),
        rls.isolate(
            "service_account",
            read=f"{rls.OWN} OR {ADMIN} OR owner_id {MINE}",
            write=f"{rls.SYSTEM} OR {ADMIN} OR owner_id {MINE}",
        ),
        # A number that says how much, of nobody in particular: whoever acts through the key reads it to be counted.
        rls.isolate("allowance", write=f"{rls.SYSTEM} OR {ADMIN} OR {OF_MY_KEYS}"),
        rls.isolate(
            "acting",
            read=f"{rls.OWN} OR {ADMIN} OR service_id {MINE}",
            write=f"{rls.SYSTEM} OR service_id {MINE}",
        ),
        migrations.RunSQL(policies("api_key", KEYS, KEYS), policies("api_key", BEFORE, BEFORE)),
        migrations.RunSQL("DROP FUNCTION chancery.resolve_person(uuid, uuid)"),
        rls.door(
            "chancery.resolve_person(wanted uuid, through uuid)",
            RESOLVE_PERSON,
            returns="TABLE (tenant_id uuid, roles text[], groups uuid[], key_scopes text[], key_idles boolean,"
            " opened text[], is_service boolean, service uuid, charged uuid)",
        ),
        migrations.RunSQL("DROP FUNCTION chancery.resolve_key(text)"),
        rls.door(
            "chancery.resolve_key(key_hash text)",
            RESOLVE_KEY,
            returns="TABLE (tenant_id uuid, id uuid, person_id uuid, scopes text[], allowed text[], per_minute integer)",
        ),
    ]
