"""Whoever a provider makes may be given a role of the organisation's own. Where the role is deleted, they are given none."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from governance import rls


class Migration(migrations.Migration):
    dependencies = [("governance", "0047_support")]

    operations = [
        migrations.AddField(
            "identityprovider",
            "default_custom_role",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="governance.customrole",
            ),
        ),
        migrations.AddConstraint(
            "identityprovider",
            models.CheckConstraint(
                condition=models.Q(default_role="") | models.Q(default_custom_role__isnull=True),
                name="provider_has_one_default_role",
            ),
        ),
        rls.same_tenant(
            "identity_provider", "default_custom_role_id", "custom_role", "SET NULL (default_custom_role_id)"
        ),
    ]
