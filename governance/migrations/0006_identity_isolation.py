"""Identity providers and identities under row-level security; allauth's tables out of anybody's reach."""

from __future__ import annotations

from django.db import migrations

from governance import rls

ADMINS = f"({rls.SYSTEM} OR (SELECT chancery.has_role('tenant_admin')))"

# django-allauth's tables stay empty: its migrations make them, and its code is never asked for a row. Their keys to
# `person` could cross tenants, and nobody may write them.
ALLAUTH = (
    "account_emailaddress",
    "account_emailconfirmation",
    "socialaccount_socialaccount",
    "socialaccount_socialapp",
    "socialaccount_socialtoken",
)
EMPTY = """
DO $$
DECLARE key record;
BEGIN
    FOR key IN
        SELECT conrelid::regclass AS source, conname FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'public.person'::regclass
          AND conrelid::regclass::text = ANY (ARRAY['account_emailaddress', 'socialaccount_socialaccount'])
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.source, key.conname);
    END LOOP;
END
$$;
""" + "".join(
    f"REVOKE ALL ON {table} FROM PUBLIC, chancery_app; GRANT SELECT ON {table} TO chancery_app;" for table in ALLAUTH
)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0005_identity_tables"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        rls.addressable("identity_provider"),
        rls.same_tenant("provider_group", "provider_id", "identity_provider", "CASCADE"),
        rls.same_tenant("provider_group", "group_id", '"group"', "CASCADE"),
        rls.same_tenant("identity", "person_id", "person", "CASCADE"),
        rls.isolate("identity_provider", read=ADMINS, write=ADMINS),
        rls.isolate("provider_group", read=ADMINS, write=ADMINS),
        rls.isolate("identity", read=f"({rls.OWN} OR {ADMINS})", write=ADMINS),
        migrations.RunSQL(EMPTY, migrations.RunSQL.noop),
    ]
