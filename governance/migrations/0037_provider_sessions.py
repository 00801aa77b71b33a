"""What a provider gives everybody, how strongly it has to know them, and which sessions it may end."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from governance import rls

OWN_OR_ADMINS = f"({rls.OWN} OR (SELECT chancery.has_role('tenant_admin')))"


def key(to: str, name: str) -> models.Field:  # type: ignore[type-arg]
    nothing = django.db.models.deletion.DO_NOTHING
    return models.ForeignKey(db_constraint=False, on_delete=nothing, related_name=name, to=to)


def own() -> list[tuple[str, models.Field]]:  # type: ignore[type-arg]
    nothing = django.db.models.deletion.DO_NOTHING
    return [
        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
        ("created_at", models.DateTimeField(auto_now_add=True)),
        ("tenant", models.ForeignKey(on_delete=nothing, related_name="+", to="governance.tenant")),
    ]


class Migration(migrations.Migration):
    dependencies = [("governance", "0036_watched_events"), ("sessions", "0001_initial")]

    operations = [
        migrations.AddField(
            "identityprovider", "default_role", models.CharField(blank=True, default="", max_length=40)
        ),
        *[
            migrations.AddField(
                "identityprovider", name, ArrayField(models.CharField(max_length=100), default=list, size=None)
            )
            for name in ("demanded_acr", "demanded_amr")
        ],
        migrations.CreateModel(
            "ProviderSession",
            [
                *own(),
                ("subject", models.CharField(max_length=255)),
                ("sid", models.CharField(blank=True, max_length=255)),
                ("mark", models.CharField(max_length=32)),
                ("person", key(settings.AUTH_USER_MODEL, "provider_sessions")),
                ("provider", key("governance.identityprovider", "sessions")),
            ],
            options={
                "db_table": "provider_session",
                "constraints": [models.UniqueConstraint(fields=("tenant", "mark"), name="provider_session_once")],
                "indexes": [models.Index(fields=["tenant", "provider", "subject"], name="provider_session_by_subject")],
            },
        ),
        migrations.CreateModel(
            "SpentLogout",
            [
                *own(),
                ("hash", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField()),
                ("provider", key("governance.identityprovider", "+")),
            ],
            options={
                "db_table": "spent_logout",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "provider", "hash"), name="spent_logout_once")
                ],
            },
        ),
        rls.same_tenant("provider_session", "provider_id", "identity_provider", "CASCADE"),
        rls.same_tenant("provider_session", "person_id", "person", "CASCADE"),
        rls.same_tenant("spent_logout", "provider_id", "identity_provider", "CASCADE"),
        rls.isolate("provider_session", read=OWN_OR_ADMINS, write=OWN_OR_ADMINS),
        rls.isolate("spent_logout", read=rls.SYSTEM, write=rls.SYSTEM),
    ]
