"""Used assertions under row-level security: what a sign-in writes down before anybody is known, and nobody else may see."""

from __future__ import annotations

from django.db import migrations

from governance import rls


class Migration(migrations.Migration):
    dependencies = [("governance", "0040_saml_tables")]

    operations = [
        rls.same_tenant("seen_assertion", "provider_id", "identity_provider", "CASCADE"),
        rls.isolate("seen_assertion", read=rls.SYSTEM, write=rls.SYSTEM),
    ]
