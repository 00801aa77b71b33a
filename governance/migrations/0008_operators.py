"""Operators sign in, and may switch a tenant off: nobody signs in there then, no session and no key of it goes on."""

from __future__ import annotations

from django.db import migrations, models

RESOLVING = """
CREATE OR REPLACE FUNCTION chancery.tenant_for_login(wanted text) RETURNS TABLE (id uuid, slug text, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
SELECT id, slug::text, name::text FROM public.tenant
WHERE (slug = lower(wanted) OR domain = lower(wanted)){live}
$door$;
CREATE OR REPLACE FUNCTION chancery.resolve_session_person(wanted uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
SELECT p.tenant_id FROM public.person p JOIN public.tenant t ON t.id = p.tenant_id
WHERE p.id = wanted AND p.is_active{live}
$door$;
CREATE OR REPLACE FUNCTION chancery.resolve_key(key_hash text)
    RETURNS TABLE (tenant_id uuid, id uuid, person_id uuid, scopes text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
SELECT k.tenant_id, k.id, k.person_id, k.scopes::text[] FROM public.api_key k
JOIN public.person p ON p.tenant_id = k.tenant_id AND p.id = k.person_id
JOIN public.tenant t ON t.id = k.tenant_id
WHERE k.hash = key_hash AND k.revoked_at IS NULL AND k.expires_at > now() AND p.is_active{live}
$door$;
"""
LIVE = " AND switched_off_at IS NULL"


class Migration(migrations.Migration):
    dependencies = [("governance", "0007_record_room")]

    operations = [
        migrations.AddField("operator", "password", models.CharField(max_length=128, default="")),
        migrations.AddField("operator", "is_active", models.BooleanField(default=True)),
        migrations.AddField("tenant", "switched_off_at", models.DateTimeField(null=True)),
        migrations.RunSQL(RESOLVING.format(live=LIVE), RESOLVING.format(live="")),
    ]
