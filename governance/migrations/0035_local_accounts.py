"""Local accounts: sessions that are listed, second factors, passkeys. Each person's own; admins see that there are any."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance import rls

OWN_OR_ADMINS = f"({rls.OWN} OR (SELECT chancery.has_role('tenant_admin')))"
TABLES = ("portal_session", "totp_secret", "recovery_code", "passkey")


def own(name: str) -> list[tuple[str, models.Field]]:  # type: ignore[type-arg]
    return [
        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
        ("created_at", models.DateTimeField(auto_now_add=True)),
        (
            "person",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name=name,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        (
            "tenant",
            models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"),
        ),
    ]


def table(name: str, model: str, related: str, fields: list[tuple[str, models.Field]], once: list[str]) -> object:  # type: ignore[type-arg]
    constraint = models.UniqueConstraint(fields=once, name=ONCE[name])
    return migrations.CreateModel(model, own(related) + fields, options={"db_table": name, "constraints": [constraint]})


ONCE = {
    "portal_session": "portal_session_once",
    "totp_secret": "totp_secret_once_a_person",
    "recovery_code": "recovery_code_once",
    "passkey": "passkey_credential_once",
}


class Migration(migrations.Migration):
    dependencies = [("governance", "0034_membership_origins"), ("sessions", "0001_initial")]

    operations = [
        migrations.AddField(
            "tenant", "second_factor_for", models.CharField(max_length=10, default="nobody", db_default="nobody")
        ),
        table(
            "portal_session",
            "PortalSession",
            "portal_sessions",
            [
                ("mark", models.CharField(max_length=32)),
                ("method", models.CharField(max_length=20)),
                ("agent", models.CharField(max_length=300, blank=True)),
                ("address", models.CharField(max_length=45, blank=True)),
                ("seen_at", models.DateTimeField()),
            ],
            ["tenant", "mark"],
        ),
        table(
            "totp_secret",
            "TotpSecret",
            "totp_secrets",
            [
                ("secret", models.BinaryField()),
                ("last_step", models.BigIntegerField()),
                ("used_at", models.DateTimeField(null=True)),
            ],
            ["tenant", "person"],
        ),
        table(
            "recovery_code",
            "RecoveryCode",
            "recovery_codes",
            [("hash", models.CharField(max_length=64)), ("used_at", models.DateTimeField(null=True))],
            ["tenant", "hash"],
        ),
        table(
            "passkey",
            "Passkey",
            "passkeys",
            [
                ("name", models.CharField(max_length=80)),
                ("credential", models.BinaryField()),
                ("public_key", models.BinaryField()),
                ("host", models.CharField(max_length=253)),
                ("signed", models.BigIntegerField(default=0)),
                ("used_at", models.DateTimeField(null=True)),
            ],
            ["tenant", "credential"],
        ),
        *[rls.same_tenant(name, "person_id", "person", "CASCADE") for name in TABLES],
        *[rls.isolate(name, read=OWN_OR_ADMINS, write=OWN_OR_ADMINS) for name in TABLES],
        # A session is found by the hash that the record knows it by: ending one must not read all there are.
        migrations.RunSQL(
            "CREATE INDEX django_session_by_mark ON django_session"
            " (left(encode(sha256(session_key::bytea), 'hex'), 32))",
            "DROP INDEX django_session_by_mark",
        ),
    ]
