"""Who somebody is, in one statement: their tenant, roles and groups, and what the key that they came with narrows them to."""

from __future__ import annotations

from django.db import migrations

from governance import rls

RESOLVE = """
SELECT p.tenant_id,
    ARRAY(SELECT r.role::text FROM public.role_assignment r WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id),
    ARRAY(SELECT m.group_id FROM public.membership m WHERE m.tenant_id = p.tenant_id AND m.person_id = p.id),
    k.scopes::text[], coalesce(k.last_used_at < now() - interval '1 minute', true)
FROM public.person p JOIN public.tenant t ON t.id = p.tenant_id
LEFT JOIN public.api_key k ON k.tenant_id = p.tenant_id AND k.person_id = p.id AND k.id = through
    AND k.revoked_at IS NULL AND k.expires_at > now()
WHERE p.id = wanted AND p.is_active AND t.switched_off_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0029_cheaper_appends")]

    operations = [
        rls.door(
            "chancery.resolve_person(wanted uuid, through uuid)",
            RESOLVE,
            returns="TABLE (tenant_id uuid, roles text[], groups uuid[], key_scopes text[], key_idles boolean)",
        ),
        migrations.RunSQL("DROP FUNCTION chancery.resolve_session_person(uuid)"),
    ]
