"""Links for setting a password: admins make them, and nobody else of the tenant sees that there are any."""

from __future__ import annotations

from django.db import migrations

from governance import rls

ADMINS = f"((SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"


class Migration(migrations.Migration):
    dependencies = [("governance", "0009_invitation_tables")]

    operations = [
        rls.same_tenant("invitation", "person_id", "person", "CASCADE"),
        rls.isolate("invitation", read=ADMINS, write=ADMINS),
    ]
