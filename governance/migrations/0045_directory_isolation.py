"""A directory that speaks SCIM, as Postgres sees it: it says who is here, ends their keys, and gives no right."""

from __future__ import annotations

from django.db import migrations

from governance import rls

IS_DIRECTORY = """
CREATE FUNCTION chancery.is_directory() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT coalesce(current_setting('chancery.actor_kind', true) = 'directory', false)
          AND nullif(current_setting('chancery.tenant', true), '') IS NOT NULL $$;
"""
ADMINS = f"({rls.SYSTEM} OR (SELECT chancery.has_role('tenant_admin')))"


def its_own(column: str) -> str:
    """The actor of a directory's transaction is the directory."""
    return f"((SELECT chancery.is_directory()) AND {column} = (SELECT chancery.person()))"


# Who is switched off loses their keys and links in the same transaction, and a group that a provider's list names is not
# deleted. Beside the policies that are there, which hold for all others.
ENDS = """
CREATE POLICY directory_reads ON api_key FOR SELECT USING ((SELECT chancery.is_directory()));
CREATE POLICY directory_ends ON api_key FOR UPDATE
    USING ((SELECT chancery.is_directory())) WITH CHECK ((SELECT chancery.is_directory()) AND revoked_at IS NOT NULL);
CREATE POLICY directory_reads ON invitation FOR SELECT USING ((SELECT chancery.is_directory()));
CREATE POLICY directory_ends ON invitation FOR DELETE USING ((SELECT chancery.is_directory()));
CREATE POLICY directory_reads ON provider_group FOR SELECT USING ((SELECT chancery.is_directory()));
"""
ENDS_NOT = """
DROP POLICY directory_reads ON api_key; DROP POLICY directory_ends ON api_key;
DROP POLICY directory_reads ON provider_group;
DROP POLICY directory_reads ON invitation; DROP POLICY directory_ends ON invitation;
"""
# A role or a grant is never a directory's to give or to take.
NO_RIGHTS = "".join(
    f"""
ALTER POLICY inserts ON {table} WITH CHECK (NOT (SELECT chancery.is_directory()));
ALTER POLICY updates ON {table} USING (NOT (SELECT chancery.is_directory())) WITH CHECK (NOT (SELECT chancery.is_directory()));
ALTER POLICY deletes ON {table} USING (NOT (SELECT chancery.is_directory()));
"""
    for table in ("role_assignment", '"grant"')
)
RIGHTS = "".join(
    f"ALTER POLICY inserts ON {table} WITH CHECK (true); ALTER POLICY deletes ON {table} USING (true);"
    f"ALTER POLICY updates ON {table} USING (true) WITH CHECK (true);"
    for table in ("role_assignment", '"grant"')
)
RESOLVE = """
SELECT d.tenant_id, d.directory_id, d.id, coalesce(d.last_used_at < now() - interval '1 minute', true)
FROM public.directory_token d JOIN public.tenant t ON t.id = d.tenant_id
WHERE d.hash = token_hash AND d.revoked_at IS NULL AND d.expires_at > now() AND t.switched_off_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0044_directory_tables")]

    operations = [
        migrations.RunSQL(IS_DIRECTORY, "DROP FUNCTION chancery.is_directory()"),
        rls.addressable("directory"),
        rls.same_tenant("directory_token", "directory_id", "directory", "CASCADE"),
        rls.same_tenant("directory_entry", "directory_id", "directory", "CASCADE"),
        rls.same_tenant("directory_fault", "directory_id", "directory", "CASCADE"),
        rls.same_tenant("directory_entry", "person_id", "person", "CASCADE"),
        rls.same_tenant("directory_entry", "group_id", '"group"', "CASCADE"),
        rls.isolate("directory", read=f"({ADMINS} OR {its_own('id')})", write=ADMINS),
        rls.isolate(
            "directory_token",
            read=f"({ADMINS} OR {its_own('directory_id')})",
            write=f"({ADMINS} OR {its_own('directory_id')})",
        ),
        rls.isolate(
            "directory_entry",
            read=f"({ADMINS} OR {its_own('directory_id')})",
            write=f"({ADMINS} OR {its_own('directory_id')})",
        ),
        rls.isolate(
            "directory_fault",
            read=f"({ADMINS} OR {its_own('directory_id')})",
            write=f"({ADMINS} OR {its_own('directory_id')})",
        ),
        # A token makes no token: only the time of its last use is the directory's to write.
        migrations.RunSQL(
            "ALTER POLICY inserts ON directory_token WITH CHECK (" + ADMINS + ");"
            "ALTER POLICY deletes ON directory_token USING (" + ADMINS + ");",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(ENDS, ENDS_NOT),
        migrations.RunSQL(NO_RIGHTS, RIGHTS),
        migrations.RunSQL(
            "GRANT SELECT ON directory_token TO chancery_door", "REVOKE SELECT ON directory_token FROM chancery_door"
        ),
        rls.door(
            "chancery.resolve_directory_token(token_hash text)",
            RESOLVE,
            returns="TABLE (tenant_id uuid, directory_id uuid, id uuid, idles boolean)",
        ),
    ]
